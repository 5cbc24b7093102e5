-- The flows as a diagram draws them: from left to right, so a way back ends in a node of its own.
with

flows as (
    select * from {{ ref('stage_flows') }}
),

stages as (
    select * from {{ ref('stages') }}
),

last_days as (
    select {{ local_date(as_of()) }} - 1 as last_day
),

windows as (
    select 28 as period_days
    union all
    select 91 as period_days
    union all
    select 364 as period_days
),

summed as (
    select
        flows.model_id,
        windows.period_days,
        flows.from_stage,
        flows.to_stage,
        sum(flows.customers) as customers,
        sum(flows.customers_by_time) as customers_by_time
    from flows
    cross join last_days
    inner join windows on flows.date > last_days.last_day - windows.period_days
    group by flows.model_id, windows.period_days, flows.from_stage, flows.to_stage
),

ordered as (
    select
        summed.*,
        from_stages.stage_order as from_order,
        to_stages.stage_order as to_order,
        coalesce(to_stages.stage_order <= from_stages.stage_order, false) as is_back
    from summed
    inner join stages as to_stages on summed.model_id = to_stages.model_id and summed.to_stage = to_stages.stage
    left join stages as from_stages on summed.model_id = from_stages.model_id and summed.from_stage = from_stages.stage
)

select
    model_id,
    period_days,
    cast(row_number() over (
        partition by model_id, period_days
        order by coalesce(from_order, -1), to_order, from_stage, to_stage, model_id
    ) as integer) as link_order,
    from_stage,
    to_stage,
    coalesce(from_stage, 'first seen') as from_node,
    case when is_back then 'back to ' || to_stage else to_stage end as to_node,
    is_back,
    cast(customers as bigint) as customers,
    cast(customers_by_time as bigint) as customers_by_time
from ordered
