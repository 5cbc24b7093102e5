-- The default model only: a touch stands in one stage of each model, so every further one costs the whole join again.
with

sessions as (
    select * from {{ ref('fct_sessions') }}
),

email_events as (
    select * from {{ ref('fct_email_events') }}
),

orders as (
    select * from {{ ref('fct_orders') }}
),

history as (
    select * from {{ ref('customer_stage_history') }}
),

stage_models as (
    select * from {{ ref('stage_models') }}
),

parameters as (
    select * from {{ ref('campaign_parameters') }}
    where parameter = 'touchpoint_days'
),

touches as (
    select
        customer_key,
        'visit' as touchpoint,
        channel,
        started_at as touched_at,
        session_date as date
    from sessions
    where customer_key is not null
    union all
    select
        customer_key,
        'email_opened' as touchpoint,
        'email' as channel,
        event_at as touched_at,
        event_date as date
    from email_events
    where event_type = 'opened' and customer_key is not null
    union all
    -- A purchase begins a stage; it is a touch in the stage before, hence the moment before it.
    select
        customer_key,
        'purchase' as touchpoint,
        case when sales_channel = 'pos' then 'pos' else 'call_centre' end as channel,
        ordered_at - interval 1 microsecond as touched_at,
        order_date as date
    from orders
    where is_completed and sales_channel in ('pos', 'phone') and customer_key is not null
),

stays as (
    select
        history.customer_key,
        history.model_id,
        history.stage,
        history.valid_from,
        history.valid_to,
        lead(history.cause) over (
            partition by history.customer_key
            order by history.valid_from, history.cause_id
        ) as next_cause
    from history
    inner join stage_models on history.model_id = stage_models.model_id
    where stage_models.is_default
),

placed as (
    select
        touches.touchpoint,
        touches.channel,
        cast(date_trunc('month', touches.date) as date) as month,
        coalesce(stays.stage, 'unknown') as stage,
        {{ plus_days('touches.touched_at', 'parameters.value') }} < {{ as_of() }} as is_mature,
        -- What time or a refund brings about is no step forward.
        coalesce(
            stays.valid_to <= {{ plus_days('touches.touched_at', 'parameters.value') }}
            and stays.next_cause not in ('time_passed', 'order_refunded'), false
        ) as is_conversion
    from touches
    cross join parameters
    left join stays
        on
            touches.customer_key = stays.customer_key
            and touches.touched_at >= stays.valid_from
            and (touches.touched_at < stays.valid_to or stays.valid_to is null)
),

counted as (
    select
        touchpoint,
        channel,
        month,
        stage,
        count(*) as touches,
        count(*) filter (where is_mature) as mature_touches,
        count(*) filter (where is_mature and is_conversion) as conversions
    from placed
    group by touchpoint, channel, month, stage
)

select
    stage_models.model_id,
    counted.stage,
    counted.touchpoint,
    counted.channel,
    counted.month,
    cast(counted.touches as bigint) as touches,
    cast(counted.mature_touches as bigint) as mature_touches,
    cast(counted.conversions as bigint) as conversions,
    cast(counted.conversions as double) / nullif(counted.mature_touches, 0) as conversion_rate
from counted
cross join stage_models
where stage_models.is_default
