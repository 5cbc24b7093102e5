-- The last week and the last month that are over, beside the one before, the one a year before, and the goal.
with

headlines as (
    select * from {{ ref('headline_metrics') }}
),

definitions as (
    select * from {{ ref('kpi_definitions') }}
),

periods as (
    select * from {{ ref('kpi_period') }}
    where period_type in ('week', 'month') and dimension = 'all' and is_complete
),

-- One period for all metrics: a metric that has stopped is unknown in it, not what it was when last seen.
last_periods as (
    select
        period_type,
        max(period_start) as period_start
    from periods
    group by period_type
),

references_of_periods as (
    select
        period_type,
        period_start,
        case
            when period_type = 'week' then cast(period_start - interval 7 day as date)
            else cast(period_start - interval 1 month as date)
        end as start_before,
        case
            when period_type = 'week' then cast(period_start - interval 364 day as date)
            else cast(period_start - interval 12 month as date)
        end as start_year_before
    from last_periods
),

compared as (
    select
        headlines.*,
        definitions.unit,
        dates.period_type,
        dates.period_start,
        periods.value,
        periods.currency,
        before.value as value_before,
        year_before.value as value_year_before,
        periods.value - before.value as change,
        -- What holds for a month holds for a week only where nothing is added up.
        case
            when dates.period_type = 'month' or definitions.unit in ('share', 'ratio', 'percent') then headlines.goal
        end as own_goal
    from headlines
    inner join definitions on headlines.metric = definitions.metric
    cross join references_of_periods as dates
    left join periods
        on
            headlines.metric = periods.metric
            and dates.period_type = periods.period_type
            and dates.period_start = periods.period_start
    left join periods as before
        on
            headlines.metric = before.metric
            and dates.period_type = before.period_type
            and dates.start_before = before.period_start
    left join periods as year_before
        on
            headlines.metric = year_before.metric
            and dates.period_type = year_before.period_type
            and dates.start_year_before = year_before.period_start
)

select
    position,
    metric,
    name,
    period_type,
    period_start,
    value,
    unit,
    currency,
    value_before,
    change,
    change / nullif(abs(value_before), 0) as relative_change,
    case
        when change is null then null
        when change = 0 then 'same'
        when (change > 0) = (better = 'up') then 'better'
        else 'worse'
    end as trend,
    value_year_before,
    better,
    own_goal as goal,
    case
        when value is null then 'no data'
        when own_goal is null then 'no goal'
        when better = 'up' and value >= own_goal then 'reached'
        when better = 'down' and value <= own_goal then 'reached'
        else 'missed'
    end as goal_status
from compared
