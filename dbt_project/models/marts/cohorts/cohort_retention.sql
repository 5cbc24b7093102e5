with

orders as (
    select * from {{ ref('int_orders__net_of_refunds') }}
),

refunds as (
    select * from {{ ref('int_refunds__matched') }}
),

members as (
    select
        customer_key,
        cast(date_trunc('month', order_date) as date) as cohort_month
    from orders
    where order_sequence = 1
),

cohorts as (
    select
        cohort_month,
        count(*) as cohort_customers
    from members
    group by cohort_month
),

last_months as (
    select cast(date_trunc('month', {{ last_day() }}) as date) as last_month
),

bounds as (
    select
        min(cohorts.cohort_month) as first_month,
        max(last_months.last_month) as last_month
    from cohorts
    cross join last_months
),

days as (
    select {{ each_day('first_month', 'last_month') }} as day
    from bounds
),

calendar as (
    select distinct cast(date_trunc('month', day) as date) as month
    from days
),

cells as (
    select
        cohorts.cohort_month,
        cohorts.cohort_customers,
        calendar.month
    from cohorts
    inner join calendar on cohorts.cohort_month <= calendar.month
),

activity as (
    select
        members.cohort_month,
        cast(date_trunc('month', orders.order_date) as date) as month,
        count(distinct orders.customer_key) as active_customers,
        count(*) as orders,
        sum(orders.gross_revenue) as gross_revenue
    from members
    inner join orders on members.customer_key = orders.customer_key and orders.is_completed
    group by members.cohort_month, cast(date_trunc('month', orders.order_date) as date)
),

-- Money given back counts in the month it was given back, not in the month of the order; at age 0 when the order it
-- undoes lies before the first order we know.
given_back as (
    select
        members.cohort_month,
        greatest(members.cohort_month, cast(date_trunc('month', refunds.refund_date) as date)) as month,
        sum(refunds.refunded_amount - refunds.refunded_tax_amount) as refunded
    from members
    inner join refunds on members.customer_key = refunds.customer_key
    left join orders on refunds.order_key = orders.order_key
    where orders.order_key is null or orders.is_completed
    group by
        members.cohort_month,
        greatest(members.cohort_month, cast(date_trunc('month', refunds.refund_date) as date))
)

select
    cells.cohort_month,
    cast({{ month_number('cells.month') }} - {{ month_number('cells.cohort_month') }} as integer) as months_since,
    cells.cohort_customers,
    coalesce(activity.active_customers, 0) as active_customers,
    coalesce(activity.orders, 0) as orders,
    cast(coalesce(activity.gross_revenue, 0) - coalesce(given_back.refunded, 0) as decimal(18, 4)) as net_revenue,
    '{{ var("reporting_currency") }}' as currency,
    cast(cells.month + interval 1 month as date) <= {{ local_date(as_of()) }} as is_mature
from cells
left join activity on cells.cohort_month = activity.cohort_month and cells.month = activity.month
left join given_back on cells.cohort_month = given_back.cohort_month and cells.month = given_back.month
