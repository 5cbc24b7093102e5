with

orders as (
    select * from {{ ref('int_orders__net_of_refunds') }}
)

select
    order_key,
    source,
    order_number,
    customer_key,
    session_key,
    ordered_at,
    order_date,
    status,
    is_completed,
    order_sequence,
    sales_channel,
    store_id,
    coupon_code,
    items_count,
    gross_amount,
    discount_amount,
    tax_amount,
    taxes_included,
    shipping_amount,
    cast(refunded_amount as decimal(18, 4)) as refunded_amount,
    cast(refunded_tax_amount as decimal(18, 4)) as refunded_tax_amount,
    cast(gross_revenue as decimal(18, 4)) as gross_revenue,
    cast(net_revenue as decimal(18, 4)) as net_revenue,
    '{{ var("reporting_currency") }}' as currency,
    order_currency,
    fx_rate,
    fully_refunded_at
from orders
