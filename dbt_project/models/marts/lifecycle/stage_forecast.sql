-- Who will move when if nothing happens: the transitions that time alone will bring.
with

moves as (
    select * from {{ ref('int_lifecycle__moves') }}
    where is_coming
),

stages as (
    select * from {{ ref('int_lifecycle__stage_numbers') }}
),

daily as (
    select
        stages.model_id,
        moves.date,
        previous_stages.stage as from_stage,
        stages.stage as to_stage,
        sum(moves.customers) as customers
    from moves
    inner join stages on moves.stage_number = stages.stage_number
    inner join stages as previous_stages on moves.previous_stage_number = previous_stages.stage_number
    group by stages.model_id, moves.date, previous_stages.stage, stages.stage
)

select
    model_id,
    date,
    from_stage,
    to_stage,
    cast(customers as bigint) as customers,
    cast(sum(customers) over (
        partition by model_id, from_stage, to_stage
        order by date
        rows between unbounded preceding and current row
    ) as bigint) as customers_by_then
from daily
