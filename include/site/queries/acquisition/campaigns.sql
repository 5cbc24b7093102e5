-- The last 90 days with advertising; those without a conversion first.
with latest as (
    select max(date) as last_day from marts.fct_ad_performance
)

select
    ads.platform,
    ads.campaign_name,
    sum(ads.spend) as spend,
    sum(ads.impressions) as impressions,
    sum(ads.clicks) as clicks,
    sum(ads.platform_conversions) as platform_conversions,
    coalesce(sum(ads.platform_conversions), 0) = 0 as is_without_conversions
from marts.fct_ad_performance as ads
cross join latest
where ads.date > latest.last_day - 90
group by ads.platform, ads.campaign_name
order by is_without_conversions desc, spend desc, campaign_name
limit 100
