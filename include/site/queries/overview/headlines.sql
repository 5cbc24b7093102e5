-- A tile per metric: the last month that is over, with the months before it.
with months as (
    select
        metric,
        period_start,
        value,
        row_number() over (partition by metric order by period_start desc) as recency
    from marts.kpi_period
    where period_type = 'month' and dimension = 'all' and is_complete
),

courses as (
    select metric, list(value order by period_start) as history
    from months
    where recency <= 13
    group by metric
)

select
    headlines.name,
    headlines.period_start,
    headlines.value,
    headlines.unit,
    headlines.value_before,
    headlines.relative_change,
    headlines.trend,
    headlines.goal,
    headlines.goal_status,
    courses.history
from marts.kpi_headlines as headlines
left join courses using (metric)
where headlines.period_type = 'month'
order by headlines.position
