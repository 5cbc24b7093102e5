-- The metrics of each stage in the last month that is over, beside the months before, goal and benchmark.
with

stage_metrics as (
    select * from {{ ref('stage_metrics') }}
),

months as (
    select * from {{ ref('kpi_period') }}
    where period_type = 'month' and dimension = 'all' and is_complete and value is not null
),

last_months as (
    select
        metric,
        max(period_start) as month
    from months
    group by metric
)

select
    stage_metrics.model_id,
    stage_metrics.stage,
    stage_metrics.metric,
    months.period_start as month,
    months.value,
    months.numerator,
    months.denominator,
    months.unit,
    months.currency,
    earlier.value as value_month_before,
    year_earlier.value as value_year_before,
    stage_metrics.better,
    stage_metrics.goal,
    stage_metrics.benchmark,
    stage_metrics.benchmark_source,
    case
        when months.value is null then 'no data'
        when stage_metrics.goal is null and stage_metrics.benchmark is null then 'no reference'
        when stage_metrics.better = 'up' and months.value >= coalesce(stage_metrics.goal, stage_metrics.benchmark)
            then 'reached'
        when stage_metrics.better = 'down' and months.value <= coalesce(stage_metrics.goal, stage_metrics.benchmark)
            then 'reached'
        else 'missed'
    end as status
from stage_metrics
left join last_months on stage_metrics.metric = last_months.metric
left join months on last_months.metric = months.metric and last_months.month = months.period_start
left join months as earlier
    on
        last_months.metric = earlier.metric
        and cast(last_months.month - interval 1 month as date) = earlier.period_start
left join months as year_earlier
    on
        last_months.metric = year_earlier.metric
        and cast(last_months.month - interval 12 month as date) = year_earlier.period_start
