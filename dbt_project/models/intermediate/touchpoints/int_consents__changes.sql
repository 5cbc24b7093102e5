-- Every change of what a customer may be sent: consents as recorded, and what unsubscribing or a spam report says.
with

consents as (
    select * from {{ ref('stg_email__consents') }}
),

email_events as (
    select * from {{ ref('int_email_events__identified') }}
),

customer_keys as (
    select * from {{ ref('int_customers__keys') }}
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
)

select * from recorded
where customer_key is not null
union all
select * from implied
where customer_key is not null
