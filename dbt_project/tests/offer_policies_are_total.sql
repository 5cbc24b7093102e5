-- A stage without a policy would be offered nothing and nobody would know; one that forbids must stop below all money.
with

policies as (
    select * from {{ ref('offer_policies') }}
),

models as (
    select distinct model_id
    from policies
),

stages as (
    select distinct
        rules.model_id,
        rules.stage
    from {{ ref('stage_rules') }} as rules
    inner join models on rules.model_id = models.model_id
),

money as (
    select min(level) as lowest_level
    from {{ ref('offer_ladder') }}
    where kind <> 'perk'
)

select
    coalesce(stages.model_id, policies.model_id) as model_id,
    coalesce(stages.stage, policies.stage) as stage
from stages
full outer join policies on stages.model_id = policies.model_id and stages.stage = policies.stage
cross join money
where
    stages.stage is null
    or policies.stage is null
    or (policies.policy in ('forbidden', 'not_yet')) <> (policies.max_level < money.lowest_level)
