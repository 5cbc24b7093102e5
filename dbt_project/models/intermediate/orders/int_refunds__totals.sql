-- What was given back of each order, and when it was all of it.
with

orders as (
    select * from {{ ref('int_orders__priced') }}
),

refunds as (
    select * from {{ ref('int_refunds__matched') }}
),

refund_progress as (
    select
        refunds.order_key,
        refunds.refund_key,
        refunds.refunded_at,
        refunds.refunded_amount,
        refunds.refunded_tax_amount,
        sum(refunds.refunded_amount) over (
            partition by refunds.order_key
            order by refunds.refunded_at, refunds.refund_key
            rows between unbounded preceding and current row
        ) as refunded_so_far,
        orders.gross_amount - orders.discount_amount + orders.shipping_amount
        + case when orders.taxes_included then 0 else orders.tax_amount end as paid_amount
    from refunds
    inner join orders on refunds.order_key = orders.order_key
)

select
    order_key,
    sum(refunded_amount) as refunded_amount,
    sum(refunded_tax_amount) as refunded_tax_amount,
    min(refunded_at) filter (where refunded_so_far >= paid_amount and paid_amount > 0) as fully_refunded_at
from refund_progress
group by order_key
