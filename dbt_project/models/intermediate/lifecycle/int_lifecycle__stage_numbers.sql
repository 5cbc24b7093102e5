-- Models and stages as whole numbers, in which the engine sorts and groups.
with

stages as (
    select * from {{ ref('stages') }}
)

select
    *,
    cast(dense_rank() over (order by model_id) as integer) as model_number,
    cast(dense_rank() over (order by model_id, stage) as integer) as stage_number
from stages
