-- The last 18 months or 20 weeks, as far as the build can see; of a dimension the 12 largest values.
with sizes as (
    select
        cohort_event,
        period_type,
        dimension,
        dimension_value,
        sum(cohort_customers) as customers
    from marts.cohort_retention
    where age = 0 and (period_type = 'month' or dimension = 'all')
    group by all
),

ranked as (
    select
        *,
        row_number() over (
            partition by cohort_event, period_type, dimension
            order by customers desc, dimension_value
        ) as size_rank
    from sizes
),

latest as (
    select period_type, max(cohort_start) as last_start
    from marts.cohort_retention
    group by period_type
)

select
    case retention.cohort_event when 'first_order' then 'first order' else retention.cohort_event end
    || ', by ' || retention.period_type as cohort,
    replace(retention.dimension, '_', ' ') as dimension,
    retention.dimension_value,
    retention.cohort_start,
    retention.cohort_customers,
    retention.age,
    worth.net_revenue_per_member
from marts.cohort_retention as retention
inner join ranked using (cohort_event, period_type, dimension, dimension_value)
inner join latest using (period_type)
left join marts.cohort_value as worth using (cohort_event, period_type, dimension, dimension_value, cohort_start, age)
where
    ranked.size_rank <= 12
    and retention.age <= if(retention.period_type = 'month', 17, 19)
    and retention.cohort_start > if(
        retention.period_type = 'month', last_start - interval 18 month, last_start - interval 20 week
    )
    and retention.cohort_customers > 0
order by retention.cohort_event, retention.period_type, retention.dimension, ranked.size_rank, cohort_start, age
