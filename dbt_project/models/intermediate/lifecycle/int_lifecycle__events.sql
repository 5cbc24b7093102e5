-- The one event log of the lifecycle: what can move a customer between stages, other than time.
with

numbers as (
    select * from {{ ref('int_lifecycle__numbers') }}
),

customers as (
    select * from {{ ref('int_customers__registered') }}
),

first_touches as (
    select * from {{ ref('int_lifecycle__first_touches') }}
),

orders as (
    select * from {{ ref('int_orders__net_of_refunds') }}
    where is_completed and customer_key is not null
),

attempts as (
    select * from {{ ref('int_orders__net_of_refunds') }}
    where not is_completed and customer_key is not null
),

refunds as (
    select * from {{ ref('int_refunds__matched') }}
),

event_types as (
    select * from {{ ref('stage_events') }}
),

refunded as (
    select
        refunds.customer_key,
        case when refunds.order_key is null then 'refund_without_order' else 'order_partly_refunded' end as event_type,
        refunds.refund_key as cause_id,
        refunds.refunded_at as event_at,
        null as amount
    from refunds
    left join orders on refunds.order_key = orders.order_key
    where
        refunds.customer_key is not null
        and (refunds.order_key is null or orders.order_key is not null)
        -- The refund that completes a full one is the event order_refunded below.
        and refunds.refunded_at is distinct from orders.fully_refunded_at
),

unioned as (
    select
        customer_key,
        'registered' as event_type,
        customer_key as cause_id,
        registered_at as event_at,
        null as amount
    from customers
    where registered_at is not null
    union all
    select
        customer_key,
        event_type,
        customer_key as cause_id,
        event_at,
        null as amount
    from first_touches
    union all
    -- It counts for no order, but somebody is there.
    select
        customer_key,
        'order_attempted' as event_type,
        customer_key as cause_id,
        min(ordered_at) as event_at,
        null as amount
    from attempts
    group by customer_key
    union all
    select
        customer_key,
        'order_completed' as event_type,
        order_key as cause_id,
        ordered_at as event_at,
        gross_revenue as amount
    from orders
    union all
    select
        customer_key,
        'order_refunded' as event_type,
        order_key as cause_id,
        fully_refunded_at as event_at,
        null as amount
    from orders
    where fully_refunded_at is not null
    union all
    select * from refunded
)

select
    numbers.customer_number,
    unioned.customer_key,
    unioned.event_type,
    unioned.cause_id,
    unioned.event_at,
    cast(unioned.amount as decimal(18, 4)) as amount,
    cast(row_number() over customer_events as integer) as event_number,
    lead(unioned.event_at) over customer_events as next_event_at
from unioned
inner join numbers on unioned.customer_key = numbers.customer_key
inner join event_types on unioned.event_type = event_types.event_type
window customer_events as (
    partition by numbers.customer_number
    order by unioned.event_at, event_types.event_rank, unioned.cause_id
)
