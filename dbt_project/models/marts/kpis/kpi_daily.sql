with

periods as (
    select * from {{ ref('kpi_period') }}
    where period_type = 'day'
)

select
    period_start as date,
    metric,
    dimension,
    dimension_value,
    value,
    numerator,
    denominator,
    unit,
    currency,
    adds_up
from periods
