-- What the predictions know of a customer: order days, as a day's orders are one decision to buy.
with

orders as (
    select * from {{ ref('int_orders__net_of_refunds') }}
),

parameters as (
    select
        {{ last_day() }} as last_day,
        cast({{ plus_days(last_day(), "-max(value) filter (where parameter = 'clv_holdout_days')") }} as date)
            as split_on,
        cast(max(value) filter (where parameter = 'churn_horizon_days') as integer) as silence_days
    from {{ ref('segment_parameters') }}
),

order_days as (
    select
        customer_key,
        order_date,
        sum(net_revenue) as net_revenue
    from orders
    where is_completed and fully_refunded_at is null and customer_key is not null
    group by customer_key, order_date
),

customers as (
    select
        order_days.customer_key,
        parameters.last_day,
        parameters.split_on,
        min(order_days.order_date) as first_ordered_on,
        max(order_days.order_date) as last_ordered_on,
        count(*) as order_days,
        sum(order_days.net_revenue) as net_revenue,
        min_by(order_days.net_revenue, order_days.order_date) as first_net_revenue,
        max(order_days.order_date) filter (where order_days.order_date <= parameters.split_on) as split_last_ordered_on,
        count(*) filter (where order_days.order_date <= parameters.split_on) as split_order_days,
        count(*) filter (
            where
            order_days.order_date > parameters.split_on
            and order_days.order_date <= cast({{ plus_days('parameters.split_on', 'parameters.silence_days') }} as date)
        ) as order_days_soon_after_split
    from order_days
    cross join parameters
    group by order_days.customer_key, parameters.last_day, parameters.split_on
)

select
    customer_key,
    first_ordered_on,
    last_ordered_on,
    order_days,
    order_days - 1 as frequency,
    cast({{ days_between('first_ordered_on', 'last_ordered_on') }} as integer) as recency_days,
    cast({{ days_between('first_ordered_on', 'last_day') }} as integer) as age_days,
    case when order_days > 1 then cast((net_revenue - first_net_revenue) as double) / (order_days - 1) end as spend,
    split_order_days - 1 as split_frequency,
    cast({{ days_between('first_ordered_on', 'split_last_ordered_on') }} as integer) as split_recency_days,
    cast({{ days_between('first_ordered_on', 'split_on') }} as integer) as split_age_days,
    order_days - split_order_days as order_days_after_split,
    order_days_soon_after_split
from customers
