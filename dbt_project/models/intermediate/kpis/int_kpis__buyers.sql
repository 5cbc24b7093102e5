-- The groups a customer belongs to from the first order on: what cohorts and measures are split by. Only of loyalty no
-- source says since when: it is that of as_of.
with

orders as (
    select * from {{ ref('int_orders__net_of_refunds') }}
    where order_sequence = 1
),

order_lines as (
    select * from {{ ref('int_order_lines__converted') }}
    where line_type = 'product'
),

products as (
    select * from {{ ref('int_products__catalogue') }}
),

customers as (
    select * from {{ ref('int_customers__registered') }}
),

acquired as (
    select * from {{ ref('int_customers__acquired') }}
),

customer_keys as (
    select * from {{ ref('int_customers__keys') }}
    where lookup_type = 'account'
),

accounts as (
    select * from {{ ref('stg_shop__customers') }}
    where loyalty_id is not null
),

order_sizes as (
    select * from {{ ref('kpi_order_sizes') }}
),

category_amounts as (
    select
        order_lines.order_key,
        products.category,
        sum(order_lines.gross_amount) as amount,
        min(order_lines.product_key) as first_product_key
    from order_lines
    inner join orders on order_lines.order_key = orders.order_key
    inner join products on order_lines.product_key = products.product_key
    where products.category is not null
    group by order_lines.order_key, products.category
),

categories as (
    select
        order_key,
        category,
        row_number() over (partition by order_key order by amount desc, first_product_key asc) as position
    from category_amounts
),

-- The bands are looked up once for each number of items, not for each customer.
counts as (
    select distinct items_count from orders
),

sizes as (
    select
        counts.items_count,
        order_sizes.size_band
    from counts
    inner join order_sizes
        on
            counts.items_count >= order_sizes.from_items
            and (counts.items_count < order_sizes.to_items or order_sizes.to_items is null)
),

members as (
    select distinct customer_keys.customer_key
    from accounts
    inner join customer_keys on accounts.account_key = customer_keys.lookup_key
)

select
    orders.customer_key,
    orders.ordered_at as first_ordered_at,
    orders.order_date as first_order_date,
    customers.registration_date,
    orders.items_count as first_items_count,
    coalesce(acquired.acquisition_channel, 'unknown') as acquisition_channel,
    coalesce(categories.category, 'unknown') as first_category,
    coalesce(sizes.size_band, 'unknown') as first_order_size,
    case when members.customer_key is null then 'no_member' else 'member' end as loyalty
from orders
left join customers on orders.customer_key = customers.customer_key
left join acquired on orders.customer_key = acquired.customer_key
left join categories on orders.order_key = categories.order_key and categories.position = 1
left join sizes on orders.items_count = sizes.items_count
left join members on orders.customer_key = members.customer_key
