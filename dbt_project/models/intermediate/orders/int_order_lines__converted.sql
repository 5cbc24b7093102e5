with

order_lines as (
    select * from {{ ref('stg_shop__order_lines') }}
),

orders as (
    select * from {{ ref('stg_shop__orders') }}
),

products as (
    select * from {{ ref('stg_shop__products') }}
),

rates as (
    select * from {{ ref('int_fx__rates') }}
),

-- An order has several lines: its rate is looked up once.
rated_orders as (
    select
        orders.order_key,
        orders.order_date,
        rates.rate,
        rates.is_reporting_currency
    from orders
    inner join rates
        on
            orders.currency = rates.currency
            and orders.order_date >= rates.valid_from
            and orders.order_date < rates.valid_to
)

select
    order_lines.order_line_key,
    order_lines.order_key,
    order_lines.product_key,
    order_lines.source,
    order_lines.line_number,
    order_lines.product_id,
    order_lines.line_type,
    order_lines.quantity,
    rates.order_date,
    order_lines.gross_amount as source_gross_amount,
    order_lines.discount_amount as source_discount_amount,
    order_lines.tax_amount as source_tax_amount,
    {{ in_reporting_currency('order_lines.gross_amount') }} as gross_amount,
    {{ in_reporting_currency('order_lines.discount_amount') }} as discount_amount,
    {{ in_reporting_currency('order_lines.tax_amount') }} as tax_amount,
    case
        when order_lines.line_type = 'product'
            then cast(order_lines.quantity * products.unit_cost as decimal(18, 4))
        else 0
    end as goods_cost
from order_lines
inner join rated_orders as rates on order_lines.order_key = rates.order_key
left join products on order_lines.product_key = products.product_key
