-- What there is to choose from: by month with every dimension, by week of all customers; of a dimension the 12 largest values.
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
)

select
    case cohort_event when 'first_order' then 'first order' else cohort_event end || ', by ' || period_type as cohort,
    replace(dimension, '_', ' ') as dimension,
    dimension_value,
    customers
from ranked
where size_rank <= 12 and customers > 0
order by cohort_event, period_type, dimension <> 'all', dimension, size_rank
