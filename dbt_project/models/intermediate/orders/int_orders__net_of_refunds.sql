-- A view: two wide tables of the same orders would cost more to write than the few refunds cost to add up.
{{ config(materialized='view') }}

with

orders as (
    select * from {{ ref('int_orders__priced') }}
),

refund_totals as (
    select * from {{ ref('int_refunds__totals') }}
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
