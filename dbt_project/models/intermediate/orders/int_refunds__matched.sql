-- A refund that names no order belongs to the customer's last completed order of that product before it.
with

refunds as (
    select * from {{ ref('stg_shop__refunds') }}
),

orders as (
    select * from {{ ref('int_orders__priced') }}
),

order_lines as (
    select * from {{ ref('int_order_lines__converted') }}
),

rates as (
    select * from {{ ref('int_fx__rates') }}
),

customer_keys as (
    select * from {{ ref('int_customers__keys') }}
),

candidates as (
    select
        refunds.refund_key,
        orders.order_key,
        row_number() over (
            partition by refunds.refund_key
            order by orders.ordered_at desc, orders.order_key asc
        ) as recency
    from refunds
    inner join orders
        on
            refunds.account_key = orders.account_key
            and refunds.refunded_at >= orders.ordered_at
    inner join order_lines
        on
            orders.order_key = order_lines.order_key
            and refunds.product_key = order_lines.product_key
    where refunds.order_key is null and orders.status = 'completed'
),

matched as (
    select
        refund_key,
        order_key
    from candidates
    where recency = 1
)

select
    refunds.refund_key,
    refunds.source,
    refunds.refund_id,
    orders.order_key,
    coalesce(orders.customer_key, accounts.customer_key) as customer_key,
    refunds.product_key,
    case
        -- Also when the shop names an order from before its first export: no mart has it.
        when orders.order_key is null then 'unmatched'
        when refunds.order_key is not null then 'named'
        else 'matched'
    end as order_match,
    refunds.refunded_at,
    refunds.refund_date,
    refunds.reason,
    refunds.quantity,
    {{ in_reporting_currency('refunds.amount') }} as refunded_amount,
    {{ in_reporting_currency('refunds.tax_amount') }} as refunded_tax_amount
from refunds
-- At the order's rate, so that a full refund takes back exactly what was booked; the refund's own day without an order.
left join matched on refunds.refund_key = matched.refund_key
left join orders on coalesce(refunds.order_key, matched.order_key) = orders.order_key
inner join rates
    on
        refunds.currency = rates.currency
        and coalesce(orders.order_date, refunds.refund_date) >= rates.valid_from
        and coalesce(orders.order_date, refunds.refund_date) < rates.valid_to
left join customer_keys as accounts
    on refunds.account_key = accounts.lookup_key and accounts.lookup_type = 'account'
