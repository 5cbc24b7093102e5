with

{{ latest_records(source('shop', 'order_lines'), ['order_id', 'line_number'], whole=true) }}

select
    {{ surrogate_key(['_source', 'order_id', 'line_number']) }} as order_line_key,
    {{ surrogate_key(['_source', 'order_id']) }} as order_key,
    {{ surrogate_key(['_source', 'product_id']) }} as product_key,
    _source as source,
    line_number,
    product_id,
    coalesce(line_type, 'product') as line_type,
    quantity,
    unit_price,
    cast(coalesce(gross_amount, quantity * unit_price, 0) as decimal(18, 4)) as gross_amount,
    coalesce(discount_amount, 0) as discount_amount,
    coalesce(tax_amount, 0) as tax_amount
from latest
