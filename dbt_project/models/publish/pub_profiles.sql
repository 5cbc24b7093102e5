-- What e-mail tools may know of whoever agreed to e-mail: numbers and classes, nothing that names a person.
with

consents as (
    select * from {{ ref('customer_consents') }}
    where channel = 'email' and is_granted
),

customers as (
    select * from {{ ref('dim_customers') }}
),

rfm as (
    select * from {{ ref('customer_rfm') }}
),

clv as (
    select * from {{ ref('customer_clv') }}
),

churn_risk as (
    select * from {{ ref('customer_churn_risk') }}
)

select
    customers.customer_key,
    customers.stage,
    customers.stage_entered_at,
    rfm.group_id as rfm_group,
    clv.expected_value as clv_expected_value,
    clv.historic_value as clv_historic_value,
    churn_risk.expected_next_order_on,
    churn_risk.band_id as churn_band,
    customers.orders_count,
    customers.net_revenue,
    customers.currency,
    customers.acquisition_channel,
    customers.country
from customers
inner join consents on customers.customer_key = consents.customer_key
left join rfm on customers.customer_key = rfm.customer_key
left join clv on customers.customer_key = clv.customer_key
left join churn_risk on customers.customer_key = churn_risk.customer_key
