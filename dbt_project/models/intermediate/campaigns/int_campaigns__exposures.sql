-- Who was sent what, and who was left out of what on purpose, both judged alike: bounces and later withdrawals stay in,
-- because nobody knows which of those left out would have bounced or withdrawn.
with

email_events as (
    select * from {{ ref('int_email_events__identified') }}
),

hold_outs as (
    select * from {{ ref('int_campaigns__hold_outs') }}
),

campaigns as (
    select * from {{ ref('int_campaigns__mapped') }}
),

stages as (
    select * from {{ ref('int_lifecycle__stages') }}
),

stage_models as (
    select * from {{ ref('stage_models') }}
),

sent as (
    select
        email_event_key as exposure_key,
        source,
        campaign_id,
        customer_key,
        'treated' as arm,
        event_at as exposed_at
    from email_events
    where event_type = 'sent' and customer_key is not null
),

held_out as (
    select
        hold_out_key as exposure_key,
        source,
        campaign_id,
        customer_key,
        'hold_out' as arm,
        held_out_at as exposed_at
    from hold_outs
),

exposures as (
    select * from sent
    union all
    select * from held_out
),

windowed as (
    select
        exposures.*,
        campaigns.trigger_id,
        {{ plus_days('exposures.exposed_at', 'campaigns.conversion_window_days') }} as window_end,
        lag({{ plus_days('exposures.exposed_at', 'campaigns.conversion_window_days') }}) over (
            partition by exposures.customer_key, exposures.source, exposures.campaign_id
            order by exposures.exposed_at, exposures.exposure_key
        ) as previous_window_end
    from exposures
    inner join campaigns on exposures.source = campaigns.source and exposures.campaign_id = campaigns.campaign_id
),

default_stages as (
    select stages.*
    from stages
    inner join stage_models on stages.model_id = stage_models.model_id
    where stage_models.is_default
)

select
    windowed.exposure_key,
    windowed.customer_key,
    windowed.source,
    windowed.campaign_id,
    windowed.trigger_id,
    windowed.arm,
    windowed.exposed_at,
    windowed.window_end,
    windowed.window_end < {{ as_of() }} as is_mature,
    coalesce(default_stages.stage, 'unknown') as stage
from windowed
left join default_stages
    on
        windowed.customer_key = default_stages.customer_key
        and windowed.exposed_at >= default_stages.valid_from
        and (windowed.exposed_at < default_stages.valid_to or default_stages.valid_to is null)
-- Sent again while its own window was open, a message is part of the first one.
where windowed.previous_window_end is null or windowed.exposed_at > windowed.previous_window_end
