-- What an order says of the customer's rhythm and revenue, from that order and those before it only, so that no later
-- order changes what was known at the time.
with

orders as (
    select * from {{ ref('int_lifecycle__events') }}
    where event_type = 'order_completed'
),

parameters as (
    select
        max(value) filter (where parameter = 'lapse_rhythm_factor') as factor,
        max(value) filter (where parameter = 'lapse_rhythm_shrinkage') as shrinkage,
        max(value) filter (where parameter = 'lapse_min_days') as min_days,
        max(value) filter (where parameter = 'lapse_max_days') as max_days,
        max(value) filter (where parameter = 'value_growth_ratio') as growth_ratio,
        max(value) filter (where parameter = 'value_decline_ratio') as decline_ratio
    from {{ ref('stage_parameters') }}
),

shop_rhythms as (
    select * from {{ ref('int_lifecycle__shop_rhythms') }}
),

gaps as (
    select * from {{ ref('int_lifecycle__gaps') }}
),

rhythms as (
    select
        customer_number,
        event_number,
        order_month,
        count(gap_days) over recent_orders as gaps_count,
        {{ moving_median('gap_days', 'recent_orders') }} as own_gap_days
    from gaps
    window recent_orders as (
        partition by customer_number
        order by event_number
        rows between {{ var('rhythm_gaps') | int - 1 }} preceding and current row
    )
),

expected as (
    select
        rhythms.customer_number,
        rhythms.event_number,
        -- Few gaps say little: the shop's median stands beside them like so many gaps more.
        (
            rhythms.gaps_count * rhythms.own_gap_days
            + parameters.shrinkage * coalesce(shop_rhythms.median_gap_days, rhythms.own_gap_days)
        ) / (rhythms.gaps_count + parameters.shrinkage) as expected_gap_days
    from rhythms
    cross join parameters
    left join shop_rhythms on rhythms.order_month = shop_rhythms.order_month
),

-- Seconds, and a little for the number of the event: of two orders of one second the first must not know the second.
moments as (
    select
        customer_number,
        event_number,
        amount,
        cast({{ epoch_seconds('event_at') }} + event_number / 1000000.0 as double) as moment
    from orders
),

revenues as (
    select
        customer_number,
        event_number,
        sum(amount) over (
            partition by customer_number
            order by moment
            range between {{ 86400 * (var('value_phase_days') | int) - 0.5 }} preceding and current row
        ) as recent_revenue,
        sum(amount) over (
            partition by customer_number
            order by moment
            range between {{ 2 * 86400 * (var('value_phase_days') | int) - 0.5 }} preceding
            and {{ 86400 * (var('value_phase_days') | int) - 0.5 }} preceding
        ) as previous_revenue
    from moments
)

select
    expected.customer_number,
    expected.event_number,
    cast(expected.expected_gap_days as double) as expected_gap_days,
    -- Without a gap there is no rhythm: least and greatest would leave the NULL out.
    case
        when expected.expected_gap_days is not null
            then cast(
                least(parameters.max_days, greatest(parameters.min_days, ceil(
                    parameters.factor * expected.expected_gap_days
                ))) as integer
            )
    end as rhythm_days,
    case
        when revenues.recent_revenue > parameters.growth_ratio * coalesce(revenues.previous_revenue, 0) then 'growth'
        when revenues.recent_revenue < parameters.decline_ratio * coalesce(revenues.previous_revenue, 0) then 'decline'
        else 'plateau'
    end as value_trend
from expected
inner join revenues
    on
        expected.customer_number = revenues.customer_number
        and expected.event_number = revenues.event_number
cross join parameters
