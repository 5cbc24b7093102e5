-- A stage without a rule is empty for ever; a rule to a stage, or a next stage, that is not in the list leads nowhere.
with

stages as (
    select * from {{ ref('stages') }}
),

rules as (
    select * from {{ ref('stage_rules') }}
),

named as (
    select
        stages.model_id,
        stages.stage,
        coalesce(stages.next_stages, stages.lost_to_stage) as names,
        count(others.stage) as found
    from stages
    left join stages as others
        on
            stages.model_id = others.model_id
            and ' ' || coalesce(stages.next_stages, stages.lost_to_stage) || ' ' like '% ' || others.stage || ' %'
    where coalesce(stages.next_stages, stages.lost_to_stage) is not null
    group by stages.model_id, stages.stage, stages.next_stages, stages.lost_to_stage
)

select
    stages.model_id,
    stages.stage,
    'no rule leads to this stage' as problem
from stages
left join rules on stages.model_id = rules.model_id and stages.stage = rules.stage
where rules.rule_id is null
union all
select
    rules.model_id,
    rules.stage,
    'rule ' || rules.rule_id || ' leads to a stage that is not in stages' as problem
from rules
left join stages on rules.model_id = stages.model_id and rules.stage = stages.stage
where stages.stage is null
union all
select
    model_id,
    stage,
    'unknown stage among: ' || names as problem
from named
where found <> length(names) - length(replace(names, ' ', '')) + 1
union all
select
    model_id,
    stage,
    'next_stages and lost_to_stage at once' as problem
from stages
where next_stages is not null and lost_to_stage is not null
union all
select
    model_id,
    stage,
    'a horizon without next_stages or lost_to_stage, or these without a horizon' as problem
from stages
where (horizon_days is null) <> (next_stages is null and lost_to_stage is null)
