-- The one event log of the lifecycle: what can move a customer between stages, other than time.
with

customers as (
    select * from {{ ref('int_customers__registered') }}
),

acquired as (
    select * from {{ ref('int_customers__acquired') }}
),

orders as (
    select * from {{ ref('int_orders__net_of_refunds') }}
),

refunds as (
    select * from {{ ref('int_refunds__matched') }}
),

unioned as (
    select
        customer_key,
        'registered' as event_type,
        1 as event_rank,
        customer_key as cause_id,
        registered_at as event_at
    from customers
    where registered_at is not null
    union all
    select
        customer_key,
        'first_session' as event_type,
        0 as event_rank,
        customer_key as cause_id,
        first_session_at as event_at
    from acquired
    where first_session_at is not null
    union all
    select
        customer_key,
        'order_completed' as event_type,
        2 as event_rank,
        order_key as cause_id,
        ordered_at as event_at
    from orders
    where is_completed and customer_key is not null
    union all
    select
        customer_key,
        'order_refunded' as event_type,
        3 as event_rank,
        order_key as cause_id,
        fully_refunded_at as event_at
    from orders
    where is_completed and customer_key is not null and fully_refunded_at is not null
    -- Moves nobody, but a customer of whom only a refund is known has to be somewhere.
    union all
    select
        customer_key,
        'refund_without_order' as event_type,
        4 as event_rank,
        refund_key as cause_id,
        refunded_at as event_at
    from refunds
    where order_match = 'unmatched' and customer_key is not null
)

select
    customer_key,
    event_type,
    cause_id,
    event_at,
    row_number() over customer_events as event_number,
    lead(event_at) over customer_events as next_event_at
from unioned
window customer_events as (partition by customer_key order by event_at, event_rank, cause_id)
