-- Every cent of an order is found again in each mart that adds orders up.
create or replace table audit.conservation as
with

orders as (
    select
        coalesce(sum(net_revenue), 0) as net_revenue,
        coalesce(sum(net_revenue) filter (where customer_key is null), 0) as without_customer,
        coalesce(sum(gross_amount), 0) as gross_amount
    from marts.fct_orders
),

loose_refunds as (
    select
        coalesce(sum(refunded_amount - refunded_tax_amount), 0) as refunded,
        coalesce(sum(refunded_amount - refunded_tax_amount) filter (where customer_key is null), 0) as without_customer
    from marts.fct_refunds
    where order_key is null
),

-- Customers who never completed an order are in no cohort, but may have been given money back.
without_cohort as (
    select coalesce(sum(net_revenue), 0) as net_revenue
    from marts.dim_customers
    where first_order_at is null
)

select
    'net revenue: orders and customers' as measure,
    cast(
        orders.net_revenue - orders.without_customer - loose_refunds.refunded + loose_refunds.without_customer
        as decimal(38, 4)
    ) as one_value,
    cast((select coalesce(sum(net_revenue), 0) from marts.dim_customers) as decimal(38, 4)) as other_value
from orders
cross join loose_refunds
union all
select
    'net revenue: customers and cohorts',
    (select coalesce(sum(net_revenue), 0) from marts.dim_customers) - without_cohort.net_revenue,
    (
        select coalesce(sum(net_revenue_so_far), 0) from marts.cohort_retention
        where cohort_event = 'first_order' and period_type = 'month' and dimension = 'all'
    )
from without_cohort
union all
select
    'net revenue: orders and daily KPIs',
    orders.net_revenue - loose_refunds.refunded,
    (
        select coalesce(sum(numerator), 0) from marts.kpi_daily
        where metric = 'net_revenue' and dimension = 'all'
    )
from orders
cross join loose_refunds
union all
select
    'gross amount: orders with lines and their lines',
    (
        select coalesce(sum(gross_amount), 0) from marts.fct_orders
        where order_key in (select order_key from marts.fct_order_lines)
    ),
    (select coalesce(sum(gross_amount), 0) from marts.fct_order_lines);

comment on table audit.conservation is 'One row per measure that two marts hold: both sums, in the reporting currency, must be the same to the cent.'
