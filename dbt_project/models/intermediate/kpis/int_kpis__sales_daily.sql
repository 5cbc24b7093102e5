with

orders as (
    select * from {{ ref('int_kpis__orders') }}
),

refunds as (
    select * from {{ ref('int_kpis__refunds') }}
),

customers as (
    select * from {{ ref('int_customers__registered') }}
    where registration_date is not null
),

acquired as (
    select * from {{ ref('int_customers__acquired') }}
),

parameters as (
    select cast(value as integer) as loyal_from_orders
    from {{ ref('kpi_parameters') }}
    where parameter = 'loyal_from_orders'
),

orders_daily as (
    select
        orders.order_date as date,
        orders.acquisition_channel as channel,
        'every' as period_type,
        count(*) as orders,
        count(orders.customer_key) as customer_orders,
        count(*) filter (where orders.order_sequence = 1) as new_customers,
        count(*) filter (where orders.order_sequence = 1) as customers_ever,
        count(*) filter (where orders.order_sequence > 1) as repeat_orders,
        count(*) filter (where orders.order_sequence >= parameters.loyal_from_orders) as loyal_orders,
        sum(orders.gross_revenue) as gross_revenue,
        sum(orders.paid_amount) as paid,
        sum(orders.gross_amount) as list_revenue,
        sum(orders.discount_amount) as discounts,
        sum(orders.shipping_amount) as shipping,
        sum(orders.tax_amount) as tax,
        sum(orders.items_count) as items,
        coalesce(sum(orders.gross_revenue) filter (where orders.order_sequence = 1), 0) as new_revenue,
        coalesce(sum(orders.gross_revenue) filter (where orders.order_sequence > 1), 0) as repeat_revenue,
        count(orders.margin) as costed_orders,
        sum(orders.margin) as costed_margin,
        sum(orders.gross_revenue) filter (where orders.margin is not null) as costed_revenue
    from orders
    cross join parameters
    group by orders.order_date, orders.acquisition_channel
),

refunds_daily as (
    select
        refund_date as date,
        acquisition_channel as channel,
        'every' as period_type,
        sum(refunded) as refunds
    from refunds
    group by refund_date, acquisition_channel
),

registrations_daily as (
    select
        customers.registration_date as date,
        acquired.acquisition_channel as channel,
        'every' as period_type,
        count(*) as registrations
    from customers
    inner join acquired on customers.customer_key = acquired.customer_key
    group by customers.registration_date, acquired.acquisition_channel
)

{{ as_measures('orders_daily', [
    'orders', 'customer_orders', 'new_customers', 'customers_ever', 'repeat_orders', 'loyal_orders', 'gross_revenue',
    'paid', 'list_revenue', 'discounts', 'shipping', 'tax', 'items', 'new_revenue', 'repeat_revenue', 'costed_orders',
    'costed_margin', 'costed_revenue',
]) }}
union all
{{ as_measures('refunds_daily', ['refunds']) }}
union all
{{ as_measures('registrations_daily', ['registrations']) }}
