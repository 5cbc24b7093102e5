with

products as (
    select * from {{ ref('stg_shop__products') }}
),

order_lines as (
    select * from {{ ref('int_order_lines__converted') }}
),

sales as (
    select
        product_key,
        min(order_date) as first_sold_on,
        max(order_date) as last_sold_on,
        sum(quantity) as units_sold
    from order_lines
    where line_type = 'product'
    group by product_key
)

select
    products.product_key,
    products.source,
    products.product_id,
    products.name,
    products.category,
    products.department,
    products.brand,
    products.unit_price,
    products.unit_cost,
    sales.first_sold_on,
    sales.last_sold_on,
    coalesce(sales.units_sold, 0) as units_sold
from products
left join sales on products.product_key = sales.product_key
