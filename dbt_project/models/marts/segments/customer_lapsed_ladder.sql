with

customers as (
    select * from {{ ref('dim_customers') }}
    where orders_count > 0
),

rungs as (
    select * from {{ ref('lapsed_ladder') }}
),

spans as (
    select
        customers.customer_key,
        rungs.rung_id,
        rungs.offer_level,
        customers.last_order_at,
        cast(floor({{ days_between('customers.last_order_at', as_of()) }}) as integer) as days_since_last_order,
        {{ plus_days('customers.last_order_at', 'rungs.from_days') }} as entered_at,
        {{ plus_days('customers.last_order_at', 'rungs.to_days') }} as leaves_at
    from customers
    cross join rungs
)

select
    customer_key,
    rung_id,
    offer_level,
    last_order_at,
    days_since_last_order,
    entered_at,
    leaves_at
from spans
where
    entered_at <= {{ as_of() }}
    and (leaves_at > {{ as_of() }} or leaves_at is null)
