-- Group first: what stands on a customer's categories reads this, never the lines.
with

order_lines as (
    select * from {{ ref('fct_order_lines') }}
    where is_completed and customer_key is not null and line_type = 'product'
),

-- Only the orders whose lines do not simply count: most shops show prices with tax, and few orders come back whole.
exceptions as (
    select
        order_key,
        not coalesce(taxes_included, false) as is_without_tax,
        fully_refunded_at is not null as is_fully_refunded
    from {{ ref('fct_orders') }}
    where is_completed and (not coalesce(taxes_included, false) or fully_refunded_at is not null)
),

products as (
    select * from {{ ref('dim_products') }}
)

select
    order_lines.customer_key,
    products.category,
    max(products.department) as department,
    min(order_lines.order_date) as first_ordered_on,
    max(order_lines.order_date) as last_ordered_on,
    cast(count(*) as bigint) as lines_count,
    cast(sum(order_lines.quantity) as decimal(18, 4)) as units,
    cast(
        sum(
            order_lines.gross_amount - order_lines.discount_amount
            - case when exceptions.is_without_tax then 0 else order_lines.tax_amount end
        ) as decimal(18, 4)
    ) as goods_revenue,
    case
        when count(*) = count(products.unit_cost)
            then cast(sum(order_lines.quantity * products.unit_cost) as decimal(18, 4))
    end as goods_cost,
    '{{ var("reporting_currency") }}' as currency
from order_lines
left join products on order_lines.product_key = products.product_key
left join exceptions on order_lines.order_key = exceptions.order_key
where exceptions.order_key is null or not exceptions.is_fully_refunded
group by order_lines.customer_key, products.category
