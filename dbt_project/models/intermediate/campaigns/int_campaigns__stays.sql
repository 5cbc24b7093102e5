-- The stays that campaigns ask for: where customers are, and what they left lately.
with

stages as (
    select * from {{ ref('int_lifecycle__stages') }}
),

playbook as (
    select * from {{ ref('campaign_playbook') }}
    where is_active
),

policies as (
    select * from {{ ref('offer_policies') }}
),

asked as (
    select
        model_id,
        stage,
        max(case when occasion = 'stage_left' then due_until_days else 0 end) as left_days
    from playbook
    where stage is not null
    group by model_id, stage
    union all
    select
        model_id,
        stage,
        0 as left_days
    from policies
),

asked_once as (
    select
        model_id,
        stage,
        max(left_days) as left_days
    from asked
    group by model_id, stage
)

select
    stages.customer_key,
    stages.model_id,
    stages.stage,
    stages.valid_from,
    stages.valid_to,
    stages.valid_to is null or stages.valid_to > {{ as_of() }} as is_current
from stages
inner join asked_once on stages.model_id = asked_once.model_id and stages.stage = asked_once.stage
where
    stages.valid_from <= {{ as_of() }}
    and (stages.valid_to is null or {{ plus_days('stages.valid_to', 'asked_once.left_days') }} > {{ as_of() }})
