-- After each event: how many completed, not fully refunded orders the customer has, and the last of them.
{{ config(materialized='view') }}

with

events as (
    select * from {{ ref('int_lifecycle__events') }}
),

-- Each milestone is a bit, so that what a customer has reached is one whole number.
milestone_bits as (
    select
        stage_milestones.event_type,
        cast(sum(milestones.bit) as integer) as bits
    from {{ ref('stage_milestones') }} as stage_milestones
    inner join {{ ref('int_lifecycle__milestones') }} as milestones
        on stage_milestones.milestone = milestones.milestone
    group by stage_milestones.event_type
),

refunds as (
    select
        customer_number,
        cause_id,
        event_number
    from events
    where event_type = 'order_refunded'
),

-- A refund takes an order out of the middle of the history, so these few customers are counted event by event.
refunded_customers as (
    select distinct customer_number
    from refunds
),

orders_of_refunded as (
    select
        events.customer_number,
        events.event_number,
        events.event_at,
        refunds.event_number as refund_event_number
    from events
    inner join refunded_customers on events.customer_number = refunded_customers.customer_number
    left join refunds
        on
            events.customer_number = refunds.customer_number
            and events.cause_id = refunds.cause_id
    where events.event_type = 'order_completed'
),

replayed as (
    select
        events.customer_number,
        events.event_number,
        count(orders.event_number) as orders_count,
        max(orders.event_at) as last_order_at,
        max(orders.event_number) as last_order_number
    from events
    inner join refunded_customers on events.customer_number = refunded_customers.customer_number
    left join orders_of_refunded as orders
        on
            events.customer_number = orders.customer_number
            and events.event_number >= orders.event_number
            and (orders.refund_event_number is null or events.event_number < orders.refund_event_number)
    group by events.customer_number, events.event_number
),

running as (
    select
        events.customer_number,
        events.event_number,
        events.event_type = 'order_completed' as is_order,
        events.event_at,
        count(*) filter (where events.event_type = 'order_completed') over so_far as orders_count,
        max(events.event_at) filter (where events.event_type = 'order_completed') over so_far as last_order_at,
        max(events.event_number) filter (where events.event_type = 'order_completed') over so_far as last_order_number,
        min(events.event_at) over so_far as first_event_at,
        coalesce(bit_or(milestone_bits.bits) over so_far, 0) as milestones
    from events
    left join milestone_bits on events.event_type = milestone_bits.event_type
    window so_far as (
        partition by events.customer_number
        order by events.event_number
        rows between unbounded preceding and current row
    )
)

select
    running.customer_number,
    running.event_number,
    running.is_order,
    running.event_at,
    running.first_event_at,
    running.milestones,
    case when replayed.customer_number is null then running.orders_count else replayed.orders_count end as orders_count,
    case when replayed.customer_number is null then running.last_order_at else replayed.last_order_at end
        as last_order_at,
    case when replayed.customer_number is null then running.last_order_number else replayed.last_order_number end
        as last_order_number
from running
left join replayed
    on running.customer_number = replayed.customer_number and running.event_number = replayed.event_number
