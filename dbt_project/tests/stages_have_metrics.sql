-- A stage nobody measures cannot be run; a metric of no stage is a misspelt one.
with

stages as (
    select * from {{ ref('stages') }}
),

metrics as (
    select * from {{ ref('stage_metrics') }}
)

select
    coalesce(stages.model_id, metrics.model_id) as model_id,
    coalesce(stages.stage, metrics.stage) as stage
from stages
full outer join metrics on stages.model_id = metrics.model_id and stages.stage = metrics.stage
where stages.stage is null or metrics.metric is null
