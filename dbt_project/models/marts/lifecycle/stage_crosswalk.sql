-- Where the customers of one model's stage stand in another model, now.
with

stays as (
    select * from {{ ref('int_lifecycle__stays') }}
    where
        valid_from <= {{ as_of() }}
        and (valid_to > {{ as_of() }} or valid_to is null)
),

stages as (
    select * from {{ ref('int_lifecycle__stage_numbers') }}
),

pairs as (
    select
        stays.stage_number,
        others.stage_number as other_stage_number,
        count(*) as customers
    from stays
    inner join stays as others
        on
            stays.customer_number = others.customer_number
            and stays.model_number < others.model_number
    group by stays.stage_number, others.stage_number
),

both_ways as (
    select * from pairs
    union all
    select
        other_stage_number as stage_number,
        stage_number as other_stage_number,
        customers
    from pairs
)

select
    stages.model_id,
    stages.stage,
    other_stages.model_id as other_model_id,
    other_stages.stage as other_stage,
    cast(both_ways.customers as bigint) as customers,
    cast(both_ways.customers as double) / sum(both_ways.customers) over (
        partition by stages.model_id, stages.stage, other_stages.model_id
    ) as share_of_stage
from both_ways
inner join stages on both_ways.stage_number = stages.stage_number
inner join stages as other_stages on both_ways.other_stage_number = other_stages.stage_number
