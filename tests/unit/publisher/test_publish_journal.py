"""The ledger as the live warehouse shows it: every run, and at no moment a mix of two states."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.synchronize import Event

import duckdb
import pytest

from include.publisher import journal
from include.publisher.publish import publish
from include.settings import Settings
from tests.unit.publisher.world import World, customers

DRIFT = len(journal.DRIFT)
SUMS = "select count(*), min(expected), max(expected), count(distinct run_id) from ({})"


def state(number: int) -> list[tuple[object, ...]]:
    """As many rows of the drift as each of them says; between 10 and 310."""
    count = 10 + number % 7 * 50
    return [(f"{number}-{i}", "files", "loyal", count, *(None,) * (DRIFT - 4)) for i in range(count)]


def add(settings: Settings, number: int) -> None:
    journal.write_state(settings, "publish_drift", time.time_ns(), [state(number)])


def replace(settings: Settings, number: int) -> None:
    """What the journal did before: one file, replaced as a whole."""
    journal.write_state(settings, "publish_drift", 1, [state(number)])


def keep_writing(write: Callable[[Settings, int], None], settings: Settings, stop: Event) -> None:
    number = 0
    while not stop.wait(0.002):
        number += 1
        write(settings, number)


@contextmanager
def writing(write: Callable[[Settings, int], None], settings: Settings) -> Iterator[None]:
    context = get_context("spawn")
    stop = context.Event()
    process = context.Process(target=keep_writing, args=(write, settings, stop), daemon=True)
    process.start()
    try:
        yield
    finally:
        stop.set()
        process.join(20)


def seen(settings: Settings, write: Callable[[Settings, int], None]) -> Counter[str]:
    """Ask for three seconds while another process writes; count the answers that are of one state, and the others."""
    found: Counter[str] = Counter()
    query = SUMS.format(journal.queries(settings)["publish_drift"])
    write(settings, 0)
    with writing(write, settings), duckdb.connect() as connection:
        end = time.monotonic() + 3
        while time.monotonic() < end:
            try:
                rows, least, most, runs = connection.execute(query).fetchall()[0]
            except duckdb.Error:
                found["error"] += 1
            else:
                found["one state" if rows == least == most == runs else "mix"] += 1
    return found


def test_who_asks_while_it_is_written_sees_one_state(world: World) -> None:
    found = seen(world.settings, add)
    assert set(found) == {"one state"}
    assert found["one state"] > 20


def test_one_file_that_is_replaced_would_show_a_mix(world: World) -> None:
    found = seen(world.settings, replace)
    assert found["error"] + found["mix"] > 0


def test_a_state_without_rows_is_seen(world: World) -> None:
    query = journal.queries(world.settings)["publish_drift"]
    journal.write_state(world.settings, "publish_drift", 1, [state(1)])
    assert len(duckdb.sql(query).fetchall()) == 60
    journal.write_state(world.settings, "publish_drift", 2, [])
    assert duckdb.sql(query).fetchall() == []


def test_a_state_stays_for_a_minute_after_the_next(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    second, names = 1_000_000_000, []
    for at in (100, 200, 230, 291):
        monkeypatch.setattr(journal.time, "time_ns", lambda at=at: at * second)
        journal.write_state(world.settings, "publish_drift", at * second, [state(1)])
        place = journal.folder(world.settings) / "publish_drift"
        names.append([int(path.stem) // second for path in sorted(place.glob("*.parquet"))])
    assert names == [[100], [100, 200], [100, 200, 230], [230, 291]]


def test_the_journal_shows_every_run(world: World) -> None:
    world.promote(customers(*range(10)))
    tables = journal.queries(world.settings)
    assert {name: duckdb.sql(query).fetchall() for name, query in tables.items()} == {name: [] for name in tables}
    publish("loyal", "files", "monday+1:00", world.settings)
    world.promote(customers(*range(1, 10)))
    publish("loyal", "files", "tuesday", world.settings)
    runs = duckdb.sql(f"select adds, removes, status from ({tables['publish_runs']}) order by started_at")
    assert runs.fetchall() == [(10, 0, "done"), (0, 1, "done")]
    changed = f"from ({tables['publish_changelog']})"
    assert duckdb.sql(f"select operation, outcome, count(*) {changed} group by all order by all").fetchall() == [
        ("add", "confirmed", 10),
        ("remove", "confirmed", 1),
    ]


def test_the_journal_forgets_with_the_ledger(world: World) -> None:
    world.promote(customers(*range(3)))
    publish("loyal", "files", "monday", world.settings)
    folder = journal.folder(world.settings) / "publish_changelog"
    long_ago = time.time() - 401 * 86_400
    for name in (f"{journal.EMPTY}.parquet", "monday.loyal.files.parquet"):
        os.utime(folder / name, (long_ago, long_ago))
    publish("loyal", "files", "tuesday", world.settings)
    assert {path.name for path in folder.iterdir()} == {f"{journal.EMPTY}.parquet", "tuesday.loyal.files.parquet"}
