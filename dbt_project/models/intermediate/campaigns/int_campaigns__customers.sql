-- What the playbook's conditions ask about a customer as of the run: orders, rhythm, size of the basket.
with

customers as (
    select * from {{ ref('int_customers__registered') }}
),

orders as (
    select * from {{ ref('int_orders__net_of_refunds') }}
),

order_totals as (
    select
        customer_key,
        count(*) as orders_count,
        min(ordered_at) as first_order_at,
        max(ordered_at) as last_order_at,
        sum(net_revenue) as net_revenue
    from orders
    where is_completed and customer_key is not null and fully_refunded_at is null
    group by customer_key
),

rhythms as (
    select
        *,
        -- All orders in the same second are no rhythm.
        nullif({{ days_between('first_order_at', 'last_order_at') }} / nullif(orders_count - 1, 0), 0) as mean_gap_days,
        cast(net_revenue as double) / orders_count as average_order
    from order_totals
),

usual as (
    select
        median(mean_gap_days) as mean_gap_days,
        median(average_order) as average_order
    from rhythms
    where orders_count >= 2
)

select
    customers.customer_key,
    customers.registered_at,
    coalesce(rhythms.orders_count, 0) as orders_count,
    rhythms.first_order_at,
    rhythms.last_order_at,
    coalesce(rhythms.net_revenue, 0) as net_revenue,
    rhythms.mean_gap_days,
    case
        when rhythms.mean_gap_days is null then null
        when rhythms.mean_gap_days <= usual.mean_gap_days and rhythms.average_order >= usual.average_order
            then 'frequent_big'
        when rhythms.mean_gap_days <= usual.mean_gap_days then 'frequent_small'
        when rhythms.average_order >= usual.average_order then 'rare_big'
        else 'rare_small'
    end as audience_cell
from customers
left join rhythms on customers.customer_key = rhythms.customer_key
cross join usual
