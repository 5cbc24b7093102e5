-- The rules that a customer of a profile passes through while only time goes by, in every stage model.
with

profiles as (
    select * from {{ ref('int_lifecycle__profiles') }}
),

rules as (
    select * from {{ ref('int_lifecycle__rules') }}
),

matched as (
    select
        profiles.profile_number,
        rules.model_number,
        rules.rule_number,
        rules.stage_number,
        rules.rule_bit,
        rules.from_days,
        rules.to_days,
        rules.is_from_lapse,
        rules.is_to_lapse
    from profiles
    inner join rules
        on
            profiles.orders_count >= rules.min_orders
            and (rules.max_orders is null or profiles.orders_count <= rules.max_orders)
            and (rules.has_returned is null or profiles.has_returned = rules.has_returned)
            and (rules.value_trend is null or profiles.value_trend = rules.value_trend)
            and (profiles.milestones & rules.required_bits) = rules.required_bits
            and (profiles.milestones & rules.excluded_bits) = 0
)

select
    *,
    -- Two profiles with the same rules in a model are the same to it; one rule without a time needs no clock.
    cast(sum(rule_bit) over (partition by profile_number, model_number) as bigint) as rule_set,
    count(*) over (partition by profile_number, model_number) = 1
    and from_days = 0
    and to_days is null
    and not is_to_lapse as is_timeless
from matched
