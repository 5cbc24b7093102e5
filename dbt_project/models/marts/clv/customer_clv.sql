with

customers as (
    select * from {{ ref('dim_customers') }}
    where orders_placed_count > 0
),

predicted as (
    select * from {{ ref('int_clv__predicted') }}
),

parameters as (
    select
        max(value) filter (where parameter = 'clv_simple_years') as years_kept,
        cast(max(value) filter (where parameter = 'clv_horizon_days') as integer) as horizon_days
    from {{ ref('segment_parameters') }}
),

-- Less than a year of a customer says nothing of a year: it counts as one.
yearly as (
    select
        customers.customer_key,
        customers.net_revenue,
        customers.orders_count,
        customers.orders_count
        / greatest({{ days_between(local_date('customers.first_order_at'), last_day()) }} / 365.0, 1.0)
            as orders_per_year,
        cast(customers.net_revenue as double) / nullif(customers.orders_count, 0) as average_order_value
    from customers
)

select
    yearly.customer_key,
    yearly.net_revenue as historic_value,
    yearly.orders_per_year,
    cast(yearly.average_order_value as decimal(18, 4)) as average_order_value,
    parameters.years_kept,
    cast(
        yearly.orders_per_year * yearly.average_order_value * parameters.years_kept as decimal(18, 4)
    ) as simple_value,
    parameters.horizon_days,
    predicted.probability_alive,
    predicted.expected_orders,
    cast(predicted.expected_spend as decimal(18, 4)) as expected_spend,
    cast(predicted.expected_value as decimal(18, 4)) as expected_value,
    cast(predicted.expected_value_low as decimal(18, 4)) as expected_value_low,
    cast(predicted.expected_value_high as decimal(18, 4)) as expected_value_high,
    '{{ var("reporting_currency") }}' as currency,
    case
        when predicted.customer_key is null then 'every order was fully refunded'
        else predicted.reason
    end as reason
from yearly
cross join parameters
left join predicted on yearly.customer_key = predicted.customer_key
