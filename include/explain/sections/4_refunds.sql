-- Refunds
select refunds.refunded_at, orders.order_number, refunds.reason, refunds.quantity, refunds.refunded_amount, refunds.currency
from marts.fct_refunds as refunds
left join marts.fct_orders as orders using (order_key)
where refunds.customer_key = $customer
order by refunds.refunded_at, refunds.refund_key
