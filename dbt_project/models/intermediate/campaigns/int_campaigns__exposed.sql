-- Who was sent what, and who was left out of what on purpose, both judged alike: bounces and later withdrawals stay in,
-- because nobody knows which of those left out would have bounced or withdrawn.
{{ config(materialized='view') }}

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

exposed as (
    select
        email_event_key as exposure_key,
        source,
        campaign_id,
        customer_key,
        'treated' as arm,
        event_at as exposed_at
    from email_events
    where event_type = 'sent' and customer_key is not null
    union all
    select
        hold_out_key as exposure_key,
        source,
        campaign_id,
        customer_key,
        'hold_out' as arm,
        held_out_at as exposed_at
    from hold_outs
)

select
    exposed.*,
    campaigns.trigger_id,
    campaigns.conversion_window_days
from exposed
inner join campaigns on exposed.source = campaigns.source and exposed.campaign_id = campaigns.campaign_id
