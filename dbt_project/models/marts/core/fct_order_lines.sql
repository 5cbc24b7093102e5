with

order_lines as (
    select * from {{ ref('int_order_lines__converted') }}
),

orders as (
    select * from {{ ref('int_orders__net_of_refunds') }}
)

select
    order_lines.order_line_key,
    order_lines.order_key,
    order_lines.product_key,
    orders.customer_key,
    order_lines.source,
    order_lines.line_number,
    order_lines.product_id,
    order_lines.line_type,
    order_lines.order_date,
    orders.is_completed,
    order_lines.quantity,
    order_lines.gross_amount,
    order_lines.discount_amount,
    order_lines.tax_amount,
    '{{ var("reporting_currency") }}' as currency
from order_lines
inner join orders on order_lines.order_key = orders.order_key
