with

source as (
    select * from {{ source('shop', 'subscriptions') }}
    where started_at < {{ as_of() }}
),

ranked as (
    select
        *,
        row_number() over (
            partition by _source, subscription_id
            order by _loaded_at desc, _load_id desc, _row desc
        ) as recency
    from source
)

select
    {{ surrogate_key(['_source', 'subscription_id']) }} as subscription_key,
    {{ surrogate_key(['_source', 'customer_id']) }} as account_key,
    {{ surrogate_key(['_source', 'product_id']) }} as product_key,
    _source as source,
    is_trial,
    status,
    started_at,
    renews_at,
    ended_at
from ranked
where recency = 1
