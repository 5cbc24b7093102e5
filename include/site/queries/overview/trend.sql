with months as (
    select
        *,
        row_number() over (partition by metric order by period_start desc) as recency
    from marts.kpi_period
    where period_type = 'month' and dimension = 'all' and is_complete
)

select
    headlines.name as metric,
    months.period_start as month,
    months.value,
    months.unit,
    headlines.goal
from months
inner join marts.kpi_headlines as headlines
    on months.metric = headlines.metric and headlines.period_type = 'month'
where months.recency <= 25
order by headlines.position, months.period_start
