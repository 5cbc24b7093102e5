with

{{ latest_records(
    source('ads', 'ad_performance'),
    ['date', 'platform', 'campaign_id', 'ad_set_id', 'ad_id'],
    where='date < ' ~ as_of()
) }}

select
    {{ surrogate_key(['_source', 'date', 'platform', 'campaign_id', 'ad_set_id', 'ad_id']) }} as ad_performance_key,
    _source as source,
    date,
    platform,
    campaign_id,
    campaign_name,
    ad_set_id,
    ad_id,
    currency,
    spend,
    impressions,
    clicks,
    platform_conversions
from latest
