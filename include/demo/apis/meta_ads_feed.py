"""Fills the Meta Ads stand-in from the files of a simulated shop."""

from __future__ import annotations

from pathlib import Path

from include.demo.apis.meta_ads import MetaAds
from include.sources.readers import quote


def feed(api: MetaAds, folder: Path) -> None:
    """Give the stand-in the ad_performance of Meta Ads.

    Args:
        api: the stand-in, its `account` and `account_id` as they shall be.
        folder: of the simulated shop.
    """
    rows = (
        f"select * from read_csv({quote(str(folder / 'ad_performance' / '*.csv'))}, all_varchar = true)"
        " where platform = 'meta_ads'"
    )
    account = f"""
        'account_id', {quote(api.account_id)},
        'account_currency', {quote(api.account["currency"])},
        'date_start', date,
        'date_stop', date
    """
    # Meta leaves out what is nothing: clicks and actions without any.
    api.store.fill(
        "ads",
        f"""
        select
            concat_ws('~', date, ad_id) as id,
            cast(date as timestamp) as changed_at,
            json_merge_patch(
                json_object(
                    {account},
                    'campaign_id', campaign_id,
                    'campaign_name', campaign_name,
                    'adset_id', ad_set_id,
                    'ad_id', ad_id,
                    'spend', spend,
                    'impressions', impressions,
                    'clicks', cast(cast(clicks as bigint) + 3 as varchar)
                ),
                case when clicks <> '0' then json_object('inline_link_clicks', clicks) else '{{}}' end,
                case
                    when cast(platform_conversions as decimal(18, 4)) <> 0
                        then
                            json_object(
                                'actions', [
                                    {{'action_type': 'link_click', 'value': clicks}},
                                    {{'action_type': 'omni_purchase', 'value': platform_conversions}},
                                    {{'action_type': 'purchase', 'value': platform_conversions}}
                                ]
                            )
                    else '{{}}'
                end
            ) as payload
        from ({rows})
        """,
    )
    api.store.fill(
        "account",
        f"""
        select
            date as id,
            cast(date as timestamp) as changed_at,
            json_object({account}, 'spend', cast(sum(cast(spend as decimal(18, 2))) as varchar)) as payload
        from ({rows})
        group by date
        """,
    )
