with

ad_performance as (
    select * from {{ ref('int_ad_performance__converted') }}
)

select
    ad_performance_key,
    source,
    date,
    platform,
    channel,
    campaign_id,
    campaign_name,
    ad_set_id,
    ad_id,
    spend,
    '{{ var("reporting_currency") }}' as currency,
    impressions,
    clicks,
    platform_conversions
from ad_performance
