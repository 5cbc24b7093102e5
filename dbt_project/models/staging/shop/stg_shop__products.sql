with

source as (
    select * from {{ source('shop', 'products') }}
),

ranked as (
    select
        *,
        row_number() over (
            partition by _source, product_id
            order by _loaded_at desc, _load_id desc, _row desc
        ) as recency
    from source
)

select
    {{ surrogate_key(['_source', 'product_id']) }} as product_key,
    _source as source,
    product_id,
    name,
    category,
    department,
    brand,
    unit_price,
    unit_cost
from ranked
where recency = 1
