"""What the e-mail tool did: sends, hold-outs, reactions, withdrawals, and the orders that the sends caused."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from include.demo.simulator.campaigns import FIRST_NEWSLETTER, MAILINGS, WELCOME, WIN_BACK
from include.demo.simulator.clock import DAY, END, START
from include.demo.simulator.parameters import Parameters
from include.demo.simulator.people import People

EVENT_TYPES = ("sent", "bounced", "opened", "clicked", "unsubscribed", "spam_reported")
SENT, BOUNCED, OPENED, CLICKED, UNSUBSCRIBED, SPAM_REPORTED = range(len(EVENT_TYPES))
_SPAN = 1 << 32  # more seconds than any moment; person * _SPAN + moment sorts by person and moment
_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Mail:
    """The e-mail history of a chunk, as parallel arrays per kind of row."""

    event_person: np.ndarray
    event_campaign: np.ndarray
    event_type: np.ndarray
    event_at: np.ndarray
    held_person: np.ndarray
    held_campaign: np.ndarray
    held_at: np.ndarray
    extra_person: np.ndarray
    extra_at: np.ndarray
    extra_campaign: np.ndarray
    extra_by_click: np.ndarray
    withdrawn_at: np.ndarray  # per person; the largest integer = never


def _candidates(
    rng: np.random.Generator, people: People, first: np.ndarray, person: np.ndarray, moment: np.ndarray, days: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return person, campaign and moment of everything that would be sent were consent given for ever."""
    moments = np.array([mailing.started_at for mailing in MAILINGS[FIRST_NEWSLETTER:]])
    reader, letter = np.nonzero(people.consent[:, None] & (people.registered_at[:, None] < moments))
    newsletter_at = moments[letter] + rng.integers(0, 3_600, len(reader))

    welcomed = np.flatnonzero(people.consent)
    welcome_at = people.registered_at[welcomed] + rng.integers(3_600, 7_200, len(welcomed))

    buyer = np.flatnonzero(first < END)
    who = np.concatenate([buyer, person])
    when = np.concatenate([first[buyer], moment])
    sequence = np.lexsort((when, who))
    who, when = who[sequence], when[sequence]
    following = np.append(when[1:], END)
    following[np.append(who[1:] != who[:-1], True)] = END
    silent = np.flatnonzero((following - when > days * DAY) & people.consent[who])
    win_back_at = when[silent] + days * DAY + rng.integers(0, 7_200, len(silent))
    silent, win_back_at = silent[win_back_at < following[silent]], win_back_at[win_back_at < following[silent]]

    recipient = np.concatenate([reader, welcomed, who[silent]])
    campaign = np.concatenate(
        [FIRST_NEWSLETTER + letter, np.full(len(welcomed), WELCOME), np.full(len(silent), WIN_BACK)]
    )
    sent_at = np.concatenate([newsletter_at, welcome_at, win_back_at])
    sequence = np.lexsort((campaign, sent_at, recipient))
    inside = sequence[sent_at[sequence] < END - 60]
    return recipient[inside], campaign[inside], sent_at[inside]


def _held_out(rng: np.random.Generator, people: People, person: np.ndarray, campaign: np.ndarray, share: float):
    """Hold a random share out of every campaign; who is held out of a flow stays out of it."""
    sticky = rng.random((len(people), len(MAILINGS))) < share
    return sticky[person, campaign]


def send_mail(
    rng: np.random.Generator,
    people: People,
    first: np.ndarray,
    person: np.ndarray,
    moment: np.ndarray,
    parameters: Parameters,
) -> Mail:
    """Simulate all e-mail of a chunk.

    Args:
        rng: Randomness of this part.
        people: The persons.
        first: Moment of the own first order of each person, END = none.
        person: Person of each repeat order.
        moment: Moment of each repeat order.
        parameters: The behavioural parameters.
    """
    who, campaign, at = _candidates(rng, people, first, person, moment, parameters.win_back_after_days)
    held = _held_out(rng, people, who, campaign, parameters.hold_out)
    effect = np.array([mailing.true_effect for mailing in MAILINGS])
    causes = (rng.random(len(who)) < effect[campaign]) & ~held
    extra_at = at + rng.integers(3_600, parameters.response_days * DAY, len(who))
    causes &= extra_at < END

    # An extra order is an order: nobody is "missed" within 90 days of one.
    orders = np.sort(who[causes] * _SPAN + extra_at[causes])
    key = who * _SPAN + at
    before = np.concatenate([[-_SPAN], orders])[np.searchsorted(orders, key, side="left")]
    recent = (before // _SPAN == who) & (key - before < parameters.win_back_after_days * DAY)
    keep = ~((campaign == WIN_BACK) & recent)
    who, campaign, at, held = who[keep], campaign[keep], at[keep], held[keep]
    causes, extra_at = causes[keep], extra_at[keep]

    rows = len(who)
    by_click = causes & (rng.random(rows) < parameters.extra_by_click)
    bounced = (rng.random(rows) < parameters.bounced) & ~held & ~by_click
    opened = ((rng.random(rows) < people.open_rate[who]) | by_click) & ~held & ~bounced
    clicked = ((rng.random(rows) < parameters.clicked_of_opened) & opened) | by_click
    left = (rng.random(rows) < parameters.unsubscribed_of_opened) & opened & ~by_click
    spam = (rng.random(rows) < parameters.spam_of_opened) & opened & ~by_click & ~left
    opened_at = at + 30 + rng.exponential(4 * 3_600, rows).astype(np.int64)
    # Who orders through the link has opened and clicked before.
    opened_at = np.where(by_click, np.minimum(opened_at, (at + extra_at) // 2), opened_at)
    clicked_at = np.where(by_click, extra_at - 600, opened_at + rng.integers(5, 300, rows))
    left_at = opened_at + rng.integers(10, 600, rows)

    gone = left | spam
    withdrawn_at = np.full(len(people), _NEVER)
    np.minimum.at(withdrawn_at, who[gone], left_at[gone])
    allowed = at < withdrawn_at[who]
    sent = allowed & ~held
    parts = [
        (SENT, sent, at),
        (BOUNCED, sent & bounced, at + rng.integers(1, 59, rows)),
        (OPENED, sent & opened, opened_at),
        (CLICKED, sent & clicked, clicked_at),
        (UNSUBSCRIBED, sent & left, left_at),
        (SPAM_REPORTED, sent & spam, left_at),
    ]
    parts = [(kind, np.flatnonzero(chosen & (moments < END)), moments) for kind, chosen, moments in parts]
    rows_of_events = np.concatenate([chosen for _, chosen, _ in parts])
    event_at = np.concatenate([moments[chosen] for _, chosen, moments in parts])
    event_type = np.concatenate([np.full(len(chosen), kind) for kind, chosen, _ in parts])
    sequence = np.lexsort((event_type, rows_of_events, event_at))
    rows_of_events = rows_of_events[sequence]
    extra = np.flatnonzero(sent & causes)
    held_rows = np.flatnonzero(allowed & held)
    return Mail(
        event_person=who[rows_of_events],
        event_campaign=campaign[rows_of_events],
        event_type=event_type[sequence],
        event_at=event_at[sequence],
        held_person=who[held_rows],
        held_campaign=campaign[held_rows],
        held_at=at[held_rows],
        extra_person=who[extra],
        extra_at=extra_at[extra],
        extra_campaign=campaign[extra],
        extra_by_click=by_click[extra],
        withdrawn_at=withdrawn_at,
    )


assert START < END < _SPAN
