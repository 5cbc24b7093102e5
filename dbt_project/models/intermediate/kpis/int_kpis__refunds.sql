-- A refund of an order that never counted as revenue takes nothing away; one that no order can be named for does.
with

refunds as (
    select * from {{ ref('int_refunds__matched') }}
),

orders as (
    select * from {{ ref('int_orders__net_of_refunds') }}
    where is_completed
),

buyers as (
    select * from {{ ref('int_kpis__buyers') }}
),

acquired as (
    select * from {{ ref('int_customers__acquired') }}
)

select
    refunds.refund_key,
    refunds.customer_key,
    refunds.refund_date,
    cast(refunds.refunded_amount - refunds.refunded_tax_amount as decimal(18, 4)) as refunded,
    buyers.first_order_date,
    buyers.registration_date,
    coalesce(acquired.acquisition_channel, 'unknown') as acquisition_channel,
    buyers.first_category,
    buyers.first_order_size,
    buyers.loyalty
from refunds
left join orders on refunds.order_key = orders.order_key
left join buyers on refunds.customer_key = buyers.customer_key
left join acquired on refunds.customer_key = acquired.customer_key
where refunds.order_key is null or orders.order_key is not null
