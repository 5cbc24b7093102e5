-- Drop-off beside what is usual and what the shop wants.
with

stays as (
    select * from {{ ref('int_lifecycle__stays') }}
    where valid_from < {{ as_of() }}
),

stages as (
    select * from {{ ref('int_lifecycle__stage_numbers') }}
),

counts as (
    select * from {{ ref('int_lifecycle__dropoffs') }}
),

parameters as (
    select
        max(value) filter (where parameter = 'dropoff_watch_gap') as watch_gap,
        max(value) filter (where parameter = 'dropoff_critical_gap') as critical_gap
    from {{ ref('stage_parameters') }}
),

populations as (
    select
        stage_number,
        count(*) as customers
    from stays
    where valid_to > {{ as_of() }} or valid_to is null
    group by stage_number
),

rates as (
    select
        stages.*,
        coalesce(populations.customers, 0) as customers,
        coalesce(counts.entered_customers, 0) as entered_customers,
        case
            when stages.lost_to_stage is not null then coalesce(counts.decided_customers, 0)
            else coalesce(counts.entered_customers, 0) - coalesce(counts.decided_customers, 0)
        end as dropped_customers
    from stages
    left join populations on stages.stage_number = populations.stage_number
    left join counts on stages.stage_number = counts.stage_number
),

compared as (
    select
        rates.*,
        case
            when rates.entered_customers > 0 then cast(rates.dropped_customers as double) / rates.entered_customers
        end as dropoff_rate
    from rates
    where rates.horizon_days is not null
)

select
    compared.model_id,
    compared.stage,
    compared.stage_order,
    compared.horizon_days,
    cast(compared.customers as bigint) as customers,
    compared.customers = 0 as is_empty,
    cast(compared.entered_customers as bigint) as entered_customers,
    cast(compared.dropped_customers as bigint) as dropped_customers,
    compared.dropoff_rate,
    compared.dropoff_benchmark,
    compared.benchmark_source,
    compared.dropoff_rate - compared.dropoff_benchmark as benchmark_gap,
    compared.dropoff_goal,
    compared.dropoff_rate - compared.dropoff_goal as goal_gap,
    case
        when compared.dropoff_rate is null then 'no data'
        when coalesce(compared.dropoff_goal, compared.dropoff_benchmark) is null then 'no reference'
        when
            compared.dropoff_rate - coalesce(compared.dropoff_goal, compared.dropoff_benchmark)
            >= parameters.critical_gap
            then 'critical'
        when
            compared.dropoff_rate - coalesce(compared.dropoff_goal, compared.dropoff_benchmark)
            >= parameters.watch_gap
            then 'watch'
        else 'ok'
    end as severity
from compared
cross join parameters
