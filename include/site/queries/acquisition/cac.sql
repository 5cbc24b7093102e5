-- The last 12 months that are over, added up: spend stays in where nobody was won.
with months as (
    select
        *,
        dense_rank() over (order by period_start desc) as recency
    from marts.kpi_period
    where period_type = 'month' and metric = 'cac' and dimension = 'channel' and is_complete
)

select
    dimension_value || if(sum(numerator) > 0 and coalesce(sum(denominator), 0) = 0, ' (spend without customers)', '') as channel,
    sum(numerator) as spend,
    sum(denominator) as new_customers,
    case when sum(denominator) > 0 then sum(numerator) / sum(denominator) end as cac
from months
where recency <= 12
group by dimension_value
order by spend desc nulls last, new_customers desc, channel
