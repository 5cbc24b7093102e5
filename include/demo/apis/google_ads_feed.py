"""Fills the Google Ads stand-in from the files of a simulated shop."""

from __future__ import annotations

from pathlib import Path

from include.demo.apis.google_ads import GoogleAds
from include.sources.readers import quote


def feed(api: GoogleAds, folder: Path) -> None:
    """Give the stand-in the ad_performance of Google Ads; a row whose `ad_id` is `none` is its campaign's alone.

    Args:
        api: the stand-in, its `customer` and `customer_id` as they shall be.
        folder: of the simulated shop.
    """
    rows = (
        f"select * from read_csv({quote(str(folder / 'ad_performance' / '*.csv'))}, all_varchar = true)"
        " where platform = 'google_ads'"
    )
    api.store.fill(
        "ad_group_ad",
        f"""
        select
            concat_ws('~', date, campaign_id, ad_set_id, ad_id) as id,
            cast(date as timestamp) as changed_at,
            json_object(
                {_common(api)},
                'adGroup', json_object(
                    'resourceName', '{_path(api)}/adGroups/' || ad_set_id, 'id', ad_set_id
                ),
                'adGroupAd', json_object(
                    'resourceName', '{_path(api)}/adGroupAds/' || ad_set_id || '~' || ad_id,
                    'ad', json_object('resourceName', '{_path(api)}/ads/' || ad_id, 'id', ad_id)
                )
            ) as payload
        from ({rows})
        where ad_id <> 'none'
        """,
    )
    api.store.fill(
        "campaign",
        f"""
        select
            concat_ws('~', date, campaign_id) as id,
            cast(date as timestamp) as changed_at,
            json_object({_common(api)}) as payload
        from (
            select
                date,
                campaign_id,
                any_value(campaign_name) as campaign_name,
                sum(cast(spend as decimal(18, 4))) as spend,
                sum(cast(impressions as bigint)) as impressions,
                sum(cast(clicks as bigint)) as clicks,
                sum(cast(platform_conversions as decimal(18, 4))) as platform_conversions
            from ({rows})
            group by date, campaign_id
        )
        """,
    )


def _path(api: GoogleAds) -> str:
    return f"customers/{api.customer_id}"


def _common(api: GoogleAds) -> str:
    """SQL of what a row of either report has; int64 is text in Google's JSON."""
    return f"""
        'customer', json_object(
            'resourceName', '{_path(api)}',
            'currencyCode', {quote(api.customer["currencyCode"])},
            'timeZone', {quote(api.customer["timeZone"])}
        ),
        'campaign', json_object(
            'resourceName', '{_path(api)}/campaigns/' || campaign_id,
            'id', campaign_id,
            'name', campaign_name,
            'advertisingChannelType', 'SEARCH'
        ),
        'metrics', json_object(
            'costMicros', cast(cast(cast(spend as decimal(18, 4)) * 1000000 as bigint) as varchar),
            'impressions', cast(impressions as varchar),
            'clicks', cast(clicks as varchar),
            'conversions', cast(platform_conversions as double)
        ),
        'segments', json_object('date', date)
    """
