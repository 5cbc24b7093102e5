with

{{ latest_records(
    source('shop', 'coupon_redemptions'), ['redemption_id'], where='redeemed_at < ' ~ as_of(), whole=true
) }}

select
    {{ surrogate_key(['_source', 'redemption_id']) }} as redemption_key,
    {{ surrogate_key(['_source', 'order_id']) }} as order_key,
    {{ surrogate_key(['_source', 'customer_id']) }} as account_key,
    _source as source,
    campaign_id,
    coupon_code,
    redeemed_at
from latest
