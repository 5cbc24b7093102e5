with latest as (
    select max(cohort_month) as last_month from marts.acquisition_payback
)

select
    payback.dimension_value as channel,
    payback.cohort_month,
    payback.status,
    payback.months_to_payback,
    payback.new_customers,
    payback.acquisition_spend,
    payback.cac,
    payback.contribution_per_member
from marts.acquisition_payback as payback
cross join latest
where payback.dimension = 'acquisition_channel' and payback.cohort_month > latest.last_month - interval 12 month
order by channel, cohort_month
