with

events as (
    select * from {{ ref('stg_email__events') }}
),

campaigns as (
    select * from {{ ref('stg_email__campaigns') }}
),

customer_keys as (
    select * from {{ ref('int_customers__keys') }}
)

select
    events.email_event_key,
    events.source,
    coalesce(accounts.customer_key, emails.customer_key) as customer_key,
    events.campaign_id,
    campaigns.campaign_name,
    campaigns.campaign_type,
    events.event_type,
    events.event_at,
    events.event_date
from events
left join campaigns on events.campaign_key = campaigns.campaign_key
left join customer_keys as accounts
    on events.account_key = accounts.lookup_key and accounts.lookup_type = 'account'
left join customer_keys as emails
    on events.email_key = emails.lookup_key and emails.lookup_type = 'email'
