with

costs as (
    select * from {{ ref('kpi_period') }}
    where metric = 'cac' and period_type = 'month'
),

cohorts as (
    select * from {{ ref('cohort_value') }}
    where cohort_event = 'first_order' and period_type = 'month' and dimension in ('all', 'acquisition_channel')
),

months as (
    select
        period_start as cohort_month,
        case when dimension = 'channel' then 'acquisition_channel' else dimension end as dimension,
        dimension_value,
        cast(denominator as bigint) as new_customers,
        case when is_complete then numerator end as spend
    from costs
),

progress as (
    select
        months.cohort_month,
        months.dimension,
        months.dimension_value,
        months.new_customers,
        months.spend,
        max(cohorts.age) as observed_months,
        min(cohorts.age) filter (where cohorts.cumulative_contribution >= months.spend) as months_to_payback,
        count(*) filter (where cohorts.age is not null and cohorts.cumulative_contribution is null) as unknown_ages,
        max_by(cohorts.contribution_per_member, cohorts.age) as contribution_per_member
    from months
    left join cohorts
        on
            months.cohort_month = cohorts.cohort_start
            and months.dimension = cohorts.dimension
            and months.dimension_value = cohorts.dimension_value
    group by months.cohort_month, months.dimension, months.dimension_value, months.new_customers, months.spend
)

select
    cohort_month,
    dimension,
    dimension_value,
    new_customers,
    cast(spend as decimal(18, 4)) as acquisition_spend,
    cast(cast(spend as double) / nullif(new_customers, 0) as decimal(18, 4)) as cac,
    observed_months,
    cast(contribution_per_member as decimal(18, 4)) as contribution_per_member,
    months_to_payback,
    case
        when spend is null then 'spend unknown'
        when new_customers = 0 then 'no customers'
        when observed_months is null then 'month still runs'
        when months_to_payback is not null then 'paid back'
        when unknown_ages > 0 then 'cost of goods unknown'
        else 'not yet'
    end as status,
    '{{ var("reporting_currency") }}' as currency
from progress
