"""The ad plan, which causes visits and registrations, and the ad report that is written from what came of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from include.demo.simulator.clock import DAYS, START
from include.demo.simulator.columns import MONEY, identifiers, money
from include.demo.simulator.parameters import Parameters

# platform, campaign name (= utm_campaign), cost per click in cents, click rate, registrations per click, weight of
# clicks, (first day, last day). awareness_video spends and never brings anyone who registers or buys.
CAMPAIGNS = (
    ("google_ads", "brand_search", 90, 0.060, 0.30, 0.16, (0, DAYS)),
    ("google_ads", "generic_search", 260, 0.035, 0.13, 0.24, (0, DAYS)),
    ("google_ads", "shopping_feed", 150, 0.012, 0.16, 0.26, (90, DAYS)),
    ("meta_ads", "prospecting_lookalike", 190, 0.011, 0.11, 0.20, (30, DAYS)),
    ("meta_ads", "retargeting_catalogue", 160, 0.015, 0.10, 0.10, (180, DAYS)),
    ("meta_ads", "awareness_video", 120, 0.006, 0.00, 0.10, (400, 760)),
)
AD_SETS, ADS_PER_SET = 2, 2
ADS = len(CAMPAIGNS) * AD_SETS * ADS_PER_SET
CAMPAIGN_OF_AD = np.arange(ADS) // (AD_SETS * ADS_PER_SET)
PAUSES = ((250, 264), (610, 624))  # fortnights without any spend: a natural experiment
UTM = {"google_ads": ("google", "cpc"), "meta_ads": ("facebook", "paid_social")}
OVER_CLAIM = 1.35  # conversions a platform claims per order that really came through it


@dataclass(frozen=True)
class AdPlan:
    """What is spent and what it brings on average, per local day x ad."""

    spend_cents: np.ndarray
    clicks: np.ndarray
    registrations: np.ndarray
    pressure: np.ndarray  # day: spend against the trend, 0 in a pause
    mix: np.ndarray  # day x ad: cumulative share of the day's ads that reach buyers


def plan_ads(customers: int, parameters: Parameters) -> AdPlan:
    """Lay out the daily budgets so that paid_share of the registrations is expected to come from clicks."""
    day = np.arange(DAYS)
    pressure = 1 + 0.25 * np.sin(2 * np.pi * day / 91) + 0.10 * ((day + 6) % 7 >= 5)
    pressure[(day % 365) >= 320] *= 1.3
    for first, last in PAUSES:
        pressure[first:last] = 0
    trend = parameters.growth ** (day / DAYS)

    per_ad = np.array([0.35, 0.25, 0.25, 0.15])
    weight = np.array([campaign[5] for campaign in CAMPAIGNS])[CAMPAIGN_OF_AD] * np.tile(per_ad, len(CAMPAIGNS))
    first, last = np.array([campaign[6] for campaign in CAMPAIGNS])[CAMPAIGN_OF_AD].T
    active = (day[:, None] >= first) & (day[:, None] < last)
    clicks = (pressure * trend)[:, None] * weight * active
    rate = np.array([campaign[4] for campaign in CAMPAIGNS])[CAMPAIGN_OF_AD]
    clicks *= parameters.paid_share * customers / (clicks * rate).sum()

    cost = np.array([campaign[2] for campaign in CAMPAIGNS])[CAMPAIGN_OF_AD]
    reaching = clicks * (rate > 0)
    total = np.maximum(reaching.sum(axis=1, keepdims=True), 1e-12)
    return AdPlan(
        spend_cents=np.round(clicks * cost).astype(np.int64),
        clicks=clicks,
        registrations=clicks * rate,
        pressure=pressure,
        mix=np.cumsum(reaching / total, axis=1),
    )


def ad_performance(
    seed: np.random.SeedSequence, plan: AdPlan, visits: np.ndarray, orders: np.ndarray, parameters: Parameters
) -> pa.Table:
    """Report the plan as the platforms would.

    Args:
        seed: Randomness of the report.
        plan: What was spent.
        visits: Paid visits that really came, local day x ad, tracked or not.
        orders: Orders placed in these visits, local day x ad.
        parameters: Share of clicks that never load the page.
    """
    rng = np.random.default_rng(seed)
    lost = parameters.click_lost
    clicks = visits + rng.poisson(visits * lost / (1 - lost))
    rate = np.array([campaign[3] for campaign in CAMPAIGNS])[CAMPAIGN_OF_AD]
    impressions = np.maximum(clicks, rng.poisson(np.maximum(plan.clicks, clicks) / rate))
    claimed = np.round((orders * OVER_CLAIM + rng.poisson(orders * 0.2)) * 100).astype(np.int64)

    day, ad = np.nonzero((plan.spend_cents > 0) | (clicks > 0))
    campaign = CAMPAIGN_OF_AD[ad]
    dates = pa.array((START // 86_400 + day).astype(np.int32)).cast(pa.date32())
    return pa.table(
        {
            "date": dates,
            "platform": pa.array([entry[0] for entry in CAMPAIGNS]).take(pa.array(campaign)),
            "campaign_id": identifiers("cmp", campaign + 1, 3),
            "campaign_name": pa.array([entry[1] for entry in CAMPAIGNS]).take(pa.array(campaign)),
            "ad_set_id": identifiers("set", ad // ADS_PER_SET + 1, 3),
            "ad_id": identifiers("ad", ad + 1, 4),
            "spend": money(plan.spend_cents[day, ad]),
            "impressions": impressions[day, ad],
            "clicks": clicks[day, ad],
            "platform_conversions": money(claimed[day, ad]).cast(MONEY),
            "currency": pa.repeat(pa.scalar("EUR"), len(day)),
        }
    )
