with

subscriptions as (
    select * from {{ ref('stg_shop__subscriptions') }}
),

customer_keys as (
    select * from {{ ref('int_customers__keys') }}
)

select
    subscriptions.subscription_key,
    subscriptions.source,
    customer_keys.customer_key,
    subscriptions.product_key,
    subscriptions.is_trial,
    subscriptions.started_at,
    subscriptions.renews_at,
    subscriptions.ended_at
from subscriptions
left join customer_keys
    on subscriptions.account_key = customer_keys.lookup_key and customer_keys.lookup_type = 'account'
