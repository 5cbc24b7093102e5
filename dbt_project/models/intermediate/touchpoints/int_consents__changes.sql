-- Every change of what a customer may be sent: consents as recorded, and what unsubscribing or a spam report says.
with

consents as (
    select * from {{ ref('stg_email__consents') }}
),

email_events as (
    select * from {{ ref('int_email_events__identified') }}
),

sent_events as (
    select * from {{ ref('stg_email__events') }}
),

customer_keys as (
    select * from {{ ref('int_customers__keys') }}
),

identities as (
    select * from {{ ref('int_customers__identities') }}
),

links as (
    select * from {{ ref('int_customers__links') }}
    where identifier_type = 'email'
),

recorded as (
    select
        consents.consent_key as change_key,
        coalesce(accounts.customer_key, emails.customer_key) as customer_key,
        consents.channel,
        consents.status,
        'consent_' || consents.status as reason,
        consents.changed_at
    from consents
    left join customer_keys as accounts
        on consents.account_key = accounts.lookup_key and accounts.lookup_type = 'account'
    left join customer_keys as emails
        on consents.email_key = emails.lookup_key and emails.lookup_type = 'email'
    where consents.purpose = 'marketing'
),

implied as (
    select
        email_event_key as change_key,
        customer_key,
        'email' as channel,
        'withdrawn' as status,
        event_type as reason,
        event_at as changed_at
    from email_events
    where event_type in ('unsubscribed', 'spam_reported')
),

-- An address that many share finds nobody by itself, and whoever withdraws it means all who are written to there.
shared_addresses as (
    select
        links.identifier_key as email_key,
        identities.customer_key
    from links
    inner join identities
        on
            links.identity_type = identities.identity_type
            and links.identity_key = identities.identity_key
    group by links.identifier_key, identities.customer_key
    having count(*) filter (where links.status = 'merges') = 0
),

withdrawals as (
    select
        consent_key as change_key,
        account_key,
        email_key,
        channel,
        'consent_withdrawn' as reason,
        changed_at
    from consents
    where purpose = 'marketing' and status = 'withdrawn'
    union all
    select
        email_event_key as change_key,
        account_key,
        email_key,
        'email' as channel,
        event_type as reason,
        event_at as changed_at
    from sent_events
    where event_type in ('unsubscribed', 'spam_reported')
),

shared as (
    select
        withdrawals.change_key,
        shared_addresses.customer_key,
        withdrawals.channel,
        'withdrawn' as status,
        withdrawals.reason,
        withdrawals.changed_at
    from withdrawals
    inner join shared_addresses on withdrawals.email_key = shared_addresses.email_key
    left join customer_keys
        on withdrawals.account_key = customer_keys.lookup_key and customer_keys.lookup_type = 'account'
    where customer_keys.lookup_key is null
)

select * from recorded
where customer_key is not null
union all
select * from implied
where customer_key is not null
union all
select * from shared
