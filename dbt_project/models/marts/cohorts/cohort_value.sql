with

cells as (
    select * from {{ ref('cohort_retention') }}
    where is_mature
),

parameters as (
    select value as costed_share_min
    from {{ ref('kpi_parameters') }}
    where parameter = 'costed_share_min'
),

-- One order of unknown cost leaves the margin unknown from its period on.
cumulated as (
    select
        *,
        sum(orders) over ages as cumulative_orders,
        sum(gross_revenue) over ages as cumulative_gross_revenue,
        sum(net_revenue) over ages as cumulative_net_revenue,
        sum(costed_revenue) over ages as cumulative_costed_revenue,
        sum(costed_margin) over ages as cumulative_costed_margin,
        case when count(*) over ages = count(margin) over ages then sum(margin) over ages end as cumulative_margin
    from cells
    window ages as (
        partition by cohort_event, period_type, dimension, dimension_value, cohort_start order by age
    )
),

scaled as (
    select
        cumulated.*,
        {{ contribution(
            'cumulated.cumulative_gross_revenue', 'cumulated.cumulative_net_revenue',
            'cumulated.cumulative_costed_revenue', 'cumulated.cumulative_costed_margin', 'parameters.costed_share_min'
        ) }} as cumulative_contribution
    from cumulated
    cross join parameters
)

select
    cohort_event,
    period_type,
    dimension,
    dimension_value,
    cohort_start,
    age,
    cohort_customers,
    cast(cumulative_orders as bigint) as cumulative_orders,
    cast(cumulative_net_revenue as decimal(18, 4)) as cumulative_net_revenue,
    cast(cumulative_margin as decimal(18, 4)) as cumulative_margin,
    cast(cumulative_contribution as decimal(18, 4)) as cumulative_contribution,
    cast(cast(cumulative_net_revenue as double) / cohort_customers as decimal(18, 4)) as net_revenue_per_member,
    cast(cast(cumulative_margin as double) / cohort_customers as decimal(18, 4)) as margin_per_member,
    cast(cumulative_contribution / cohort_customers as decimal(18, 4)) as contribution_per_member,
    case
        when cumulative_gross_revenue > 0
            then cast(cumulative_costed_revenue as double) / cast(cumulative_gross_revenue as double)
    end as costed_share,
    currency
from scaled
