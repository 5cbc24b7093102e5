with

source as (
    select * from {{ source('feedback', 'reviews') }}
    where reviewed_at < {{ as_of() }}
),

ranked as (
    select
        *,
        row_number() over (
            partition by _source, review_id
            order by _loaded_at desc, _load_id desc, _row desc
        ) as recency
    from source
)

select
    {{ surrogate_key(['_source', 'review_id']) }} as review_key,
    {{ surrogate_key(['_source', 'customer_id']) }} as account_key,
    {{ surrogate_key(['_source', 'product_id']) }} as product_key,
    _source as source,
    rating,
    reviewed_at
from ranked
where recency = 1
