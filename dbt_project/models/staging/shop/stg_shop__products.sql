with

{{ latest_records(source('shop', 'products'), ['product_id']) }}

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
from latest
