"""Random histories of a vendor, read day by day by a loader that is killed anywhere: all arrives, and once."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from include.lake import landing, layout
from include.sources import extract as extracting
from include.sources.pull import raw
from tests.unit.sources.pull.toy import ToyBench

DAYS = 3
FIRST = datetime(2024, 5, 1)  # noqa: DTZ001 - as the toy shop writes it
STREAMS = ("orders", "order_lines")
# Of each record its last version, as staging takes it; the models' own unit tests hold staging to this.
LATEST_ORDERS = (
    "select order_id, status from (select *, row_number() over (partition by order_id"
    " order by _loaded_at desc, _load_id desc, _row desc) as nth from read_parquet('{}', hive_partitioning = false))"
    " where nth = 1 and _deleted_at is null order by all"
)
LATEST_LINES = (
    "select order_id, count(*) from (select *, max(_loaded_at) over (partition by _parent) as last"
    " from read_parquet('{}', hive_partitioning = false)) where _loaded_at = last and _deleted_at is null"
    " group by all order by all"
)


class Killed(BaseException):
    """The process is gone."""


@dataclass(frozen=True)
class Change:
    """What happens at the vendor: on a day, at a minute of it, to an order; no lines = it is deleted."""

    day: int
    minute: int
    order: int
    lines: int | None


@dataclass(frozen=True)
class Kill:
    """The run of a day ends at the n-th file operation or page."""

    day: int
    step: int


changes = st.builds(
    Change, st.integers(0, DAYS - 1), st.integers(0, 1439), st.integers(0, 5), st.one_of(st.none(), st.integers(0, 3))
)
kills = st.builds(Kill, st.integers(0, DAYS - 1), st.integers(1, 14))


@contextmanager
def killing(step: int | None, bench: ToyBench) -> Iterator[None]:
    """Raise Killed at the n-th step: before and after each rename, at each page, before each clean-up."""
    left = [step]

    def tick() -> None:
        if left[0] is not None:
            left[0] -= 1
            if left[0] <= 0:
                raise Killed

    @contextmanager
    def written(path: Path, mode: int = 0o644) -> Iterator[Path]:
        tick()
        with layout.written_aside(path, mode) as aside:
            yield aside
            tick()
        tick()

    bench.shop.before_page = lambda page: tick()
    with (
        mock.patch.object(raw, "written_aside", written),
        mock.patch.object(extracting, "written_aside", written),
        mock.patch.object(landing, "written_aside", written),
    ):
        yield
    bench.shop.before_page = lambda page: None


def apply(bench: ToyBench, change: Change) -> None:
    at = (FIRST + timedelta(days=change.day, minutes=change.minute)).isoformat()
    if change.lines is None:
        if f"o{change.order}" in bench.shop.orders:
            bench.shop.delete(f"o{change.order}", at)
    else:
        bench.shop.put(f"o{change.order}", at, lines=change.lines, status=f"paid{change.minute % 3}")


def play(bench: ToyBench, history: list[Change], crashes: list[Kill]) -> None:
    """Let each day pass at the vendor and be loaded at its end; a killed run is simply started again."""
    for day in range(DAYS):
        for change in sorted((one for one in history if one.day == day), key=lambda one: one.minute):
            apply(bench, change)
        end = (FIRST + timedelta(days=day + 1)).isoformat()
        for step in [*(kill.step for kill in crashes if kill.day == day), None]:
            try:
                with killing(step, bench):
                    bench.load(end, *STREAMS)
            except Killed:
                continue


def held(bench: ToyBench) -> tuple[list[Any], list[Any]]:
    con = duckdb.connect()
    files = [f"{bench.lake.landed('toy', stream)}/load_date=*/*.parquet" for stream in STREAMS]
    return (
        con.execute(LATEST_ORDERS.format(files[0])).fetchall(),
        con.execute(LATEST_LINES.format(files[1])).fetchall(),
    )


def truth(bench: ToyBench) -> tuple[list[Any], list[Any]]:
    living = {name: record for name, (_, record) in sorted(bench.shop.orders.items()) if record is not None}
    return (
        [(name, record["status"]) for name, record in living.items()],
        [(name, len(record["lines"])) for name, record in living.items() if record["lines"]],
    )


def check(history: list[Change], crashes: list[Kill], spoil: Callable[[ToyBench], None] = lambda bench: None) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        bench = ToyBench(Path(folder), patch)
        spoil(bench)
        play(bench, history, crashes)
        assert held(bench) == truth(bench)


@pytest.mark.slow
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(changes, max_size=14), st.lists(kills, max_size=5))
def test_after_any_history_and_any_kills_the_lake_holds_what_the_vendor_holds(
    history: list[Change], crashes: list[Kill]
) -> None:
    check(history, crashes)


TWO_DAYS = [Change(0, 10, 1, 2), Change(0, 20, 2, 1), Change(1, 10, 1, 1), Change(1, 20, 3, 1)]


@pytest.mark.slow
@pytest.mark.parametrize("step", range(1, 24))
def test_killed_at_every_step(step: int) -> None:
    check(TWO_DAYS, [Kill(1, step)])


def test_a_loader_whose_cursor_moves_before_its_data_is_found_out() -> None:
    """The known-bad case: the file that is the cursor is written first, and the records later."""

    def spoil(bench: ToyBench) -> None:
        read = bench.shop.read_orders

        def cursor_first(account: Any, window: Any) -> Iterator[list[Any]]:
            name = f"until_{window.end:%Y%m%dT%H%M%SZ}.parquet"
            folder = bench.lake.raw("toy") / "orders"
            folder.mkdir(parents=True, exist_ok=True)
            if (folder / name).exists():
                return  # already read, the loader believes
            duckdb.connect().execute(
                "copy (select null::varchar as payload, null::timestamp as deleted_at, null::timestamp as pulled_at,"
                f" null::varchar as key, null::varchar as version limit 0) to '{folder / name}' (format parquet)"
            )
            yield from read(account, window)

        bench.shop.read_orders = cursor_first  # type: ignore[method-assign]
        import sys

        sys.modules["include.sources.vendors.toy"].VENDOR = bench.shop.vendor()  # type: ignore[attr-defined]

    with pytest.raises(AssertionError):
        check(TWO_DAYS, [Kill(1, 1)], spoil)
