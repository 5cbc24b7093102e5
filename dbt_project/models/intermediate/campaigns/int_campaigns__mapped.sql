-- What the retailer says a campaign is for: of the rows of campaign_map that fit its id or name, the first. Its window
-- and planned hold-outs are the playbook's, or its own when it is none of the playbook's triggers.
with

campaigns as (
    select * from {{ ref('stg_email__campaigns') }}
),

email_events as (
    select * from {{ ref('int_email_events__identified') }}
),

hold_outs as (
    select * from {{ ref('stg_email__campaign_hold_outs') }}
),

campaign_map as (
    select * from {{ ref('campaign_map') }}
),

playbook as (
    select * from {{ ref('campaign_playbook') }}
),

seen as (
    select
        source,
        campaign_id
    from email_events
    where event_type = 'sent'
    union
    select
        source,
        campaign_id
    from hold_outs
),

named as (
    select
        seen.source,
        seen.campaign_id,
        campaigns.campaign_name
    from seen
    left join campaigns on seen.source = campaigns.source and seen.campaign_id = campaigns.campaign_id
),

matching as (
    select
        named.*,
        campaign_map.trigger_id,
        campaign_map.offer_id,
        campaign_map.conversion_window_days,
        campaign_map.hold_out_share,
        row_number() over (partition by named.source, named.campaign_id order by campaign_map.priority) as precedence
    from named
    inner join campaign_map
        on
            lower(named.campaign_id) like campaign_map.campaign_like
            or lower(named.campaign_name) like campaign_map.campaign_like
)

select
    matching.source,
    matching.campaign_id,
    matching.campaign_name,
    matching.trigger_id,
    matching.offer_id,
    coalesce(playbook.conversion_window_days, matching.conversion_window_days) as conversion_window_days,
    -- A share of 0 is no experiment: nothing to hold a split against.
    nullif(coalesce(playbook.hold_out_share, matching.hold_out_share), 0) as hold_out_share
from matching
left join playbook on matching.trigger_id = playbook.trigger_id
where matching.precedence = 1
