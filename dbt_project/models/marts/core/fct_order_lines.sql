-- A view: promotion writes its rows once, the build need not write them twice.
{{ config(materialized='view') }}

with

order_lines as (
    select * from {{ ref('int_order_lines__converted') }}
)

select
    order_line_key,
    order_key,
    product_key,
    customer_key,
    source,
    line_number,
    product_id,
    line_type,
    order_date,
    is_completed,
    quantity,
    gross_amount,
    discount_amount,
    tax_amount,
    '{{ var("reporting_currency") }}' as currency
from order_lines
