with

order_lines as (
    select * from {{ ref('stg_shop__order_lines') }}
),

-- An order has several lines: its rate and its customer are looked up once.
orders as (
    select * from {{ ref('int_orders__identified') }}
),

products as (
    select * from {{ ref('stg_shop__products') }}
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
    orders.order_date,
    orders.is_completed,
    order_lines.quantity,
    order_lines.gross_amount as source_gross_amount,
    order_lines.discount_amount as source_discount_amount,
    order_lines.tax_amount as source_tax_amount,
    {{ in_reporting_currency('order_lines.gross_amount', rates='orders') }} as gross_amount,
    {{ in_reporting_currency('order_lines.discount_amount', rates='orders') }} as discount_amount,
    {{ in_reporting_currency('order_lines.tax_amount', rates='orders') }} as tax_amount,
    case
        when order_lines.line_type = 'product'
            then cast(order_lines.quantity * products.unit_cost as decimal(18, 4))
        else 0
    end as goods_cost
from order_lines
inner join orders on order_lines.order_key = orders.order_key
left join products on order_lines.product_key = products.product_key
