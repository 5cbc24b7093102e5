-- Of those who ordered after a silence of from_days or more, who ordered again. A customer is one case, by their first
-- return, as a new one is by their first order.
with

claims as (
    select
        *,
        cast({{ plus_days('cast(' ~ last_day() ~ ' as timestamp)', '-horizon_days') }} as date) as watched_until
    from {{ ref('benchmark_claims') }}
    where counted = 'second order after return'
),

orders as (
    select * from {{ ref('int_kpis__orders') }}
    where customer_key is not null
),

returns as (
    select
        claims.claim_id,
        claims.to_days,
        claims.watched_until,
        orders.customer_key,
        min(orders.order_sequence) as order_sequence
    from claims
    cross join orders
    where {{ days_between('orders.previous_order_date', 'orders.order_date') }} >= claims.from_days
    group by claims.claim_id, claims.to_days, claims.watched_until, orders.customer_key
)

select
    returns.claim_id,
    count(*) filter (
        where {{ days_between('orders.order_date', 'next_orders.order_date') }} <= returns.to_days
    ) as numerator,
    count(*) as denominator,
    cast(null as bigint) as base_numerator,
    cast(null as bigint) as base_denominator,
    cast(null as bigint) as units,
    cast(null as double) as standard_error
from returns
inner join orders
    on returns.customer_key = orders.customer_key and returns.order_sequence = orders.order_sequence
left join orders as next_orders
    on orders.customer_key = next_orders.customer_key and orders.order_sequence + 1 = next_orders.order_sequence
where orders.order_date <= returns.watched_until
group by returns.claim_id
