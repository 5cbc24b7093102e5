-- Who was seen with which identifier, whatever it says; int_customers__links judges it.
{# relation, type and key of the record, type and key of the identifier, rule #}
{% set pairs = [
    ('records', 'identity_type', 'identity_key', 'email', 'email_key', 'email_rule'),
    ('records', 'identity_type', 'identity_key', 'phone', 'phone_key', "'shop_account'"),
    ('records', 'identity_type', 'identity_key', 'loyalty', 'loyalty_key', "'shop_account'"),
    ('tool_records', "'account'", 'account_key', 'email', 'email_key', "'email_tool'"),
    ('tool_records', "'account'", 'account_key', 'profile', 'profile_key', "'email_tool'"),
    ('tool_records', "'profile'", 'profile_key', 'email', 'email_key', "'email_tool'"),
    ('logins', "'account'", 'account_key', 'visitor', 'visitor_key', "'web_login'"),
] -%}
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
    select
        source,
        account_key,
        email_key,
        profile_key,
        event_at as seen_at
    from email_events
    union all
    select
        source,
        account_key,
        email_key,
        profile_key,
        changed_at as seen_at
    from consents
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

devices as (
    select
        source,
        account_key,
        visitor_key,
        min(started_at) as first_seen_at,
        max(started_at) as last_seen_at
    from sessions
    where account_key is not null
    group by source, account_key, visitor_key
),

logins as (
    select devices.*
    from devices
    inner join accounts on devices.account_key = accounts.account_key
)

{% for relation, identity_type, identity_key, identifier_type, identifier_key, rule in pairs %}
{{ "union all" if not loop.first }}
select
    {{ identity_type }} as identity_type,
    {{ identity_key }} as identity_key,
    '{{ identifier_type }}' as identifier_type,
    {{ identifier_key }} as identifier_key,
    source,
    {{ rule }} as attached_by,
    {% if relation == 'tool_records' %}
    min(first_seen_at) as first_seen_at,
    max(last_seen_at) as last_seen_at
    {% else %}
    first_seen_at,
    last_seen_at
    {% endif %}
from {{ relation }}
where {{ identity_key }} is not null and {{ identifier_key }} is not null
{% if relation == 'tool_records' %}
group by {{ identity_key }}, {{ identifier_key }}, source
{% endif %}
{% endfor %}
