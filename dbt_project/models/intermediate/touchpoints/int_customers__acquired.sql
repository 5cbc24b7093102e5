-- The channel of the customer's first known visit; without one, the till for a first order in a shop, else unknown.
with

customers as (
    select * from {{ ref('int_customers__registered') }}
),

sessions as (
    select * from {{ ref('int_sessions__identified') }}
),

orders as (
    select * from {{ ref('int_orders__net_of_refunds') }}
),

first_sessions as (
    select
        customer_key,
        channel,
        started_at,
        row_number() over (partition by customer_key order by started_at, session_key) as position
    from sessions
    where customer_key is not null
),

first_orders as (
    select
        customer_key,
        sales_channel
    from orders
    where order_sequence = 1
)

select
    customers.customer_key,
    first_sessions.started_at as first_session_at,
    case
        when first_sessions.channel is not null then first_sessions.channel
        when first_orders.sales_channel = 'pos' then 'pos'
        else 'unknown'
    end as acquisition_channel
from customers
left join first_sessions
    on customers.customer_key = first_sessions.customer_key and first_sessions.position = 1
left join first_orders on customers.customer_key = first_orders.customer_key
