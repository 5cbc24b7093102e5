-- Each message once, with its window and the stage of that moment.
with

exposed as (
    select * from {{ ref('int_campaigns__exposed') }}
),

merged as (
    select * from {{ ref('int_campaigns__exposures_merged') }}
),

stages as (
    select * from {{ ref('int_lifecycle__stages') }}
),

stage_models as (
    select * from {{ ref('stage_models') }}
),

counted as (
    select
        exposed.*,
        {{ plus_days('exposed.exposed_at', 'exposed.conversion_window_days') }} as window_end
    from exposed
    left join merged on exposed.exposure_key = merged.exposure_key
    where merged.exposure_key is null
),

default_stages as (
    select stages.*
    from stages
    inner join stage_models on stages.model_id = stage_models.model_id
    where stage_models.is_default
)

select
    counted.exposure_key,
    counted.customer_key,
    counted.source,
    counted.campaign_id,
    counted.trigger_id,
    counted.arm,
    counted.exposed_at,
    counted.window_end,
    counted.window_end < {{ as_of() }} as is_mature,
    coalesce(default_stages.stage, 'unknown') as stage
from counted
left join default_stages
    on
        counted.customer_key = default_stages.customer_key
        and counted.exposed_at >= default_stages.valid_from
        and (counted.exposed_at < default_stages.valid_to or default_stages.valid_to is null)
