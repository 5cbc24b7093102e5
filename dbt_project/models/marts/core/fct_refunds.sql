with

refunds as (
    select * from {{ ref('int_refunds__matched') }}
)

select
    refund_key,
    order_key,
    customer_key,
    product_key,
    source,
    refund_id,
    order_match,
    refunded_at,
    refund_date,
    reason,
    quantity,
    refunded_amount,
    refunded_tax_amount,
    '{{ var("reporting_currency") }}' as currency
from refunds
