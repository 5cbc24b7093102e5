with

orders as (
    select * from {{ ref('int_orders__net_of_refunds') }}
    where is_completed and fully_refunded_at is null and customer_key is not null
),

parameters as (
    select cast({{ plus_days(last_day(), '-max(value)') }} as date) as before_loyalty
    from {{ ref('segment_parameters') }}
    where parameter = 'loyalty_days'
)

select
    orders.customer_key,
    count(*) as orders_count,
    sum(orders.items_count) as items_count,
    count(*) filter (where orders.discount_amount > 0) as discounted_orders_count,
    sum(orders.discount_amount) as discount_amount,
    coalesce(sum(orders.net_revenue) filter (where orders.order_date > parameters.before_loyalty), 0)
        as recent_net_revenue
from orders
cross join parameters
group by orders.customer_key
