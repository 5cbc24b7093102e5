-- The last 18 months or 20 weeks, as far as the build can see; of a dimension the 12 largest values.
select
    case retention.cohort_event when 'first_order' then 'first order' else retention.cohort_event end
    || ', by ' || retention.period_type as cohort,
    replace(retention.dimension, '_', ' ') as dimension,
    retention.dimension_value,
    retention.cohort_start,
    retention.cohort_customers,
    retention.age,
    retention.retention_rate
from marts.cohort_retention as retention
inner join marts.cohort_splits as splits using (cohort_event, period_type, dimension, dimension_value)
where
    splits.size_rank <= 12
    and (retention.period_type = 'month' or retention.dimension = 'all')
    and retention.age <= if(retention.period_type = 'month', 17, 19)
    and retention.cohort_start > if(
        retention.period_type = 'month',
        splits.latest_cohort_start - interval 18 month,
        splits.latest_cohort_start - interval 20 week
    )
    and retention.cohort_customers > 0
order by
    retention.cohort_event,
    retention.period_type,
    retention.dimension,
    splits.size_rank,
    retention.cohort_start,
    retention.age
