with

moves as (
    select * from {{ ref('int_lifecycle__moves') }}
    where not is_coming
),

stages as (
    select * from {{ ref('int_lifecycle__stage_numbers') }}
)

select
    stages.model_id,
    moves.date,
    previous_stages.stage as from_stage,
    stages.stage as to_stage,
    cast(sum(moves.customers) as bigint) as customers,
    cast(coalesce(sum(moves.customers) filter (where not moves.is_at_event), 0) as bigint) as customers_by_time
from moves
inner join stages on moves.stage_number = stages.stage_number
left join stages as previous_stages on moves.previous_stage_number = previous_stages.stage_number
where moves.date <= {{ local_date(as_of()) }} - 1
group by stages.model_id, moves.date, previous_stages.stage, stages.stage
