select
    name,
    period_start,
    unit,
    value,
    value_before,
    change,
    relative_change,
    trend,
    value_year_before
from marts.kpi_headlines
where period_type = 'week'
order by position
