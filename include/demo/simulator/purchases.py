"""When people buy: the first order, then a BG/NBD-like process or the regular rebuying of a staple."""

from __future__ import annotations

import numpy as np

from include.demo.simulator.catalogue import Catalogue
from include.demo.simulator.clock import DAY, END, local_day, local_midnight, with_rhythm, without_rhythm
from include.demo.simulator.parameters import Parameters
from include.demo.simulator.people import People


def first_orders(rng: np.random.Generator, people: People, parameters: Parameters) -> np.ndarray:
    """Return the moment of each person's own first order; END where none falls into the window."""
    count = len(people)
    kind = rng.random(count)
    same_day = people.registered_at + rng.integers(120, 2_280, count)
    next_day = local_midnight(local_day(people.registered_at) + 1)
    first_week = next_day + rng.integers(0, 7 * DAY, count)
    late = next_day + 7 * DAY + rng.exponential(parameters.first_order_late_mean_days * DAY, count).astype(np.int64)
    within_day = parameters.first_order_same_day
    moment = np.select(
        [kind < within_day, kind < within_day + parameters.first_order_first_week], [same_day, first_week]
    )
    moment = np.where(moment == 0, late, moment)
    return np.where(people.never | (moment >= END), END, moment)


def _rank_within(group: np.ndarray) -> np.ndarray:
    """Return 0, 1, 2 ... within runs of equal values."""
    index = np.arange(len(group))
    starts = np.concatenate([[True], group[1:] != group[:-1]]) if len(group) else np.zeros(0, bool)
    return index - np.maximum.accumulate(np.where(starts, index, 0))


def repeat_orders(
    rng: np.random.Generator, people: People, first: np.ndarray, catalogue: Catalogue, parameters: Parameters
) -> tuple[np.ndarray, np.ndarray]:
    """Return person and moment of the orders after the first, sorted by person and moment.

    A person who is still a customer orders at the rate lambda; after each order, the first included, he leaves for good
    with his drop-out probability. So the number of orders he would ever place is geometric, and the moments are those
    of a Poisson process cut off there.
    """
    count = len(people)
    begin = without_rhythm(first)
    remaining = np.maximum(END - begin, 0) / DAY
    most = rng.geometric(people.drop_out) - 1

    poisson = people.staple < 0
    drawn = rng.poisson(np.where(poisson, people.rate * remaining, 0))
    person = np.repeat(np.arange(count), drawn)
    # Uniform moments sorted within the person are the arrivals of the Poisson process.
    order = np.sort(person + rng.random(len(person)))
    moment = begin[person] + (order - person) * (END - begin[person])

    life = np.maximum(catalogue.life_days[np.maximum(people.staple, 0)], 1)
    enough = np.where(poisson, 0, np.ceil(remaining / life * 1.4) + 4).astype(np.int64)
    enough = np.where(first >= END, 0, enough)
    regular = np.repeat(np.arange(count), enough)
    shape = parameters.replenish_shape
    gap = rng.gamma(shape, life[regular] / shape) * DAY
    elapsed = np.cumsum(gap)
    before = np.concatenate([[0.0], elapsed])[np.cumsum(enough) - enough]
    person = np.concatenate([person, regular])
    moment = np.concatenate([moment, begin[regular] + elapsed - before[regular]])

    sequence = np.argsort(person, kind="stable")
    person, moment = person[sequence], moment[sequence]
    kept = (_rank_within(person) < most[person]) & (moment < END - 1)
    person, moment = person[kept], with_rhythm(moment[kept])
    moment = np.clip(moment.astype(np.int64), first[person] + 1, END - 1)
    return person, moment


def merge(
    first: np.ndarray, person: np.ndarray, moment: np.ndarray, extra_person: np.ndarray, extra_moment: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Bring first, repeat and e-mail-caused orders into one sequence.

    Returns:
        Person, moment and the number of the extra order (-1 = not caused by an e-mail), sorted by person and moment.
    """
    buyer = np.flatnonzero(first < END)
    who = np.concatenate([buyer, person, extra_person])
    when = np.concatenate([first[buyer], moment, extra_moment])
    cause = np.concatenate([np.full(len(buyer) + len(person), -1), np.arange(len(extra_person))])
    sequence = np.lexsort((when, who))
    return who[sequence], when[sequence], cause[sequence]
