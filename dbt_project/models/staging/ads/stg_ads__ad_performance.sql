with

source as (
    select * from {{ source('ads', 'ad_performance') }}
    where date < {{ as_of() }}
),

ranked as (
    select
        *,
        row_number() over (
            partition by _source, date, platform, campaign_id, ad_set_id, ad_id
            order by _loaded_at desc, _load_id desc, _row desc
        ) as recency
    from source
)

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
from ranked
where recency = 1
