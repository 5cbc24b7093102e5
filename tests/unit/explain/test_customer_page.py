"""The page about one customer: what the time line draws where, and that names are in it only on purpose."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from include.explain.customer import Section, contacts_of, explain
from include.explain.page import write_page
from include.explain.timeline import Moments, Stay, moments_of, ticks, timeline
from include.settings import Settings
from tests.support.live import live_warehouse
from tests.support.live_rows import SHOP

AS_OF = datetime(2025, 2, 1)  # noqa: DTZ001 - UTC without a zone, as in the warehouse


def day(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return live_warehouse(tmp_path_factory.mktemp("shop"), SHOP)


@pytest.fixture
def live(shop: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    with closing(duckdb.connect(str(shop.live_warehouse), read_only=True)) as connection:
        yield connection


def page_of(live: duckdb.DuckDBPyConnection, shop: Settings, contacts: Section | None = None) -> Path:
    return write_page(live, "c1", [*explain(live, "c1", shop)], shop, contacts)


def test_the_page_is_pseudonymous(live: duckdb.DuckDBPyConnection, shop: Settings) -> None:
    path = page_of(live, shop)
    text = path.read_text(encoding="utf-8")
    assert path == shop.data_dir / "customers" / "c1.html"
    assert "ann@people.example" not in text
    assert "pseudonymous" in text
    assert "19.50" in text
    # One file: nothing is loaded from elsewhere.
    assert re.findall(r'(?:src|href)="(?!#|data:)', text) == []


def test_names_are_shown_on_purpose_to_the_owner_of_the_file_alone(
    live: duckdb.DuckDBPyConnection, shop: Settings
) -> None:
    path = page_of(live, shop, contacts_of("c1", shop))
    text = path.read_text(encoding="utf-8")
    assert "ann@people.example" in text
    assert "holds personal data" in text
    assert path.stat().st_mode & 0o777 == 0o600
    page_of(live, shop)
    assert path.stat().st_mode & 0o777 == 0o644
    assert "ann@people.example" not in path.read_text(encoding="utf-8")


def test_bars_and_marks_stand_where_their_days_are() -> None:
    # From 1 January to 90 days after 1 February, 2 May: 121 days on 850 points from 130 on.
    stays = [
        Stay("visitor", day("2025-01-01"), day("2025-01-31")),
        Stay("new", day("2025-01-31"), day("2025-03-01")),
        Stay("lapsed", day("2025-03-01"), None),
        Stay("lost", day("2025-09-01"), None),
    ]
    drawn = timeline(stays, [Moments("orders", ((day("2025-01-31"), "an <order>"),)), Moments("refunds", ())], AS_OF)
    bars = re.findall(r'<rect class="(\w+)" x="([\d.]+)" y="(\d+)" width="([\d.]+)"', drawn)
    assert bars == [
        ("stay", "130.0", "6", "210.7"),  # 30 of 121 days
        ("stay", "340.7", "36", "203.8"),  # 29 days, to 414.5 after 130: 59 of 121
        ("coming", "544.5", "66", "435.5"),  # to the end of the drawing
    ]
    assert "lapsed from 2025-03-01 to further on, if nothing happens" in drawn
    assert re.findall(r'class="mark" x="([\d.]+)"[^>]*>(.)<title>([^<]*)', drawn) == [
        ("340.7", "●", "an &lt;order&gt;")
    ]
    assert re.findall(r'class="now" x1="([\d.]+)"', drawn) == ["347.8"]
    assert "refunds" not in drawn
    assert "lost" not in drawn


def test_nothing_dated_draws_nothing() -> None:
    assert timeline([], [Moments("orders", ())], AS_OF) == ""


def test_moments_without_a_day_are_left_out() -> None:
    section = Section("refunds", "Refunds", ("at", "amount", "why"), [(day("2025-01-02"), 3, None), (None, 4, "lost")])
    assert moments_of("refunds", section, "at", ("amount", "why")).at == ((day("2025-01-02"), "2025-01-02: 3"),)


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("2025-01-15", "2025-03-02", ["2025-02-01", "2025-03-01"]),
        ("2024-11-30", "2025-01-01", ["2024-12-01", "2025-01-01"]),
        ("2025-01-01", "2025-01-31", []),
        # 24 months in at most 8 marks: every third.
        ("2023-01-15", "2025-01-15", [f"{y}-{m:02}-01" for y in (2023, 2024) for m in (2, 5, 8, 11)]),
    ],
)
def test_months_are_marked_evenly(first: str, last: str, expected: list[str]) -> None:
    assert [f"{one:%Y-%m-%d}" for one in ticks(day(first), day(last))] == expected
