"""Who the customers are: arrival, channel, traits and the accounts, addresses and devices they use."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from include.demo.simulator.advertising import AdPlan
from include.demo.simulator.catalogue import CATEGORIES, Catalogue
from include.demo.simulator.channels import ACQUISITION_WEIGHTS
from include.demo.simulator.clock import DAYS, EARLIEST_SECOND, LATEST_SECOND, local_midnight, second_of_day
from include.demo.simulator.columns import identifiers, join, pick
from include.demo.simulator.parameters import COUNTRIES, COUNTRY_WEIGHTS, GB, Parameters

# fmt: off
FIRST_NAMES = (
    "Anna", "Ben", "Clara", "David", "Emma", "Felix", "Greta", "Hugo", "Ida", "Jonas", "Klara", "Leon", "Mia",
    "Noah", "Olivia", "Paul", "Rosa", "Simon", "Tessa", "Victor", "Amelie", "Bruno", "Celine", "Daan", "Elise",
    "Finn", "Gwen", "Harry", "Isla", "Jack", "Lotte", "Milan", "Nina", "Oscar", "Pia", "Ruben", "Sophie",
    "Thomas", "Una", "Willem"
)
# fmt: on

# fmt: off
LAST_NAMES = (
    "Adler", "Bauer", "Carter", "Dubois", "Evans", "Fischer", "Garnier", "Huber", "Irving", "Jansen", "Keller",
    "Lambert", "Moreau", "Novak", "Oakley", "Petit", "Quinn", "Roux", "Schmidt", "Taylor", "Urban", "Visser",
    "Wagner", "Young", "Zimmer", "Bakker", "Clarke", "Dekker", "Fontaine", "Gruber", "Hughes", "Klein", "Leroy",
    "Mercier", "Peters", "Smit", "Vogel", "Walker", "Weber", "Winkler"
)
# fmt: on

DOMAINS = ("example.com", "example.org", "example.net")
_DIAL = pa.array(["+4915000", "+3370000", "+3160000", "+4366000", "+4470000"])


@dataclass(frozen=True)
class People:
    """One row per person of a chunk; first holds the number of its first person over all chunks."""

    first: int
    registered_at: np.ndarray  # guests: when they would have registered
    channel: np.ndarray
    guest_only: np.ndarray
    country: np.ndarray
    consent: np.ndarray
    sms_consent: np.ndarray
    never: np.ndarray
    rate: np.ndarray  # orders per day
    drop_out: np.ndarray
    staple: np.ndarray  # product rebought when used up, -1 = none
    favourite: np.ndarray  # category
    extra_lines: np.ndarray  # mean lines of an order beyond the first
    open_rate: np.ndarray
    devices: np.ndarray
    has_phone: np.ndarray
    birth_day: np.ndarray  # days since 1970, meaningful where has_birth_day
    has_birth_day: np.ndarray

    def __len__(self) -> int:
        return len(self.registered_at)

    @property
    def numbers(self) -> np.ndarray:
        """Return the number of every person over all chunks."""
        return self.first + np.arange(len(self))

    @property
    def british(self) -> np.ndarray:
        """Return who buys in GBP, prices without tax."""
        return self.country == GB


def arrival_table(plan: AdPlan, parameters: Parameters) -> np.ndarray:
    """Return the cumulative probability of arriving on a local day through an ad or an unpaid channel, flattened.

    Arrivals are a Poisson process per channel whose intensity follows clicks (paid) or the shop's growth (unpaid);
    given the number of persons, day and channel of each are independent draws from this table.
    """
    trend = parameters.growth ** (np.arange(DAYS) / DAYS)
    trend = trend * np.array([1.0, 0.95, 0.95, 1.0, 1.05, 1.1, 1.15])[np.arange(DAYS) % 7]
    unpaid = trend[:, None] * ACQUISITION_WEIGHTS
    unpaid *= (1 - parameters.paid_share) / unpaid.sum()
    paid = plan.registrations * (parameters.paid_share / plan.registrations.sum())
    weights = np.concatenate([paid, unpaid], axis=1)
    return np.cumsum(weights.ravel()) / weights.sum()


def draw_people(
    rng: np.random.Generator, first: int, count: int, arrivals: np.ndarray, catalogue: Catalogue, parameters: Parameters
) -> People:
    """Draw the persons of one chunk."""
    cell = np.minimum(np.searchsorted(arrivals, rng.random(count), side="right"), len(arrivals) - 1)
    day, channel = np.divmod(cell, len(arrivals) // DAYS)
    second = np.clip(second_of_day(rng.random(count)), EARLIEST_SECOND, LATEST_SECOND)
    guest_only = rng.random(count) < parameters.guest_only

    drop_out = np.clip(rng.beta(parameters.beta_a, parameters.beta_b, count), 1e-4, 1)
    rate = np.minimum(rng.gamma(parameters.gamma_shape, 1 / parameters.gamma_rate_days, count), parameters.rate_ceiling)
    category_weights = np.array([entry[4] for entry in CATEGORIES])
    favourite = rng.choice(len(CATEGORIES), count, p=category_weights / category_weights.sum())
    consumable = np.flatnonzero([entry[2] > 0 for entry in CATEGORIES])
    staple = catalogue.draw(rng, rng.choice(consumable, count))
    replenisher = rng.random(count) < parameters.replenisher
    drop_out = np.where(replenisher, drop_out * parameters.replenish_drop_out_factor, drop_out)
    rate = np.where(replenisher, 1 / np.maximum(catalogue.life_days[staple], 1), rate)
    return People(
        first=first,
        registered_at=local_midnight(day) + second,
        channel=channel,
        guest_only=guest_only,
        country=rng.choice(len(COUNTRIES), count, p=COUNTRY_WEIGHTS),
        consent=(rng.random(count) < parameters.consent) & ~guest_only,
        sms_consent=(rng.random(count) < parameters.sms_consent) & ~guest_only,
        never=(rng.random(count) < parameters.never_order) & ~guest_only,
        rate=rate,
        drop_out=drop_out,
        staple=np.where(replenisher, staple, -1),
        favourite=favourite,
        extra_lines=0.4 + 1.1 * (1 - drop_out) * rng.gamma(4.0, 0.25, count),
        open_rate=rng.beta(parameters.open_a, parameters.open_b, count),
        devices=1 + np.minimum(rng.poisson(parameters.extra_devices, count), 3),
        has_phone=rng.random(count) < parameters.phone,
        birth_day=rng.integers(-10_957, 13_514, count),  # born 1940 to 2006
        has_birth_day=rng.random(count) < 0.4,
    )


@dataclass(frozen=True)
class Accounts:
    """Shop accounts: first every person's first one (guests' is never written), then the second ones."""

    person: np.ndarray
    registered_at: np.ndarray
    ids: pa.Array  # NULL for guests
    email: pa.Array
    phone: pa.Array
    first_name: pa.Array
    last_name: pa.Array


def open_accounts(
    rng: np.random.Generator,
    people: People,
    second_person: np.ndarray,
    second_registered_at: np.ndarray,
    parameters: Parameters,
) -> Accounts:
    """Give every person a name, an address and a phone, and second accounts to those who forgot the first."""
    count = len(people)
    first = pa.array(FIRST_NAMES).take(pa.array(rng.integers(0, len(FIRST_NAMES), count)))
    last = pa.array(LAST_NAMES).take(pa.array(rng.integers(0, len(LAST_NAMES), count)))
    number = pc.cast(pa.array(people.numbers + 1), pa.string())
    domain = pa.array(DOMAINS).take(pa.array(rng.integers(0, len(DOMAINS), count)))
    email = join(pc.utf8_lower(first), ".", pc.utf8_lower(last), number, "@", domain)
    local = identifiers("", people.numbers + 1, 8)
    phone = join(_DIAL.take(pa.array(people.country)), local)

    second = pa.array(second_person)
    same_email = rng.random(len(second_person)) < parameters.second_account_same_email
    email_again = join(" ", first.take(second), ".", last.take(second), number.take(second), "@", domain.take(second))
    other_email = join(pc.utf8_lower(last).take(second), number.take(second), "@", domain.take(second))
    # Who takes another address is recognised by the phone, typed differently.
    phone_again = pc.utf8_replace_slice(phone.take(second), 3, 3, " ")
    person = np.concatenate([np.arange(count), second_person])
    # An odd factor permutes the numbers below 2**32: ids are unique and tell nothing of who belongs together.
    key = np.concatenate([2 * people.numbers + 2, 2 * (people.first + second_person) + 3])
    ids = identifiers("C", (key * 2_654_435_761) % 2**32, 10)
    account = np.arange(len(person))
    known = np.concatenate([~people.guest_only, np.ones(len(second_person), bool)])
    has_phone = np.concatenate([people.has_phone, ~same_email])
    has_phone[:count][second_person[~same_email]] = True
    return Accounts(
        person=person,
        registered_at=np.concatenate([people.registered_at, second_registered_at]),
        ids=pick(ids, np.where(known, account, -1)),
        email=pa.concat_arrays([email, pc.if_else(pa.array(same_email), email_again, other_email)]),
        phone=pick(pa.concat_arrays([phone, phone_again]), np.where(has_phone, account, -1)),
        first_name=pa.concat_arrays([first, first.take(second)]),
        last_name=pa.concat_arrays([last, last.take(second)]),
    )
