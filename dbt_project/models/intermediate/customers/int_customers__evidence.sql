-- Who was seen with which identifier, whatever it says; int_customers__links judges it.
with

records as (
    select * from {{ ref('int_customers__records') }}
),

email_events as (
    select * from {{ ref('stg_email__events') }}
),

consents as (
    select * from {{ ref('stg_email__consents') }}
),

sessions as (
    select * from {{ ref('stg_web__sessions') }}
),

accounts as (
    select identity_key as account_key
    from records
    where identity_type = 'account'
),

-- An address that only the e-mail tool knows links nobody: nothing tells whether it is one of the blocked ones.
addresses as (
    select distinct email_key
    from records
    where email_key is not null
),

tool_rows as (
    select source, account_key, email_key, profile_key, event_at as seen_at from email_events
    union all
    select source, account_key, email_key, profile_key, changed_at as seen_at from consents
),

tool_groups as (
    select
        source,
        account_key,
        email_key,
        profile_key,
        min(seen_at) as first_seen_at,
        max(seen_at) as last_seen_at
    from tool_rows
    group by source, account_key, email_key, profile_key
),

tool_records as (
    select
        tool_groups.source,
        accounts.account_key,
        addresses.email_key,
        tool_groups.profile_key,
        tool_groups.first_seen_at,
        tool_groups.last_seen_at
    from tool_groups
    left join accounts on tool_groups.account_key = accounts.account_key
    left join addresses on tool_groups.email_key = addresses.email_key
),

logins as (
    select
        sessions.source,
        sessions.account_key,
        sessions.visitor_key,
        min(sessions.started_at) as first_seen_at,
        max(sessions.started_at) as last_seen_at
    from sessions
    inner join accounts on sessions.account_key = accounts.account_key
    group by sessions.source, sessions.account_key, sessions.visitor_key
),

{% set seen = 'first_seen_at, last_seen_at' -%}
sightings as (
    select
        identity_type, identity_key, 'email' as identifier_type, email_key as identifier_key,
        source, email_rule as attached_by, {{ seen }}
    from records
    union all
    select identity_type, identity_key, 'phone', phone_key, source, 'shop_account', {{ seen }} from records
    union all
    select identity_type, identity_key, 'loyalty', loyalty_key, source, 'shop_account', {{ seen }} from records
    union all
    select 'account', account_key, 'email', email_key, source, 'email_tool', {{ seen }} from tool_records
    union all
    select 'account', account_key, 'profile', profile_key, source, 'email_tool', {{ seen }} from tool_records
    union all
    select 'profile', profile_key, 'email', email_key, source, 'email_tool', {{ seen }} from tool_records
    union all
    select 'account', account_key, 'visitor', visitor_key, source, 'web_login', {{ seen }} from logins
)

select
    identity_type,
    identity_key,
    identifier_type,
    identifier_key,
    source,
    attached_by,
    min(first_seen_at) as first_seen_at,
    max(last_seen_at) as last_seen_at
from sightings
where identity_key is not null and identifier_key is not null
group by identity_type, identity_key, identifier_type, identifier_key, source, attached_by
