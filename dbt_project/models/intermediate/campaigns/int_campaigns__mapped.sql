-- What the retailer says a campaign is for: of the rows of campaign_map that fit its id or name, the first.
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
    source,
    campaign_id,
    campaign_name,
    trigger_id,
    conversion_window_days,
    hold_out_share
from matching
where precedence = 1
