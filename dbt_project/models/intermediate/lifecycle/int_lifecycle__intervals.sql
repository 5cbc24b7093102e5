-- Between two events only time passes, so each event yields its coming stage intervals at once. No customer x day.
with

states as (
    select * from {{ ref('int_lifecycle__states') }}
),

rules as (
    select * from {{ ref('stage_rules') }}
),

candidates as (
    select
        states.customer_key,
        rules.model_id,
        rules.stage,
        rules.rule_id,
        states.event_number,
        states.event_type,
        states.cause_id,
        states.event_at,
        states.next_event_at,
        greatest(
            states.event_at,
            {{ plus_days(
                'states.counted_from',
                "case when rules.from_days = 'lapse' then states.lapse_days else cast(rules.from_days as integer) end"
            ) }}
        ) as starts_at,
        {{ plus_days(
            'states.counted_from',
            "case when rules.to_days = 'lapse' then states.lapse_days else cast(rules.to_days as integer) end"
        ) }} as ends_at
    from states
    inner join rules
        on
            states.orders_count >= rules.min_orders
            and (rules.max_orders is null or states.orders_count <= rules.max_orders)
            and (rules.has_returned is null or states.has_returned = rules.has_returned)
),

clipped as (
    select
        *,
        case
            when next_event_at is null then ends_at
            when ends_at is null then next_event_at
            else least(ends_at, next_event_at)
        end as stops_at
    from candidates
)

select
    customer_key,
    model_id,
    stage,
    rule_id,
    event_number,
    case when starts_at = event_at then event_type else 'time_passed' end as cause,
    cause_id,
    starts_at as valid_from,
    stops_at as valid_to
from clipped
where stops_at is null or starts_at < stops_at
