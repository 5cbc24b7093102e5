with months as (
    select
        *,
        dense_rank() over (order by period_start desc) as recency
    from marts.kpi_period
    where period_type = 'month' and metric = 'cac' and dimension = 'channel' and is_complete
)

select
    period_start as month,
    dimension_value as channel,
    numerator as spend
from months
where recency <= 24 and numerator > 0
order by channel, month
