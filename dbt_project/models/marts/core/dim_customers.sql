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

stages as (
    select * from {{ ref('int_lifecycle__stages') }}
),

events as (
    select * from {{ ref('int_lifecycle__events') }}
),

default_models as (
    select * from {{ ref('stage_models') }}
    where is_default
),

parameters as (
    select
        max(value) filter (where parameter = 'hold_out_salt') as salt,
        max(value) filter (where parameter = 'global_hold_out_share') as global_share
    from {{ ref('trigger_parameters') }}
),

first_events as (
    select
        customer_key,
        min(event_at) as first_seen_at
    from events
    group by customer_key
),

order_totals as (
    select
        customer_key,
        min(ordered_at) as first_order_at,
        max(ordered_at) filter (where fully_refunded_at is null) as last_order_at,
        count(*) filter (where fully_refunded_at is null) as orders_count,
        count(*) as orders_placed_count,
        sum(net_revenue) as net_revenue
    from orders
    where is_completed and customer_key is not null
    group by customer_key
),

-- Money given back that no order can be named for still belongs to the customer.
loose_refunds as (
    select
        customer_key,
        sum(refunded_amount - refunded_tax_amount) as refunded_amount
    from refunds
    where order_match = 'unmatched' and customer_key is not null
    group by customer_key
),

current_stages as (
    select
        stages.customer_key,
        stages.stage,
        stages.valid_from
    from stages
    inner join default_models on stages.model_id = default_models.model_id
    where
        stages.valid_from <= {{ as_of() }}
        and (stages.valid_to > {{ as_of() }} or stages.valid_to is null)
)

select
    customers.customer_key,
    customers.registered_at,
    first_events.first_seen_at,
    order_totals.first_order_at,
    order_totals.last_order_at,
    coalesce(order_totals.orders_count, 0) as orders_count,
    coalesce(order_totals.orders_placed_count, 0) as orders_placed_count,
    cast(
        coalesce(order_totals.net_revenue, 0) - coalesce(loose_refunds.refunded_amount, 0) as decimal(18, 4)
    ) as net_revenue,
    '{{ var("reporting_currency") }}' as currency,
    acquired.acquisition_channel,
    customers.country,
    customers.accounts_count,
    current_stages.stage,
    current_stages.valid_from as stage_entered_at,
    {{ hold_out_draw('parameters.salt', ['customers.customer_key']) }} < parameters.global_share as is_held_out
from customers
cross join parameters
left join acquired on customers.customer_key = acquired.customer_key
left join first_events on customers.customer_key = first_events.customer_key
left join order_totals on customers.customer_key = order_totals.customer_key
left join loose_refunds on customers.customer_key = loose_refunds.customer_key
left join current_stages on customers.customer_key = current_stages.customer_key
