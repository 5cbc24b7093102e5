with

carts as (
    select * from {{ ref('stg_shop__carts') }}
),

customer_keys as (
    select * from {{ ref('int_customers__keys') }}
),

orders as (
    select * from {{ ref('int_orders__priced') }}
),

rates as (
    select * from {{ ref('int_fx__rates') }}
)

select
    carts.cart_key,
    carts.source,
    customer_keys.customer_key,
    carts.session_key,
    orders.order_key,
    carts.created_at,
    carts.cart_date,
    carts.checkout_started_at,
    carts.items_count,
    orders.order_key is null as is_abandoned,
    {{ in_reporting_currency('carts.amount') }} as amount
from carts
left join customer_keys
    on carts.account_key = customer_keys.lookup_key and customer_keys.lookup_type = 'account'
-- An order the run may not know yet has not been placed: the cart is still open.
left join orders on carts.order_key = orders.order_key
left join rates
    on
        carts.currency = rates.currency
        and carts.cart_date >= rates.valid_from
        and carts.cart_date < rates.valid_to
