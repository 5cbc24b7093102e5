"""The e-mail and feedback streams of one chunk, with the columns of the entity contracts."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from include.demo.simulator.channels import REFERRAL
from include.demo.simulator.clock import DAY, END
from include.demo.simulator.columns import iso_texts, pick, timestamps
from include.demo.simulator.emails import EVENT_TYPES
from include.demo.simulator.history import History
from include.demo.simulator.orders import COMPLETED
from include.demo.simulator.parameters import Parameters

PEOPLE_PER_CONSENT_TO_ADS = 3
"""One of so many who registered agrees to advertising when he agrees to e-mail."""


def email_events(s: History, rng: np.random.Generator, parameters: Parameters) -> pa.Table:
    """Return the email_events stream."""
    m = s.mail
    known = rng.random(len(m.event_at)) < parameters.tool_knows_customer
    return pa.table(
        {
            "event_id": s.ids("e", len(m.event_at)),
            "customer_id": pick(s.accounts.ids, np.where(known, m.event_person, -1)),
            "email": s.accounts.email.take(pa.array(m.event_person)),
            "campaign_id": s.campaign_ids.take(pa.array(m.event_campaign)),
            "event_type": pa.array(EVENT_TYPES).take(pa.array(m.event_type)),
            "event_at": timestamps(m.event_at),
        }
    )


def campaign_hold_outs(s: History, rng: np.random.Generator, parameters: Parameters) -> pa.Table:
    """Return the campaign_hold_outs stream: who was not sent what, as well known to the tool as those it sent to."""
    m = s.mail
    known = rng.random(len(m.held_at)) < parameters.tool_knows_customer
    by_time = np.lexsort((m.held_campaign, m.held_person, m.held_at))
    person = m.held_person[by_time]
    return pa.table(
        {
            "hold_out_id": s.ids("h", len(person)),
            "campaign_id": s.campaign_ids.take(pa.array(m.held_campaign[by_time])),
            "customer_id": pick(s.accounts.ids, np.where(known, person, -1)),
            "email": s.accounts.email.take(pa.array(person)),
            "held_out_at": timestamps(m.held_at[by_time]),
        }
    )


def consents(s: History) -> pa.Table:
    """Return the consents stream."""
    granted, by_sms = np.flatnonzero(s.people.consent), np.flatnonzero(s.people.sms_consent)
    # Without a draw of its own, so that nothing else of the shop depends on it.
    to_ads = granted[granted % PEOPLE_PER_CONSENT_TO_ADS == 0]
    withdrawn = np.flatnonzero(s.mail.withdrawn_at < END)
    person = np.concatenate([granted, by_sms, to_ads, withdrawn])
    registered = s.people.registered_at
    at = np.concatenate([registered[granted], registered[by_sms], registered[to_ads], s.mail.withdrawn_at[withdrawn]])
    counts = [len(granted), len(by_sms), len(to_ads), len(withdrawn)]
    channel = np.repeat([0, 1, 2, 0], counts)
    gone = np.repeat([0, 0, 0, 1], counts)
    by_time = np.lexsort((channel, person, at))
    person, at, channel, gone = (values[by_time] for values in (person, at, channel, gone))
    return pa.table(
        {
            "consent_id": s.ids("g", len(person)),
            "customer_id": s.accounts.ids.take(pa.array(person)),
            "email": s.accounts.email.take(pa.array(person)),
            "channel": pa.array(["email", "sms", "ads"]).take(pa.array(channel)),
            "purpose": pa.repeat(pa.scalar("marketing"), len(person)),
            "status": pa.array(["granted", "withdrawn"]).take(pa.array(gone)),
            "changed_at": timestamps(at),
        }
    )


def referrals(s: History, rng: np.random.Generator, parameters: Parameters) -> pa.Table:
    """Return the referrals stream: customers who bought before bring others, not always with success."""
    first = np.flatnonzero(s.orders.is_first & (s.orders.account >= 0))
    buyer, bought_at = s.orders.person[first], s.orders.at[first]
    came = np.flatnonzero((s.people.channel == REFERRAL) & ~s.people.guest_only)
    earlier = np.searchsorted(bought_at, s.people.registered_at[came] - 3_600)
    came, earlier = came[earlier > 0], earlier[earlier > 0]
    chosen = (rng.random(len(came)) * earlier).astype(np.int64)
    referred_at = s.people.registered_at[came] - rng.integers(600, 3_600, len(came))

    vain = np.flatnonzero(rng.random(len(first)) < parameters.unanswered_referral * len(came) / max(len(first), 1))
    vain_at = bought_at[vain] + rng.integers(DAY, 90 * DAY, len(vain))
    vain, vain_at = vain[vain_at < END], vain_at[vain_at < END]
    referrer = np.concatenate([buyer[chosen], buyer[vain]])
    referred = np.concatenate([came, np.full(len(vain), -1)])
    at = np.concatenate([referred_at, vain_at])
    by_time = np.lexsort((referrer, at))
    return pa.table(
        {
            "referral_id": s.ids("f", len(at)),
            "referrer_customer_id": s.accounts.ids.take(pa.array(referrer[by_time])),
            "referred_customer_id": pick(s.accounts.ids, referred[by_time]),
            "referred_at": iso_texts(at[by_time]),
        }
    )


def reviews(s: History, rng: np.random.Generator, parameters: Parameters) -> pa.Table:
    """Return the reviews stream: a share of the completed orders of account holders."""
    wrote = (rng.random(len(s.orders)) < parameters.reviewed) & (s.orders.status == COMPLETED) & (s.orders.account >= 0)
    at = s.orders.at + rng.integers(3 * DAY, 30 * DAY, len(s.orders))
    order = np.flatnonzero(wrote & (at < END))
    order = order[np.argsort(at[order], kind="stable")]
    rating = rng.choice([1, 2, 3, 4, 5], len(order), p=[0.05, 0.05, 0.12, 0.30, 0.48])
    return pa.table(
        {
            "review_id": s.ids("w", len(order)),
            "customer_id": pick(s.accounts.ids, s.orders.account[order]),
            "product_id": s.product_ids.take(pa.array(s.lines.product[s.lines.start[order]])),
            "rating": rating,
            "reviewed_at": iso_texts(at[order]),
        }
    )
