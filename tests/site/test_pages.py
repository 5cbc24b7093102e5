"""The pages in a real browser, from disk and without a network: errors, numbers, keyboard, accessibility, phone."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from include.explain.customer import explain
from include.explain.page import write_page
from include.settings import Settings
from include.site.pages import PAGES
from include.site.read import rows_of
from include.site.render import TABLES
from tests.site.conftest import Seen, opened

Show = Callable[[str], Seen]
UNKNOWN = "\N{EN DASH}"
DRAWN = ("stages_over_time", "flows", "dropoff", "next_week")
FILES = [*(page.file for page in PAGES), TABLES]
BAD = """<!doctype html><html lang="en"><head><title>bad</title></head><body><main><h1>Bad</h1><img src="data:,">
<p style="color:#bbb;background:#fff">pale</p></main><script>console.error("broken")</script></body></html>"""


def serious(page: Page) -> list[str]:
    """Findings of axe that are serious or critical, each with the elements it is about."""
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{one['id']}: {[node['target'] for node in one['nodes'][:3]]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


def nonsense(page: Page) -> list[str]:
    """Words that only a mistake writes."""
    return re.findall(r"NaN|undefined|Infinity|\[object", page.locator("main").inner_text())


@pytest.mark.parametrize("file", FILES)
def test_a_page_has_no_error_and_no_serious_finding(shown: Show, file: str) -> None:
    seen = shown(file)
    assert seen.complaints == []
    assert serious(seen.page) == []
    assert nonsense(seen.page) == []
    assert seen.page.title().endswith(" · Perennial")


@pytest.mark.parametrize("world", ["one", "nobody"])
@pytest.mark.parametrize("page", PAGES, ids=[page.id for page in PAGES])
def test_one_customer_and_nobody_are_shown_without_nonsense(
    browser: Browser, sites: dict[str, Path], world: str, page: Any
) -> None:
    with opened(browser, sites[world] / page.file, width=390) as seen:
        assert seen.complaints == []
        assert nonsense(seen.page) == []
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= 390
        if world == "nobody" and page.id not in ("quality", "lifecycle"):
            cards = seen.page.locator(".card").count()
            assert seen.page.locator(".card .empty").count() == cards


def test_a_bad_page_is_found(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "bad.html").write_text(BAD, encoding="utf-8")
    with opened(browser, tmp_path / "bad.html") as seen:
        assert seen.complaints == ["error: broken"]
        assert [one.split(":")[0] for one in serious(seen.page)] == ["color-contrast", "image-alt"]


@pytest.mark.parametrize("page", PAGES, ids=[page.id for page in PAGES])
def test_the_tables_show_the_numbers_that_sql_gives(shown: Show, shop: Settings, page: Any) -> None:
    with duckdb.connect(str(shop.live_warehouse), read_only=True) as live:
        expected = {chart.id: rows_of(live, page.id, chart.id) for chart in page.charts}
    seen = shown(page.file)
    chosen = {one.column: seen.page.input_value(f"#choose-{one.column}") for one in page.selectors}
    compared = 0
    for chart in page.charts:
        if type(chart.draw).__name__ == "Heat":
            continue
        rows = expected[chart.id]
        names = [name for name in rows.columns if name not in (*chart.where, "unit", "history")]
        columns = dict(zip(rows.columns, rows.values, strict=True))
        kept = [n for n in range(len(rows)) if all(columns[name][n] == chosen[name] for name in chart.where)]
        lines = seen.page.locator(f"#{chart.id} tbody tr").all()
        shown = [line.locator("th, td").all_inner_texts() for line in lines]
        assert len(shown) == len(kept), chart.id
        for cells, number in zip(shown, kept, strict=True):
            for name, cell in zip(names, cells, strict=True):
                assert same(cell, columns[name][number]), f"{chart.id}.{name}: {cell!r}"
                compared += 1
    assert compared > 0


def same(cell: str, value: Any) -> bool:
    """Whether a cell says the value: a number as it is or in per cent, as far as its digits go."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return cell == {None: UNKNOWN, True: "yes", False: "no"}.get(value, value)
    match = re.search(r"[\d.,]+", cell)
    if match is None:
        return False
    digits = match[0].replace(",", "")
    said = float(digits) * (-1 if "-" in cell else 1)
    scale = 100 if "%" in cell or "points" in cell else 1
    tolerance = 0.5 * 10 ** -len(digits.partition(".")[2]) if "." in digits else 0.05
    return abs(said - value * scale) <= tolerance + 1e-9


@pytest.mark.parametrize(
    ("cell", "value", "is_same"),
    [("EUR 1,234.50", 1234.5, True), ("EUR 1,234.50", 1234.6, False), ("5.1 %", 0.0512, True), ("5.1 %", 0.052, False),
     (UNKNOWN, None, True), ("0", None, False), ("yes", True, True), ("-EUR 3.00", -3, True), ("3", -3, False)],
)  # fmt: skip
def test_how_cells_are_compared(cell: str, value: Any, is_same: bool) -> None:
    assert same(cell, value) is is_same


def test_tiles_say_value_change_and_goal(shown: Show) -> None:
    tiles = [tile.inner_text().split("\n") for tile in shown("index.html").page.locator(".tiles li").all()]
    said = [[line for line in tile if line] for tile in tiles]
    assert said[0] == ["Net revenue", "EUR 6,000", "▲ +20 %: better", "no goal set"]
    assert said[1] == ["Refunded", "6 %", "▲ +20 %: worse", "Goal 5 %: missed"]
    assert said[2] == ["Orders", "unknown", "nothing to compare with", "no goal set"]


def test_drawings_hold_the_numbers(shown: Show) -> None:
    page = shown("lifecycle.html").page
    said = {chart: page.locator(f"#{chart} .plot title").all_text_contents() for chart in DRAWN}
    assert {"active, 2025-01-24: 10", "active, 2025-01-31: 12"} <= set(said["stages_over_time"])
    assert said["flows"] == [
        "first seen → new: 5 customers", "new → active: 3 customers", "returned → back to active: 2 customers",
    ]  # fmt: skip
    assert said["dropoff"] == ["new, drop-off: 60 %", "new, benchmark: 50 %", "new, goal: 55 %"]
    assert said["next_week"] == ["active → lapsed, customers: 3"]
    axes = {chart: page.locator(f"#{chart} .axis-title").all_text_contents() for chart in DRAWN}
    assert axes["stages_over_time"] == ["date", "customers"]
    assert axes["dropoff"] == ["drop-off (%)", "stage"]


def test_lengths_are_in_proportion(shown: Show) -> None:
    page = shown("lifecycle.html").page
    bar = page.locator("#dropoff .bar").bounding_box()
    marks = [mark.bounding_box() for mark in page.locator("#dropoff .plot > svg .mark").all()]
    assert bar
    assert all(marks)
    at = [(mark["x"] + mark["width"] / 2 - bar["x"]) / bar["width"] for mark in marks if mark]
    # Benchmark 50 and goal 55 beside a bar of 60.
    assert at == [pytest.approx(50 / 60, abs=0.01), pytest.approx(55 / 60, abs=0.01)]
    widths = page.locator("#flows .ribbon").evaluate_all("all => all.map((one) => +one.getAttribute('stroke-width'))")
    assert [width / widths[0] for width in widths] == [1, pytest.approx(3 / 5), pytest.approx(2 / 5)]
    assert page.locator("#flows .node.back").count() == 2  # in the legend and in the drawing


def test_the_page_about_one_customer(browser: Browser, shop: Settings) -> None:
    with duckdb.connect(str(shop.live_warehouse), read_only=True) as live:
        path = write_page(live, "c1", [*explain(live, "c1", shop)], shop)
    with opened(browser, path, width=390) as seen:
        assert seen.complaints == []
        assert serious(seen.page) == []
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= 390
        assert seen.page.locator("#stages tbody tr").count() == 3


def test_what_is_not_over_yet_is_hatched(browser: Browser, sites: dict[str, Path]) -> None:
    with opened(browser, sites["shop"] / "cohorts.html") as seen:
        cells = seen.page.locator("#retention tbody tr").nth(1).locator("td")
        assert cells.all_inner_texts()[:2] == ["40", "100"]
        assert cells.nth(2).get_attribute("class") == "hatched"
        assert cells.nth(2).inner_text() == "not over yet"
        seen.page.select_option("#choose-dimension", "acquisition channel")
        assert seen.page.input_value("#choose-dimension_value") == "email"
        assert seen.page.locator("#value tbody tr").first.locator("td").all_inner_texts() == ["40", "70", "90"]


def test_everything_is_reached_by_the_keyboard(browser: Browser, sites: dict[str, Path]) -> None:
    with opened(browser, sites["shop"] / "lifecycle.html") as seen:
        page = seen.page
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == "choose-model_id"
        page.keyboard.press("ArrowDown")
        assert page.input_value("#choose-model_id") == "cdp4"
        assert "Nobody is in a stage of this model yet." in page.locator("#stages_over_time").inner_text()
        page.keyboard.press("ArrowUp")
        page.locator("#dropoff .numbers summary").focus()
        page.keyboard.press("Enter")
        page.locator("#dropoff table").wait_for(timeout=5_000)
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.getAttribute('role')") == "region"
        page.keyboard.press("Tab")
        with page.expect_download() as download:
            page.keyboard.press("Enter")
        saved = Path(download.value.path()).read_text(encoding="utf-8").splitlines()
        assert saved[0].startswith("model_id,stage,dropoff_rate,")
        assert saved[1].startswith("visitor5,new,0.6,0.5,0.55,")


@pytest.mark.parametrize("file", FILES)
def test_a_phone_shows_a_page_without_moving_sideways(browser: Browser, sites: dict[str, Path], file: str) -> None:
    with opened(browser, sites["shop"] / file, width=390) as seen:
        assert seen.complaints == []
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= 390
