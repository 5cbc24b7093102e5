-- Occasions whose playbook row is due as of the run and whose conditions still hold; of several the latest counts.
with

customer_occasions as (
    select * from {{ ref('int_campaigns__customer_occasions') }}
),

action_occasions as (
    select * from {{ ref('int_campaigns__action_occasions') }}
),

due_occasions as (
    select * from {{ ref('int_campaigns__due_occasions') }}
),

customers as (
    select * from {{ ref('int_campaigns__customers') }}
),

stays as (
    select * from {{ ref('int_campaigns__stays') }}
    where is_current
),

last_actions as (
    select * from {{ ref('int_campaigns__last_actions') }}
),

playbook as (
    select * from {{ ref('campaign_playbook') }}
    where is_active
),

occasions as (
    select
        *,
        cast(null as double) as own_value
    from customer_occasions
    union all
    select * from action_occasions
    union all
    select * from due_occasions
),

due as (
    select
        occasions.customer_key,
        playbook.trigger_id,
        occasions.occasion_at,
        occasions.item,
        occasions.own_value,
        {{ plus_days('occasions.occasion_at', 'playbook.due_from_days') }} as due_from,
        {{ plus_days('occasions.occasion_at', 'playbook.due_until_days') }} as window_ends_at
    from occasions
    inner join playbook
        on
            occasions.occasion = playbook.occasion
            and (
                playbook.occasion not in ('stage_entered', 'stage_left')
                or occasions.item = playbook.model_id || '/' || playbook.stage
            )
    where
        {{ plus_days('occasions.occasion_at', 'playbook.due_from_days') }} <= {{ as_of() }}
        and {{ plus_days('occasions.occasion_at', 'playbook.due_until_days') }} > {{ as_of() }}
),

allowed as (
    select
        due.*,
        customers.orders_count,
        least(
            due.window_ends_at,
            coalesce(
                {{ plus_days('customers.registered_at', 'playbook.within_days_of_registration') }}, due.window_ends_at
            )
        ) as due_until,
        row_number() over (
            partition by due.customer_key, due.trigger_id
            order by due.occasion_at desc, due.item asc, due.customer_key asc
        ) as recency
    from due
    inner join playbook on due.trigger_id = playbook.trigger_id
    inner join customers on due.customer_key = customers.customer_key
    left join stays
        on
            due.customer_key = stays.customer_key
            and playbook.model_id = stays.model_id
            and playbook.stage = stays.stage
    left join last_actions
        on due.customer_key = last_actions.customer_key and playbook.unless_event = last_actions.action
    where
        (playbook.stage is null or playbook.occasion = 'stage_left' or stays.stage is not null)
        and customers.orders_count >= coalesce(playbook.min_orders, 0)
        and (playbook.max_orders is null or customers.orders_count <= playbook.max_orders)
        and (playbook.min_value is null or coalesce(due.own_value, customers.net_revenue) >= playbook.min_value)
        and (playbook.max_value is null or coalesce(due.own_value, customers.net_revenue) <= playbook.max_value)
        and (playbook.audience_cell is null or customers.audience_cell = playbook.audience_cell)
        -- The last order is an occasion by itself, but what ends a stay at that very moment is its cause.
        and (
            coalesce(last_actions.last_at < due.occasion_at, true)
            or (last_actions.last_at = due.occasion_at and playbook.occasion <> 'stage_left')
        )
)

select
    allowed.customer_key,
    allowed.trigger_id,
    allowed.occasion_at,
    allowed.item,
    allowed.due_from,
    allowed.due_until,
    allowed.orders_count,
    allowed.own_value
from allowed
where allowed.recency = 1 and allowed.due_until > {{ as_of() }}
