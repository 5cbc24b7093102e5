with

source as (
    select * from {{ source('feedback', 'usage_readings') }}
    where read_at < {{ as_of() }}
),

ranked as (
    select
        *,
        row_number() over (
            partition by _source, reading_id
            order by _loaded_at desc, _load_id desc, _row desc
        ) as recency
    from source
)

select
    {{ surrogate_key(['_source', 'reading_id']) }} as reading_key,
    {{ surrogate_key(['_source', 'customer_id']) }} as account_key,
    {{ surrogate_key(['_source', 'product_id']) }} as product_key,
    _source as source,
    read_at,
    usage
from ranked
where recency = 1
