-- Orders and what was given back
select ordered_at, order_number, status, order_sequence, net_revenue, refunded_amount, currency, fully_refunded_at
from marts.fct_orders
where customer_key = $customer
order by ordered_at, order_key
