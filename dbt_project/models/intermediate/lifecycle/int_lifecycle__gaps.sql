-- Days between an order and the one before; orders less than a day apart are one purchase and no gap.
with

orders as (
    select * from {{ ref('int_lifecycle__events') }}
    where event_type = 'order_completed'
),

gaps as (
    select
        customer_number,
        event_number,
        event_at,
        {{ days_between('lag(event_at) over customer_orders', 'event_at') }} as days_since_previous
    from orders
    window customer_orders as (partition by customer_number order by event_number)
)

select
    customer_number,
    event_number,
    cast(date_trunc('month', event_at) as date) as order_month,
    case when days_since_previous >= 1 then days_since_previous end as gap_days
from gaps
