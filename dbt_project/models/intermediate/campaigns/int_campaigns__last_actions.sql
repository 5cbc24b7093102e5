-- When a customer last did what makes a message pointless.
with

orders as (
    select * from {{ ref('int_orders__net_of_refunds') }}
),

carts as (
    select * from {{ ref('int_carts__identified') }}
),

reviews as (
    select * from {{ ref('int_reviews__identified') }}
),

subscriptions as (
    select * from {{ ref('stg_shop__subscriptions') }}
),

customer_keys as (
    select * from {{ ref('int_customers__keys') }}
    where lookup_type = 'account'
),

actions as (
    select
        customer_key,
        'order' as action,
        max(ordered_at) as last_at
    from orders
    -- A pending order is one: nobody wants to be reminded of it.
    where status <> 'cancelled' and customer_key is not null and fully_refunded_at is null
    group by customer_key
    union all
    select
        customer_key,
        'cart' as action,
        max(created_at) as last_at
    from carts
    where customer_key is not null
    group by customer_key
    union all
    select
        customer_key,
        'review' as action,
        max(reviewed_at) as last_at
    from reviews
    where customer_key is not null
    group by customer_key
    union all
    select
        customer_keys.customer_key,
        'subscription' as action,
        max(subscriptions.started_at) as last_at
    from subscriptions
    inner join customer_keys on subscriptions.account_key = customer_keys.lookup_key
    group by customer_keys.customer_key
)

select
    customer_key,
    action,
    last_at
from actions
