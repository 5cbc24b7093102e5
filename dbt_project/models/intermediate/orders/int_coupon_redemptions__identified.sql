with

redemptions as (
    select * from {{ ref('stg_shop__coupon_redemptions') }}
),

customer_keys as (
    select * from {{ ref('int_customers__keys') }}
)

select
    redemptions.redemption_key,
    redemptions.source,
    customer_keys.customer_key,
    redemptions.order_key,
    redemptions.campaign_id,
    redemptions.coupon_code,
    redemptions.redeemed_at
from redemptions
left join customer_keys
    on redemptions.account_key = customer_keys.lookup_key and customer_keys.lookup_type = 'account'
