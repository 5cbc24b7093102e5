with

beginnings as (
    select * from {{ ref('cohort_retention') }}
    where age = 0
),

splits as (
    select
        cohort_event,
        period_type,
        dimension,
        dimension_value,
        sum(cohort_customers) as customers,
        max(cohort_start) as latest_cohort_start
    from beginnings
    group by all
)

select
    cohort_event,
    period_type,
    dimension,
    dimension_value,
    cast(customers as bigint) as customers,
    cast(rank() over (
        partition by cohort_event, period_type, dimension
        order by customers desc, dimension_value asc
    ) as integer) as size_rank,
    max(latest_cohort_start) over (partition by period_type) as latest_cohort_start
from splits
