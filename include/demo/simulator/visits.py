"""Web sessions and carts: every way a person comes to the shop, and what he does there."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from include.demo.simulator.advertising import ADS, CAMPAIGN_OF_AD, CAMPAIGNS, AdPlan
from include.demo.simulator.channels import ACQUISITION_WEIGHTS, FIRST_MAILING, RETURNING_CUMULATIVE
from include.demo.simulator.clock import (
    DAY,
    DAYS,
    EARLIEST_SECOND,
    END,
    START,
    local_day,
    local_midnight,
    second_of_day,
    with_rhythm,
)
from include.demo.simulator.emails import CLICKED, Mail
from include.demo.simulator.orders import WEB, Lines, Orders
from include.demo.simulator.parameters import Parameters
from include.demo.simulator.people import People

DEVICES = ("desktop", "mobile", "tablet")


@dataclass(frozen=True)
class Visits:
    """Visits in one block per kind; person, account, order and cart are -1 where there is none."""

    person: np.ndarray
    account: np.ndarray
    at: np.ndarray
    channel: np.ndarray
    order: np.ndarray
    cart: np.ndarray
    adds: np.ndarray  # units put into the cart
    checkouts: np.ndarray
    tracked: np.ndarray

    def __len__(self) -> int:
        return len(self.person)


@dataclass(frozen=True)
class Carts:
    """Carts; order -1 = abandoned, checkout_at 0 = checkout never opened, visit -1 = visit not tracked."""

    person: np.ndarray
    account: np.ndarray
    at: np.ndarray
    checkout_at: np.ndarray
    order: np.ndarray
    units: np.ndarray
    amount: np.ndarray


def _block(at: np.ndarray, channel: np.ndarray, tracked: np.ndarray, **given: np.ndarray) -> Visits:
    count = len(at)
    nobody, nothing = np.full(count, -1), np.zeros(count, np.int64)
    values = {
        "person": nobody,
        "account": nobody,
        "order": nobody,
        "cart": nobody,
        "adds": nothing,
        "checkouts": nothing,
    }
    return Visits(at=at, channel=channel, tracked=tracked, **{**values, **given})


def _returning_channel(rng: np.random.Generator, at: np.ndarray, plan: AdPlan, parameters: Parameters) -> np.ndarray:
    """Draw how known visitors come back; an ad more often on days with more spend, never in a pause."""
    count = len(at)
    unpaid = ADS + np.searchsorted(RETURNING_CUMULATIVE, rng.random(count), side="right")
    day = np.minimum(local_day(at), DAYS - 1)
    clicked = rng.random(count) < parameters.returning_paid * plan.pressure[day]
    clicked &= local_day(at) < DAYS
    ad = np.zeros(count, np.int64)
    where = np.flatnonzero(clicked)
    ad[where] = (rng.random(len(where))[:, None] >= plan.mix[day[where]]).sum(axis=1)
    return np.where(clicked, np.minimum(ad, ADS - 1), np.minimum(unpaid, FIRST_MAILING - 1))


def fill_carts(
    rng: np.random.Generator,
    people: People,
    first_account: np.ndarray,
    orders: Orders,
    lines: Lines,
    parameters: Parameters,
) -> Carts:
    """Record the carts of a share of the web orders, and as many abandoned ones as the abandonment rate asks for."""
    bought = np.flatnonzero((orders.channel == WEB) & (rng.random(len(orders)) < parameters.cart_recorded))
    since = rng.integers(60, 595, len(bought))
    begun = np.maximum(orders.at[bought] - since, people.registered_at[orders.person[bought]])
    begun = np.minimum(begun, orders.at[bought])

    per_bought = parameters.cart_abandonment / (1 - parameters.cart_abandonment)
    own = np.bincount(orders.person[bought], minlength=len(people))
    # Most abandoned carts belong to those who buy often; the rest to anybody.
    left = rng.poisson(per_bought * (0.85 * own + 0.15 * own.mean()))
    person = np.repeat(np.arange(len(people)), left)
    registered = people.registered_at[person]
    at = with_rhythm(registered + rng.random(len(person)) * (END - 3_600 - registered)).astype(np.int64)
    at = np.clip(at, registered, END - 3_600)
    units = 1 + rng.poisson(1.2, len(person))
    price = rng.integers(495, 4_995, len(person))
    opened = rng.random(len(person)) < 0.4
    known = rng.random(len(person)) < 0.6

    checkout = begun + ((orders.at[bought] - begun) * 0.7).astype(np.int64)
    return Carts(
        person=np.concatenate([orders.person[bought], person]),
        account=np.concatenate([orders.account[bought], np.where(known, first_account[person], -1)]),
        at=np.concatenate([begun, at]),
        checkout_at=np.concatenate([checkout, np.where(opened, at + rng.integers(60, 1_200, len(person)), 0)]),
        order=np.concatenate([bought, np.full(len(person), -1)]),
        units=np.concatenate([lines.order_units[bought], units]),
        amount=np.concatenate([lines.order_gross[bought], units * price]),
    )


def visit(
    rng: np.random.Generator,
    people: People,
    first_account: np.ndarray,
    orders: Orders,
    lines: Lines,
    carts: Carts,
    mail: Mail,
    plan: AdPlan,
    share: float,
    parameters: Parameters,
) -> Visits:
    """Simulate all visits of a chunk; share is the chunk's part of all persons."""
    count = len(people)
    registered = people.registered_at

    def tracked(rows: int) -> np.ndarray:
        return rng.random(rows) < parameters.tracked

    def signed_in(account: np.ndarray, probability: float) -> np.ndarray:
        return np.where(rng.random(len(account)) < probability, account, -1)

    # Who orders minutes after registering does so in the visit that brought him.
    same_visit = np.flatnonzero(orders.is_first & (orders.at < registered[orders.person] + 2_280))
    ordered = np.full(count, -1)
    ordered[orders.person[same_visit]] = same_visit
    units = np.append(lines.order_units, 0)[ordered]
    arrival = _block(
        registered - rng.integers(60, 1_500, count),
        people.channel,
        np.ones(count, bool),
        person=np.arange(count),
        account=first_account,
        order=ordered,
        adds=units,
        checkouts=(ordered >= 0).astype(np.int64),
    )

    later = np.flatnonzero((orders.channel == WEB) & (np.isin(np.arange(len(orders)), same_visit, invert=True)))
    start = np.maximum(orders.at[later] - rng.integers(600, 2_400, len(later)), START)
    channel = _returning_channel(rng, start, plan, parameters)
    extra = orders.extra[later]
    clicked = (extra >= 0) & np.append(mail.extra_by_click, False)[extra]
    channel[clicked] = FIRST_MAILING + mail.extra_campaign[extra[clicked]]
    start[clicked] = orders.at[later][clicked] - 598
    buying = _block(
        start,
        channel,
        tracked(len(later)),
        person=orders.person[later],
        account=signed_in(orders.account[later], 0.95),
        order=later,
        adds=lines.order_units[later],
        checkouts=np.ones(len(later), np.int64),
    )

    left = np.flatnonzero(carts.order < 0)
    start = np.maximum(carts.at[left] - rng.integers(20, 900, len(left)), START)
    leaving = _block(
        start,
        _returning_channel(rng, start, plan, parameters),
        tracked(len(left)),
        person=carts.person[left],
        account=carts.account[left],
        cart=left,
        adds=carts.units[left],
        checkouts=(carts.checkout_at[left] > 0).astype(np.int64),
    )

    years = (END - registered) / (365.25 * DAY)
    person = np.repeat(np.arange(count), rng.poisson(parameters.browse_per_year * years))
    start = with_rhythm(registered[person] + rng.random(len(person)) * (END - registered[person])).astype(np.int64)
    start = np.clip(start, registered[person], END - 1)
    browsing = _block(
        start,
        _returning_channel(rng, start, plan, parameters),
        tracked(len(person)),
        person=person,
        account=signed_in(first_account[person], 0.35),
        adds=(rng.random(len(person)) < 0.06).astype(np.int64),
    )

    person = np.repeat(np.arange(count), rng.poisson(parameters.visits_before_registration, count))
    start = registered[person] - 1_500 - rng.integers(600, 30 * DAY, len(person))
    person, start = person[start >= START], start[start >= START]
    exploring = _block(start, _returning_channel(rng, start, plan, parameters), tracked(len(person)), person=person)

    # The click that led to an extra order is that order's visit.
    click = mail.event_type == CLICKED
    click_person, click_at, campaign = mail.event_person[click], mail.event_at[click], mail.event_campaign[click]
    used = np.isin(_key(click_person, campaign), _key(mail.extra_person, mail.extra_campaign)[mail.extra_by_click])
    reading = _block(
        np.minimum(click_at[~used] + 2, END - 1),
        FIRST_MAILING + campaign[~used],
        tracked(int((~used).sum())),
        person=click_person[~used],
        account=signed_in(first_account[click_person[~used]], 0.3),
    )

    return _concatenate(
        [arrival, buying, leaving, browsing, exploring, reading, _strangers(rng, count, plan, share, parameters)]
    )


def _key(person: np.ndarray, campaign: np.ndarray) -> np.ndarray:
    return person * 1_000 + campaign


def _strangers(rng: np.random.Generator, count: int, plan: AdPlan, share: float, parameters: Parameters) -> Visits:
    """Visits by people who never register: the other clicks of the plan, and unpaid ones."""
    rate = np.array([campaign[4] for campaign in CAMPAIGNS])[CAMPAIGN_OF_AD]
    expected = plan.clicks * np.maximum(1 - rate - np.where(rate > 0, parameters.returning_of_clicks, 0), 0)
    drawn = rng.poisson(expected * share * (1 - parameters.click_lost))
    day, ad = np.nonzero(drawn)
    day, ad = np.repeat(day, drawn[day, ad]), np.repeat(ad, drawn[day, ad])
    paid_at = local_midnight(day) + np.maximum(second_of_day(rng.random(len(day))), EARLIEST_SECOND)
    unpaid = rng.poisson(parameters.anonymous_organic * count)
    unpaid_at = with_rhythm(START + rng.random(unpaid) * (END - START)).astype(np.int64)
    cumulative = np.cumsum(ACQUISITION_WEIGHTS) / ACQUISITION_WEIGHTS.sum()
    channel = ADS + np.minimum(np.searchsorted(cumulative, rng.random(unpaid), side="right"), len(cumulative) - 1)
    at = np.concatenate([paid_at, np.clip(unpaid_at, START, END - 1)])
    return _block(
        at,
        np.concatenate([ad, channel]),
        rng.random(len(at)) < parameters.tracked,
        adds=(rng.random(len(at)) < 0.03).astype(np.int64),
    )


def _concatenate(blocks: list[Visits]) -> Visits:
    return Visits(**{f.name: np.concatenate([getattr(block, f.name) for block in blocks]) for f in fields(Visits)})


def ad_outcomes(visits: Visits) -> tuple[np.ndarray, np.ndarray]:
    """Count paid visits, and the orders placed in them, per local day x ad."""
    paid = visits.channel < ADS
    cell = local_day(visits.at[paid]) * ADS + visits.channel[paid]
    came = np.bincount(cell, minlength=DAYS * ADS).reshape(DAYS, ADS)
    ordered = np.bincount(cell[visits.order[paid] >= 0], minlength=DAYS * ADS).reshape(DAYS, ADS)
    return came, ordered
