with

ad_performance as (
    select * from {{ ref('stg_ads__ad_performance') }}
),

rates as (
    select * from {{ ref('int_fx__rates') }}
),

ad_platforms as (
    select * from {{ ref('ad_platforms') }}
)

select
    ad_performance.ad_performance_key,
    ad_performance.source,
    ad_performance.date,
    ad_performance.platform,
    coalesce(ad_platforms.channel, 'other') as channel,
    ad_performance.campaign_id,
    ad_performance.campaign_name,
    ad_performance.ad_set_id,
    ad_performance.ad_id,
    {{ in_reporting_currency('ad_performance.spend') }} as spend,
    ad_performance.impressions,
    ad_performance.clicks,
    ad_performance.platform_conversions
from ad_performance
inner join rates
    on
        ad_performance.currency = rates.currency
        and ad_performance.date >= rates.valid_from
        and ad_performance.date < rates.valid_to
left join ad_platforms on ad_performance.platform = ad_platforms.platform
