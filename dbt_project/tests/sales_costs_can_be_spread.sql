-- A range without a day would lose its cost, and an amount in a currency without a rate too.
with

costs as (
    select * from {{ ref('sales_costs') }}
),

rates as (
    select from_currency as currency from {{ ref('fx_rates') }}
    union
    select to_currency as currency from {{ ref('fx_rates') }}
)

select costs.cost_id
from costs
left join rates on costs.currency = rates.currency
where
    cast(costs.valid_to as date) < cast(costs.valid_from as date)
    or cast(costs.amount as decimal(18, 4)) < 0
    or rates.currency is null
