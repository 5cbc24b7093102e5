"""How a visitor came: one code per ad, unpaid channel or e-mail campaign, and the UTM values it leaves behind."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from include.demo.simulator.advertising import ADS, CAMPAIGN_OF_AD, CAMPAIGNS, UTM
from include.demo.simulator.campaigns import MAILINGS

# name, utm_source, utm_medium, utm_campaign, referrer, weight among unpaid registrations, among returning visits
UNPAID = (
    ("organic_google", None, None, None, "www.google.com", 0.38, 0.24),
    ("organic_bing", None, None, None, "www.bing.com", 0.04, 0.03),
    ("direct", None, None, None, None, 0.24, 0.52),
    ("organic_instagram", "instagram", "social", None, "l.instagram.com", 0.12, 0.09),
    ("organic_social_facebook", None, None, None, "m.facebook.com", 0.04, 0.04),
    ("partner_newsletter", "partner_newsletter", "email", "partner_offer", None, 0.05, 0.01),
    ("blog", "coffee_blog", "referral", None, "blog.example.net", 0.04, 0.03),
    ("referral", "friend", "referral", "bring_a_friend", None, 0.09, 0.04),
)
UNPAID_NAMES = tuple(channel[0] for channel in UNPAID)
REFERRAL = ADS + UNPAID_NAMES.index("referral")
FIRST_MAILING = ADS + len(UNPAID)

ACQUISITION_WEIGHTS = np.array([channel[5] for channel in UNPAID])
RETURNING_CUMULATIVE = np.cumsum([channel[6] for channel in UNPAID]) / sum(channel[6] for channel in UNPAID)


def channel_names() -> pa.Array:
    """Return the name of every code, for the truth files."""
    ads = [f"{CAMPAIGNS[campaign][0]}:{CAMPAIGNS[campaign][1]}" for campaign in CAMPAIGN_OF_AD]
    return pa.array([*ads, *UNPAID_NAMES, *(mailing.campaign_id for mailing in MAILINGS)])


def utm_columns() -> dict[str, pa.Array]:
    """Return the session columns that tell the channel, each indexed by code."""
    rows = []
    for campaign in CAMPAIGN_OF_AD:
        platform, name = CAMPAIGNS[campaign][:2]
        host = "www.google.com" if platform == "google_ads" else "l.facebook.com"
        rows.append((*UTM[platform], name, host))
    rows += [channel[1:5] for channel in UNPAID]
    rows += [("newsletter", "email", mailing.campaign_id, None) for mailing in MAILINGS]
    names = ("utm_source", "utm_medium", "utm_campaign", "referrer")
    return {name: pa.array([row[i] for row in rows], pa.string()) for i, name in enumerate(names)}
