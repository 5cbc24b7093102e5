-- Between two events only time passes, so each event yields its coming stage intervals at once. No customer x day.
{{ config(materialized='view') }}

with

steps as (
    select * from {{ ref('int_lifecycle__steps') }}
),

profile_rules as (
    select * from {{ ref('int_lifecycle__profile_rules') }}
),

candidates as (
    select
        steps.customer_number,
        steps.model_number,
        steps.event_number,
        steps.event_at,
        steps.next_event_at,
        profile_rules.rule_number,
        profile_rules.stage_number,
        greatest(
            steps.event_at,
            {{ plus_days(
                'steps.counted_from',
                'case when profile_rules.is_from_lapse then steps.lapse_days else profile_rules.from_days end'
            ) }}
        ) as starts_at,
        {{ plus_days(
            'steps.counted_from',
            'case when profile_rules.is_to_lapse then steps.lapse_days else profile_rules.to_days end'
        ) }} as ends_at
    from steps
    inner join profile_rules
        on
            steps.profile_number = profile_rules.profile_number
            and steps.model_number = profile_rules.model_number
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
    customer_number,
    model_number,
    event_number,
    rule_number,
    stage_number,
    starts_at = event_at as is_at_event,
    starts_at as valid_from,
    stops_at as valid_to
from clipped
where stops_at is null or starts_at < stops_at
