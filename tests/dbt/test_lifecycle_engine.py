"""The interval engine against a naive day-by-day implementation, on a thousand random customers."""

from __future__ import annotations

import random
from bisect import bisect_left
from datetime import date, datetime, time, timedelta
from itertools import product

import duckdb
import pandas as pd
import pytest

from tests.dbt.naive_lifecycle import Event, Naive, Seeds, shop_medians
from tests.dbt.project_copy import Project, copy_of_the_project

pytestmark = pytest.mark.slow
CUSTOMERS, DAYS = 1_000, 800
FIRST = date(2023, 1, 1)
FOREVER = datetime.combine(date.max, time.max)
TOUCHES = (
    "first_session", "product_viewed", "second_session", "registered", "newsletter_joined", "cart_created",
    "checkout_started", "order_attempted", "email_clicked", "referral_made", "review_written", "subscription_started",
)  # fmt: skip


def random_customer(rng: random.Random, number: int) -> list[Event]:
    """Touches, orders, refunds and ties at whole hours, midnight included."""
    start = datetime.combine(FIRST, time.min)

    def moment(latest: int = DAYS) -> datetime:
        return start + timedelta(hours=rng.choice([24 * rng.randrange(latest), rng.randrange(24 * latest)]))

    events = [Event(moment(300), kind, f"c{number}") for kind in rng.sample(TOUCHES, rng.randrange(1, 6))]
    at = moment(400)
    for index in range(rng.choice([0, 1, 1, 2, 3, 4, 8, 20])):
        cause = f"c{number}-o{index:02d}"
        events.append(Event(at, "order_completed", cause, float(rng.choice([0, 10, 25, 40, 100]))))
        if rng.random() < 0.15:
            events.append(Event(at + timedelta(days=rng.randrange(60)), "order_refunded", cause))
        elif rng.random() < 0.1:
            events.append(Event(at + timedelta(days=3), "order_partly_refunded", f"{cause}-r"))
        at += timedelta(hours=rng.choice([0, 3, 24 * 5, 24 * 20, 24 * 56, 24 * 90, 24 * 120, rng.randrange(24 * 150)]))
    return events


@pytest.fixture(scope="module")
def seeds_and_customers(built) -> tuple[Seeds, list[list[Event]]]:
    project, _ = built
    rng = random.Random(20230101)
    seeds = Seeds(project.folder / "seeds")
    customers = [random_customer(rng, number) for number in range(CUSTOMERS)]
    for events in customers:
        events.sort(key=lambda event: (event.at, seeds.rank[event.kind], event.cause))
    return seeds, customers


@pytest.fixture(scope="module")
def stays(
    built, seeds_and_customers, lake, tmp_path_factory
) -> dict[tuple[int, str], list[tuple[datetime, datetime, str]]]:
    """Customer number and model -> stays as the models of the project compute them."""
    _, customers = seeds_and_customers
    project: Project = copy_of_the_project(tmp_path_factory.mktemp("engine"), lake, built[0])
    rows = [
        (number, f"k{number:04d}", event.kind, event.cause, event.at, event.amount, index)
        for number, events in enumerate(customers)
        for index, event in enumerate(events, start=1)
    ]
    with duckdb.connect(str(project.warehouse)) as con:
        con.execute("create schema intermediate")
        con.execute(
            "create table intermediate.int_lifecycle__events (customer_number integer, customer_key varchar, "
            "event_type varchar, cause_id varchar, event_at timestamp, amount decimal(18, 4), event_number integer)"
        )
        con.register("rows", pd.DataFrame(rows))
        con.execute("insert into intermediate.int_lifecycle__events from rows")
    statuses = project.dbt(
        "build", "--select", "resource_type:seed", "int_lifecycle__events+,path:models/intermediate/lifecycle",
        "int_lifecycle__milestones", "int_lifecycle__stage_numbers", "int_lifecycle__rules",
        "--exclude", "int_lifecycle__events", "--exclude-resource-type", "unit_test",
        "--exclude-resource-type", "test",
    )  # fmt: skip
    assert set(statuses.values()) == {"success"}
    found: dict[tuple[int, str], list[tuple[datetime, datetime, str]]] = {}
    with duckdb.connect(str(project.warehouse), read_only=True) as con:
        query = "select cast(substr(customer_key, 2) as integer), model_id, valid_from, valid_to, stage from {}"
        for number, model, start, end, stage in con.execute(
            query.format("intermediate.int_lifecycle__stages")
        ).fetchall():
            found.setdefault((number, model), []).append((start, end or FOREVER, stage))
    return found


def at_midnights(stays: list[tuple[datetime, datetime, str]]) -> list[str | None]:
    """The stage at each midnight, as the filter of the docs finds it; 'a & b' where two stays hold."""
    found: list[str | None] = [None] * DAYS
    midnights = [datetime.combine(FIRST, time.min) + timedelta(days=day) for day in range(DAYS)]
    for start, end, stage in stays:
        for day in range(bisect_left(midnights, start), bisect_left(midnights, end)):
            found[day] = f"{found[day]} & {stage}" if found[day] else stage
    return found


def differences(seeds: Seeds, customers: list[list[Event]], stays, numbers: range) -> list[tuple[int, str, int]]:
    """Customer, model and day at which the engine and the naive implementation disagree."""
    naive = Naive(seeds, shop_medians(customers))
    return [
        (number, model, day)
        for number in numbers
        for model, expected in naive.stages(customers[number], FIRST, DAYS).items()
        for day, (found, wanted) in enumerate(zip(at_midnights(stays[number, model]), expected, strict=True))
        if found != wanted
    ]


def test_every_customer_is_in_every_model(stays, seeds_and_customers):
    models = {rule["model_id"] for rule in seeds_and_customers[0].rules}
    assert len(models) == 9
    assert set(stays) == set(product(range(CUSTOMERS), models))


def test_the_engine_agrees_with_the_naive_implementation(stays, seeds_and_customers):
    seeds, customers = seeds_and_customers
    assert differences(seeds, customers, stays, range(CUSTOMERS)) == []


@pytest.mark.parametrize(
    ("rule", "column", "value"),
    [("rf7_loyal", "to_days", "57"), ("growth5_advocacy", "requires", ""), ("visitor5_returned", "to_days", "31")],
)
def test_the_comparison_can_fail(stays, seeds_and_customers, built, rule, column, value):
    _, customers = seeds_and_customers
    spoilt = Seeds(built[0].folder / "seeds")
    next(row for row in spoilt.rules if row["rule_id"] == rule)[column] = value
    assert differences(spoilt, customers, stays, range(100))
