-- Everything a stage rule may ask about a customer after an event, known at the event: orders, rhythm, return.
with

order_states as (
    select * from {{ ref('int_lifecycle__order_states') }}
),

parameters as (
    select
        max(value) filter (where parameter = 'lapse_default_days') as default_days,
        max(value) filter (where parameter = 'lapse_rhythm_min_orders') as min_orders,
        max(value) filter (where parameter = 'lapse_rhythm_factor') as factor,
        max(value) filter (where parameter = 'lapse_min_days') as min_days,
        max(value) filter (where parameter = 'lapse_max_days') as max_days
    from {{ ref('stage_parameters') }}
),

with_rhythm as (
    select
        order_states.*,
        cast(
            case
                when order_states.orders_count >= parameters.min_orders
                    then least(parameters.max_days, greatest(parameters.min_days, ceil(
                        parameters.factor
                        * {{ days_between('order_states.first_order_at', 'order_states.last_order_at') }}
                        / (order_states.orders_count - 1)
                    )))
                else parameters.default_days
            end as integer
        ) as lapse_days
    from order_states
    cross join parameters
),

with_previous as (
    select
        *,
        lag(orders_count) over customer_events as previous_orders_count,
        lag(last_order_at) over customer_events as previous_order_at,
        lag(lapse_days) over customer_events as previous_lapse_days
    from with_rhythm
    window customer_events as (partition by customer_key order by event_number)
),

order_returns as (
    select
        customer_key,
        event_number,
        coalesce(
            previous_orders_count > 0
            and event_at >= {{ plus_days('previous_order_at', 'previous_lapse_days') }},
            false
        ) as has_returned
    from with_previous
    where event_type = 'order_completed'
)

select
    with_previous.customer_key,
    with_previous.event_number,
    with_previous.event_type,
    with_previous.cause_id,
    with_previous.event_at,
    with_previous.next_event_at,
    with_previous.orders_count,
    with_previous.last_order_at,
    with_previous.lapse_days,
    coalesce(order_returns.has_returned, false) as has_returned,
    coalesce(with_previous.last_order_at, with_previous.first_event_at) as counted_from
from with_previous
left join order_returns
    on
        with_previous.customer_key = order_returns.customer_key
        and with_previous.last_order_number = order_returns.event_number
