-- Everything a stage rule may ask about a customer after an event, known at the event. What the rules cannot tell apart
-- has one profile: there are a few hundred of them, however many customers.
with

order_states as (
    select * from {{ ref('int_lifecycle__order_states') }}
),

rhythms as (
    select * from {{ ref('int_lifecycle__rhythms') }}
),

parameters as (
    select
        max(value) filter (where parameter = 'lapse_default_days') as default_days,
        max(value) filter (where parameter = 'lapse_rhythm_min_orders') as min_orders
    from {{ ref('stage_parameters') }}
),

-- More orders than any rule asks for are as many as that.
bounds as (
    select max(greatest(min_orders, coalesce(max_orders + 1, 0))) as most_orders
    from {{ ref('int_lifecycle__rules') }}
),

with_rhythm as (
    select
        order_states.*,
        rhythms.value_trend,
        cast(
            case
                when order_states.orders_count >= parameters.min_orders
                    then coalesce(rhythms.rhythm_days, parameters.default_days)
                else parameters.default_days
            end as integer
        ) as lapse_days
    from order_states
    cross join parameters
    left join rhythms
        on
            order_states.customer_number = rhythms.customer_number
            and order_states.last_order_number = rhythms.event_number
),

with_previous as (
    select
        *,
        lag(orders_count) over customer_events as previous_orders_count,
        lag(last_order_at) over customer_events as previous_order_at,
        lag(lapse_days) over customer_events as previous_lapse_days
    from with_rhythm
    window customer_events as (partition by customer_number order by event_number)
),

order_returns as (
    select
        customer_number,
        event_number
    from with_previous
    where
        is_order
        and previous_orders_count > 0
        and event_at >= {{ plus_days('previous_order_at', 'previous_lapse_days') }}
)

select
    with_previous.customer_number,
    with_previous.event_number,
    with_previous.event_at,
    coalesce(with_previous.last_order_at, with_previous.first_event_at) as counted_from,
    with_previous.lapse_days,
    cast(least(with_previous.orders_count, bounds.most_orders) as integer) as orders_count,
    with_previous.milestones,
    order_returns.customer_number is not null as has_returned,
    coalesce(with_previous.value_trend, 'none') as value_trend
from with_previous
cross join bounds
left join order_returns
    on
        with_previous.customer_number = order_returns.customer_number
        and with_previous.last_order_number = order_returns.event_number
