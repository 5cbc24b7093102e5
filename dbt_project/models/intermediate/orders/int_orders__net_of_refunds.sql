-- A view: two wide tables of the same orders would cost more to write than the few refunds cost to add up.
{{ config(materialized='view') }}

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
),

refund_totals as (
    select
        order_key,
        sum(refunded_amount) as refunded_amount,
        sum(refunded_tax_amount) as refunded_tax_amount,
        min(refunded_at) filter (where refunded_so_far >= paid_amount and paid_amount > 0) as fully_refunded_at
    from refund_progress
    group by order_key
),

netted as (
    select
        orders.*,
        orders.status = 'completed' as is_completed,
        coalesce(refund_totals.refunded_amount, 0) as refunded_amount,
        coalesce(refund_totals.refunded_tax_amount, 0) as refunded_tax_amount,
        refund_totals.fully_refunded_at,
        orders.gross_amount - orders.discount_amount + orders.shipping_amount
        - case when orders.taxes_included then orders.tax_amount else 0 end as revenue_before_refunds
    from orders
    left join refund_totals on orders.order_key = refund_totals.order_key
)

select
    *,
    case when is_completed then revenue_before_refunds else 0 end as gross_revenue,
    case
        when is_completed then revenue_before_refunds - (refunded_amount - refunded_tax_amount)
        else 0
    end as net_revenue
from netted
