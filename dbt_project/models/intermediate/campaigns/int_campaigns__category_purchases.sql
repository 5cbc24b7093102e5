-- What a customer bought of each category that the care rules know, on how many days and when.
with

order_lines as (
    select * from {{ ref('int_order_lines__converted') }}
),

refund_totals as (
    select * from {{ ref('int_refunds__totals') }}
    where fully_refunded_at is not null
),

products as (
    select * from {{ ref('stg_shop__products') }}
),

care as (
    select * from {{ ref('product_care') }}
),

cared_for as (
    select
        products.product_key,
        products.category,
        care.season_first_month,
        care.season_last_month,
        care.service_interval_days is not null
        or care.service_interval_usage is not null
        or care.lifetime_days is not null as is_device
    from products
    inner join care on products.category = care.category
),

days as (
    select
        order_lines.customer_key,
        cared_for.category,
        order_lines.order_date,
        min(cared_for.season_first_month) as season_first_month,
        min(cared_for.season_last_month) as season_last_month,
        max(case when cared_for.is_device then order_lines.product_key end) as device_key
    from order_lines
    inner join cared_for on order_lines.product_key = cared_for.product_key
    left join refund_totals on order_lines.order_key = refund_totals.order_key
    where
        order_lines.is_completed and order_lines.customer_key is not null and order_lines.line_type = 'product'
        and refund_totals.order_key is null
    group by order_lines.customer_key, cared_for.category, order_lines.order_date
),

seasons as (
    select
        *,
        case
            when season_first_month <= season_last_month
                then extract(month from order_date) between season_first_month and season_last_month
            else
                extract(month from order_date) >= season_first_month
                or extract(month from order_date) <= season_last_month
        end as is_in_season
    from days
)

select
    customer_key,
    category,
    min(order_date) as first_bought_on,
    max(order_date) as last_bought_on,
    count(*) as purchase_days,
    min(order_date) filter (where is_in_season) as first_bought_in_season_on,
    max_by(device_key, order_date) as device_key
from seasons
group by customer_key, category
