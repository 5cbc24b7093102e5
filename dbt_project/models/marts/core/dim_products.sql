with

products as (
    select * from {{ ref('int_products__catalogue') }}
)

select
    product_key,
    source,
    product_id,
    name,
    category,
    department,
    brand,
    unit_price,
    unit_cost,
    first_sold_on,
    last_sold_on,
    units_sold
from products
