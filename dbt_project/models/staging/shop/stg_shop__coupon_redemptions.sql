with

source as (
    select * from {{ source('shop', 'coupon_redemptions') }}
    where redeemed_at < {{ as_of() }}
),

ranked as (
    select
        *,
        row_number() over (
            partition by _source, redemption_id
            order by _loaded_at desc, _load_id desc, _row desc
        ) as recency
    from source
)

select
    {{ surrogate_key(['_source', 'redemption_id']) }} as redemption_key,
    {{ surrogate_key(['_source', 'order_id']) }} as order_key,
    {{ surrogate_key(['_source', 'customer_id']) }} as account_key,
    _source as source,
    campaign_id,
    coupon_code,
    redeemed_at
from ranked
where recency = 1
