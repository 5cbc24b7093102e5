-- After each event: how many completed, not fully refunded orders the customer has, and the first and last of them.
with

events as (
    select * from {{ ref('int_lifecycle__events') }}
),

orders as (
    select
        events.customer_key,
        events.event_number,
        events.event_at,
        refunds.event_number as refund_event_number
    from events
    left join events as refunds
        on
            events.customer_key = refunds.customer_key
            and events.cause_id = refunds.cause_id
            and refunds.event_type = 'order_refunded'
    where events.event_type = 'order_completed'
),

-- A refund takes an order out of the middle of the history, so these few customers are counted event by event.
refunded_customers as (
    select distinct customer_key
    from orders
    where refund_event_number is not null
),

replayed as (
    select
        events.customer_key,
        events.event_number,
        count(orders.event_number) as orders_count,
        min(orders.event_at) as first_order_at,
        max(orders.event_at) as last_order_at,
        max(orders.event_number) as last_order_number
    from events
    inner join refunded_customers on events.customer_key = refunded_customers.customer_key
    left join orders
        on
            events.customer_key = orders.customer_key
            and events.event_number >= orders.event_number
            and (orders.refund_event_number is null or events.event_number < orders.refund_event_number)
    group by events.customer_key, events.event_number
),

running as (
    select
        *,
        count(*) filter (where event_type = 'order_completed') over so_far as orders_count,
        min(event_at) filter (where event_type = 'order_completed') over so_far as first_order_at,
        max(event_at) filter (where event_type = 'order_completed') over so_far as last_order_at,
        max(event_number) filter (where event_type = 'order_completed') over so_far as last_order_number,
        min(event_at) over so_far as first_event_at
    from events
    window so_far as (
        partition by customer_key
        order by event_number
        rows between unbounded preceding and current row
    )
)

select
    running.customer_key,
    running.event_number,
    running.event_type,
    running.cause_id,
    running.event_at,
    running.next_event_at,
    running.first_event_at,
    case when refunded_customers.customer_key is null then running.orders_count else replayed.orders_count end
        as orders_count,
    case when refunded_customers.customer_key is null then running.first_order_at else replayed.first_order_at end
        as first_order_at,
    case when refunded_customers.customer_key is null then running.last_order_at else replayed.last_order_at end
        as last_order_at,
    case when refunded_customers.customer_key is null then running.last_order_number else replayed.last_order_number end
        as last_order_number
from running
left join refunded_customers on running.customer_key = refunded_customers.customer_key
left join replayed
    on running.customer_key = replayed.customer_key and running.event_number = replayed.event_number
