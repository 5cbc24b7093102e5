-- The stage rules in the form the engine joins them: numbers for names, bits for milestones.
with

rules as (
    select * from {{ ref('stage_rules') }}
),

stages as (
    select * from {{ ref('int_lifecycle__stage_numbers') }}
),

milestones as (
    select * from {{ ref('int_lifecycle__milestones') }}
),

named as (
    select
        rules.rule_id,
        cast(coalesce(sum(milestones.bit) filter (
            where ' ' || rules.requires || ' ' like '% ' || milestones.milestone || ' %'
        ), 0) as integer) as required_bits,
        cast(coalesce(sum(milestones.bit) filter (
            where ' ' || rules.unless || ' ' like '% ' || milestones.milestone || ' %'
        ), 0) as integer) as excluded_bits
    from rules
    cross join milestones
    group by rules.rule_id
)

select
    rules.rule_id,
    rules.model_id,
    rules.stage,
    cast(row_number() over (order by rules.rule_id) as integer) as rule_number,
    stages.model_number,
    stages.stage_number,
    -- Which rules hold for somebody in a model, as one whole number: the sum of these.
    cast(power(2, row_number() over (partition by rules.model_id order by rules.rule_id) - 1) as bigint) as rule_bit,
    rules.min_orders,
    rules.max_orders,
    rules.has_returned,
    rules.value_trend,
    named.required_bits,
    named.excluded_bits,
    case when rules.from_days <> 'lapse' then cast(rules.from_days as integer) end as from_days,
    case when rules.to_days <> 'lapse' then cast(rules.to_days as integer) end as to_days,
    rules.from_days = 'lapse' as is_from_lapse,
    coalesce(rules.to_days = 'lapse', false) as is_to_lapse
from rules
inner join named on rules.rule_id = named.rule_id
inner join stages on rules.model_id = stages.model_id and rules.stage = stages.stage
