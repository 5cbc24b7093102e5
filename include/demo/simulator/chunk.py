"""One chunk of persons from the first visit to the files on disk."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from include.demo.simulator import streams, streams_of_marketing, truth
from include.demo.simulator.advertising import plan_ads
from include.demo.simulator.catalogue import build_catalogue
from include.demo.simulator.emails import send_mail
from include.demo.simulator.history import History
from include.demo.simulator.orders import fill_baskets, place_orders, refund, second_accounts
from include.demo.simulator.parameters import PARAMETERS, Parameters
from include.demo.simulator.people import arrival_table, draw_people, open_accounts
from include.demo.simulator.purchases import first_orders, merge, repeat_orders
from include.demo.simulator.visits import Visits, ad_outcomes, fill_carts, visit

JSON_STREAMS = ("reviews", "referrals")


@dataclass(frozen=True)
class Task:
    """Which chunk to simulate, of what, and where to write it."""

    chunk: int
    first: int
    count: int
    customers: int
    seed: int
    folder: Path


@dataclass(frozen=True)
class Outcome:
    """What a chunk adds to the whole."""

    chunk: int
    rows: dict[str, int]
    totals: dict[str, dict[str, int]]  # currency -> measure -> cents or orders
    paid_visits: np.ndarray
    paid_orders: np.ndarray


def run_chunk(task: Task, parameters: Parameters = PARAMETERS) -> Outcome:
    """Simulate one chunk and write its part of every stream."""
    s, rngs, outcomes = _simulate(task, parameters)
    kept, visitor, sessions_of_orders, sessions_of_carts = _tracked(s, rngs[7], parameters)
    tables = {
        "customers": streams.customers(s, rngs[8]),
        "orders": streams.orders(kept, sessions_of_orders, rngs[8]),
        "order_lines": streams.order_lines(s),
        "refunds": streams.refunds(s),
        "coupon_redemptions": streams.coupon_redemptions(s),
        "carts": streams.carts(kept, sessions_of_carts),
        "sessions": streams.sessions(kept, visitor, rngs[8]),
        "email_events": streams_of_marketing.email_events(s, rngs[8], parameters),
        "consents": streams_of_marketing.consents(s),
        "referrals": streams_of_marketing.referrals(s, rngs[8], parameters),
        "reviews": streams_of_marketing.reviews(s, rngs[8], parameters),
        "campaign_hold_outs": streams_of_marketing.campaign_hold_outs(s, rngs[8], parameters),
    }
    for name, table in tables.items():
        if name in JSON_STREAMS:
            write_json(table, task.folder / name / f"part-{task.chunk:04d}.jsonl")
        else:
            write_parquet(table, task.folder / name / f"part-{task.chunk:04d}.parquet")
    for name, table in truth.tables(s).items():
        write_parquet(table, task.folder / "_truth" / ".parts" / name / f"part-{task.chunk:04d}.parquet")
    rows = {name: table.num_rows for name, table in tables.items()}
    return Outcome(task.chunk, rows, truth.totals(s), *outcomes)


def _simulate(
    task: Task, parameters: Parameters
) -> tuple[History, list[np.random.Generator], tuple[np.ndarray, np.ndarray]]:
    catalogue = build_catalogue(np.random.SeedSequence((task.seed, 0)))
    plan = plan_ads(task.customers, parameters)
    # One generator per part: a change in one leaves the others' draws as they were.
    rngs = [np.random.default_rng(child) for child in np.random.SeedSequence((task.seed, 1, task.chunk)).spawn(9)]
    people = draw_people(rngs[0], task.first, task.count, arrival_table(plan, parameters), catalogue, parameters)
    first = first_orders(rngs[1], people, parameters)
    repeats = repeat_orders(rngs[1], people, first, catalogue, parameters)
    mail = send_mail(rngs[2], people, first, *repeats, parameters)
    sequence = merge(first, *repeats, mail.extra_person, mail.extra_at)
    second, second_at, account = second_accounts(rngs[3], people, sequence[0], sequence[1], parameters)
    accounts = open_accounts(rngs[3], people, second, second_at, parameters)
    orders = place_orders(rngs[4], people, mail, sequence, account, parameters)
    lines = fill_baskets(rngs[4], people, orders, catalogue, parameters)
    refunds = refund(rngs[5], people, orders, lines, parameters)
    own_account = np.where(people.guest_only, -1, np.arange(len(people)))
    carts = fill_carts(rngs[6], people, own_account, orders, lines, parameters)
    share = task.count / task.customers
    visits = visit(rngs[6], people, own_account, orders, lines, carts, mail, plan, share, parameters)
    history = History(
        task.chunk, task.customers, people, accounts, orders, lines, refunds, carts, visits, mail, catalogue.ids
    )
    return history, rngs, ad_outcomes(visits)


def _tracked(
    s: History, rng: np.random.Generator, parameters: Parameters
) -> tuple[History, np.ndarray, np.ndarray, np.ndarray]:
    """Keep the visits that were tracked, in the order of time.

    Returns:
        The chunk with these visits, the visitor number of each, and the visit of every order and cart, -1 = none.
    """
    index = np.flatnonzero(s.visits.tracked)
    index = index[np.lexsort((index, s.visits.at[index]))]
    v = Visits(**{f.name: getattr(s.visits, f.name)[index] for f in fields(Visits)})
    count = len(v)
    other = (1 + rng.random(count) * np.maximum(s.people.devices[v.person] - 1, 1)).astype(np.int64)
    main = (rng.random(count) < parameters.main_device) | (s.people.devices[v.person] == 1)
    own = (s.people.numbers[v.person] + 1) * 4 + np.where(main, 0, other)
    stranger = 4 * (s.customers + 1) + s.chunk * 10_000_000 + np.arange(count)
    visitor = np.where(v.person >= 0, own, stranger)

    of_order = np.full(len(s.orders), -1)
    of_order[v.order[v.order >= 0]] = np.flatnonzero(v.order >= 0)
    of_cart = np.full(len(s.carts.at), -1)
    of_cart[v.cart[v.cart >= 0]] = np.flatnonzero(v.cart >= 0)
    bought = s.carts.order >= 0
    of_cart[bought] = of_order[s.carts.order[bought]]
    return replace(s, visits=v), visitor, of_order, of_cart


def write_parquet(table: pa.Table, path: Path) -> None:
    """Write one part as Parquet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, compression="zstd", compression_level=1)


def write_json(table: pa.Table, path: Path) -> None:
    """Write one part as one JSON object per line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.register("part", table)
        connection.execute(f"copy part to '{str(path).replace(chr(39), chr(39) * 2)}' (format json)")
