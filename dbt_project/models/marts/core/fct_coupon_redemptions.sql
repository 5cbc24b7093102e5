with

redemptions as (
    select * from {{ ref('int_coupon_redemptions__identified') }}
)

select
    redemption_key,
    customer_key,
    order_key,
    source,
    campaign_id,
    coupon_code,
    redeemed_at
from redemptions
