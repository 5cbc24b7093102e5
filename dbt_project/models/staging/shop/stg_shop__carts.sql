with

source as (
    select * from {{ source('shop', 'carts') }}
    where created_at < {{ as_of() }}
),

ranked as (
    select
        *,
        row_number() over (
            partition by _source, cart_id
            order by _loaded_at desc, _load_id desc, _row desc
        ) as recency
    from source
)

select
    {{ surrogate_key(['_source', 'cart_id']) }} as cart_key,
    {{ surrogate_key(['_source', 'order_id']) }} as order_key,
    {{ surrogate_key(['_source', 'session_id']) }} as session_key,
    {{ surrogate_key(['_source', 'customer_id']) }} as account_key,
    _source as source,
    items_count,
    amount,
    currency,
    created_at,
    checkout_started_at,
    {{ local_date('created_at') }} as cart_date
from ranked
where recency = 1
