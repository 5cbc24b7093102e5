-- The events that matter to a stage model: a model without a clock does not care for a customer's tenth order.
{{ config(materialized='view') }}

with

states as (
    select * from {{ ref('int_lifecycle__states') }}
),

profiles as (
    select * from {{ ref('int_lifecycle__profiles') }}
),

profile_rules as (
    select * from {{ ref('int_lifecycle__profile_rules') }}
),

rule_sets as (
    select distinct
        profile_number,
        model_number,
        rule_set,
        is_timeless
    from profile_rules
),

profiled as (
    select
        states.customer_number,
        states.event_number,
        states.event_at,
        states.counted_from,
        states.lapse_days,
        profiles.profile_number
    from states
    inner join profiles
        on
            states.orders_count = profiles.orders_count
            and states.milestones = profiles.milestones
            and states.has_returned = profiles.has_returned
            and states.value_trend = profiles.value_trend
),

with_previous as (
    select
        *,
        coalesce(lag(profile_number) over customer_events, 0) as previous_profile_number,
        (
            counted_from is distinct from lag(counted_from) over customer_events
            or lapse_days is distinct from lag(lapse_days) over customer_events
        ) as is_clock_reset
    from profiled
    window customer_events as (partition by customer_number order by event_number)
),

changes as (
    select distinct
        previous_profile_number,
        profile_number
    from with_previous
),

-- Of each change of profile: the models that see it, and those that only look at the clock.
seen_changes as (
    select
        changes.previous_profile_number,
        changes.profile_number,
        rule_sets.model_number,
        (rule_sets.rule_set is distinct from previous_rule_sets.rule_set) as is_new_rule_set
    from changes
    inner join rule_sets on changes.profile_number = rule_sets.profile_number
    left join rule_sets as previous_rule_sets
        on
            changes.previous_profile_number = previous_rule_sets.profile_number
            and rule_sets.model_number = previous_rule_sets.model_number
    where rule_sets.rule_set is distinct from previous_rule_sets.rule_set or not rule_sets.is_timeless
)

select
    with_previous.customer_number,
    seen_changes.model_number,
    with_previous.event_number,
    with_previous.event_at,
    with_previous.counted_from,
    with_previous.lapse_days,
    with_previous.profile_number,
    lead(with_previous.event_at) over (
        partition by with_previous.customer_number, seen_changes.model_number
        order by with_previous.event_number
    ) as next_event_at
from with_previous
inner join seen_changes
    on
        with_previous.previous_profile_number = seen_changes.previous_profile_number
        and with_previous.profile_number = seen_changes.profile_number
where seen_changes.is_new_rule_set or with_previous.is_clock_reset
