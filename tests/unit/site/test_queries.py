"""Each page's queries on a shop whose numbers are worked out by hand, and on a warehouse without a row."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import duckdb
import pytest

from include.settings import Settings
from include.site import read
from include.site.pages import PAGES
from include.site.read import QUERIES, SiteError, describe, rows_of
from include.site.spec import Chart, Page, Rows

CHARTS = [(page, chart) for page in PAGES for chart in page.charts]
NAMES = [f"{page.id}-{chart.id}" for page, chart in CHARTS]
# (page, chart, columns, rows): of the rows in tests/support/live_rows.py.
BY_HAND = [
    ("overview", "stages_last_week", "stage customers week_before entries exits", [
        ("visitor", 33, 30, 2, 1), ("new", 6, 5, 2, 1), ("active", 12, 10, 2, 1), ("lapsed", 3, 4, 2, 1),
        ("returned", 2, 1, 2, 1),
    ]),
    ("overview", "headlines", "name value history", [
        ("Net revenue", 6000, [5000, 6000]), ("Refunded", 0.06, [0.05, 0.06]), ("Orders", None, None),
    ]),
    ("overview", "trend", "metric month value", [
        ("Net revenue", "2024-12-01", 5000), ("Net revenue", "2025-01-01", 6000),
        ("Refunded", "2024-12-01", 0.05), ("Refunded", "2025-01-01", 0.06),
    ]),
    # The 8th is the eighth day after the last one that is over, the 31st.
    ("lifecycle", "next_week", "move customers", [("active → lapsed", 3)]),
    ("lifecycle", "dropoff", "stage dropoff_rate severity", [("new", 0.6, "watch")]),
    # 300 of spend for 12 new customers; 50 for nobody.
    ("acquisition", "cac", "channel spend new_customers cac", [
        ("paid_search", 300, 12, 25), ("paid_social (spend without customers)", 50, 0, None),
    ]),
    ("acquisition", "campaigns", "campaign_name spend is_without_conversions", [("<b>bold & new</b>", 50, True)]),
    ("campaigns", "triggers", "trigger due to_send held_out not_now offer_cost", [("Welcome series", 2, 1, 0, 1, 2.5)]),
    ("campaigns", "why_not", "why_not customers", [("no consent for email", 1)]),
    ("segments", "moving", "segment entries exits", [("Loyal", 4, 1)]),
    ("quality", "reconciliation", "measure result", [("refunds", "differs"), ("orders", "equal")]),
    ("quality", "quarantine", "what rows", [("shop · orders: no currency", 1)]),
    # From 31 January, midnight, to 1 February.
    ("quality", "freshness", "stream days_old", [("orders", 1.0), ("ad performance", 1.0)]),
    ("quality", "gate_2", "audit rule", [("audit.offers", "there is a budget")]),
    ("publishing", "waiting", "audience removes snapshot run_id", [("lapsed", 80, 100, "r2")]),
    ("publishing", "changes", "pair adds updates removes", [("loyal → klaviyo", 5, 1, 0)]),
    ("publishing", "dead_letters", "audience reason customers", [("loyal", "invalid phone", 1)]),
]  # fmt: skip


@pytest.fixture(scope="module")
def live(shop: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    with closing(duckdb.connect(str(shop.live_warehouse), read_only=True)) as connection:
        yield connection


@pytest.fixture(scope="module")
def empty(nothing: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    with closing(duckdb.connect(str(nothing.live_warehouse), read_only=True)) as connection:
        yield connection


def picked(rows: Rows, names: str) -> list[tuple[object, ...]]:
    columns = [rows.values[rows.columns.index(name)] for name in names.split()]
    return list(zip(*columns, strict=True))


@pytest.mark.parametrize(("page", "chart", "names", "expected"), BY_HAND, ids=[f"{one[0]}-{one[1]}" for one in BY_HAND])
def test_a_query_gives_the_numbers_worked_out_by_hand(
    live: duckdb.DuckDBPyConnection, page: str, chart: str, names: str, expected: list[tuple[object, ...]]
) -> None:
    found = picked(rows_of(live, page, chart), names)
    assert sorted(found, key=repr) == sorted(expected, key=repr)


def test_the_cell_of_a_cohort_that_is_not_over_is_unknown_and_a_pair_without_customers_is_nothing(
    live: duckdb.DuckDBPyConnection,
) -> None:
    retention = picked(rows_of(live, "cohorts", "retention"), "dimension cohort_start age retention_rate")
    assert ("all", "2025-01-01", 1, None) in retention
    assert ("all", "2024-12-01", 1, 0.25) in retention
    value = picked(rows_of(live, "cohorts", "value"), "dimension cohort_start age net_revenue_per_member")
    assert ("all", "2025-01-01", 1, None) in value
    assert ("acquisition channel", "2024-12-01", 1, 90.0) in value
    overlap = picked(rows_of(live, "segments", "overlap"), "segment other_segment share_of_segment")
    assert ("Active customers", "Loyal", 0.5) in overlap
    assert ("Loyal", "Lost", 0) in overlap
    assert ("Loyal", "Loyal", None) in overlap


def problems(page: Page, chart: Chart, rows: Rows, described: list[str]) -> list[str]:
    """How a chart and its query disagree, or say more than they may."""
    needed = {*chart.units, *chart.labels, *chart.where}
    drawn = {name for name in vars(chart.draw).values() if isinstance(name, str) and name in needed}
    selectors = {one.column for one in page.selectors}
    found = [f"no column {name}" for name in (needed | drawn) - set(rows.columns)]
    found += [f"no selector {name}" for name in set(chart.where) - selectors]
    found += [f"{chart.table} has no column {name}" for name in set(chart.measures) - set(described)]
    found += [f"{name} tells of one customer" for name in rows.columns if name.endswith("customer_key")]
    found += ["the rows' unit is missing"] if "unit" in chart.units.values() and "unit" not in rows.columns else []
    return found


@pytest.mark.parametrize(("page", "chart"), CHARTS, ids=NAMES)
def test_a_chart_fits_its_query_and_table_also_without_a_row(
    empty: duckdb.DuckDBPyConnection, page: Page, chart: Chart
) -> None:
    table = describe(empty, chart.table)
    assert table.comment, f"{chart.table} has no description to be the chart's definition"
    assert problems(page, chart, rows_of(empty, page.id, chart.id), [name for name, *_ in table.columns]) == []


def test_a_chart_that_does_not_fit_is_found() -> None:
    page, chart = CHARTS[0]
    rows = Rows(("customer_key", "value"), [[], []])
    found = problems(page, chart, rows, ["value"])
    assert "customer_key tells of one customer" in found
    assert "no column goal" in found
    assert "marts.kpi_headlines has no column trend" in found
    assert "the rows' unit is missing" in found


def test_every_query_has_a_chart_and_every_selector_its_values(live: duckdb.DuckDBPyConnection) -> None:
    assert {(path.parent.name, path.stem) for path in QUERIES.glob("*/*.sql")} == {
        (page.id, chart.id) for page, chart in CHARTS
    }
    for page in PAGES:
        for selector in page.selectors:
            assert selector.column in rows_of(live, page.id, selector.chart).columns


def test_more_rows_than_a_page_shows_are_refused(
    live: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read, "MAX_ROWS", 4)
    with pytest.raises(SiteError, match=r"stages_last_week\.sql of page overview gave more than 4 rows"):
        rows_of(live, "overview", "stages_last_week")


def test_a_warehouse_of_another_version_is_named() -> None:
    with duckdb.connect() as connection, pytest.raises(SiteError, match=r"meta\.loads.*run the DAG build_marts"):
        connection.execute("create schema meta")
        describe(connection, "meta.loads")
    with duckdb.connect() as connection, pytest.raises(SiteError, match="run the DAG build_marts"):
        rows_of(connection, "quality", "gate_1")
