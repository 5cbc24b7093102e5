"""The documentation says of every table what it is; its links lead somewhere; it fetches nothing."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from include.docs_site import build, dictionary, pictures
from include.docs_site.build import DocsError, render, write_pages
from include.docs_site.dictionary import cell, unit
from include.docs_site.manifest import Project, read
from include.settings import PROJECT_ROOT
from include.warehouse.dbt import MANIFEST, PROJECT_DIR


@pytest.fixture(scope="module")
def project() -> Project:
    return read(MANIFEST)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs")
    write_pages(folder / "pages")
    render(folder / "pages", folder / "site")
    return folder / "site"


def node_of(project: Project, name: str) -> dict[str, Any]:
    return next(node for node in project.nodes() if node["name"] == name)


class Fetched(HTMLParser):
    """Collects what a browser would fetch for a page."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        names = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}
        if tag in names and found.get("rel") not in ("canonical", "next", "prev"):
            self.addresses.append(found.get(names[tag]) or "")


def fetched_from_elsewhere(text: str) -> list[str]:
    page = Fetched()
    page.feed(text)
    return [address for address in page.addresses if re.match(r"(https?:)?//", address)]


def test_the_whole_site_builds_and_every_link_leads_somewhere(site: Path, project: Project) -> None:
    names = {path.relative_to(site).with_suffix(".md").as_posix() for path in site.rglob("*.html")}
    assert {f"dictionary/{dictionary.page_name(node)}" for node in project.nodes()} < names
    assert {"index.md", "glossary.md", "diagrams.md", "runbooks/index.md", "decisions/index.md"} < names


def test_no_page_fetches_anything_from_elsewhere(site: Path) -> None:
    pages = {path.name: fetched_from_elsewhere(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}
    assert {name: found for name, found in pages.items() if found} == {}
    sheets = [path.read_text(encoding="utf-8") for path in site.rglob("*.css")]
    assert not [found for sheet in sheets for found in re.findall(r"(?:url\(|@import )[\"']?(?:https?:)?//", sheet)]


def test_a_page_that_fetches_something_is_found() -> None:
    assert fetched_from_elsewhere('<script src="//cdn.example/x.js"></script><img src="a.png">') == [
        "//cdn.example/x.js"
    ]


def test_search_works_without_a_server(site: Path) -> None:
    assert (site / "search" / "search_index.js").exists()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[gone](gone.md)", "gone.md"),
        ("[gone](glossary.md#gone)", "#gone"),
        ("[gone](/srv/gone.md)", "/srv/gone.md"),
        ("![gone](gone.png)", "gone.png"),
    ],
)
def test_a_link_that_leads_nowhere_is_named(tmp_path: Path, text: str, named: str, monkeypatch: Any) -> None:
    config = (PROJECT_ROOT / "mkdocs.yml").read_text(encoding="utf-8").split("\nnav:")[0]
    (tmp_path / "mkdocs.yml").write_text(config, encoding="utf-8")
    monkeypatch.setattr(build, "CONFIG", tmp_path / "mkdocs.yml")
    pages = tmp_path / "pages"
    pages.mkdir()
    (pages / "index.md").write_text(f"# Home\n\n{text}\n", encoding="utf-8")
    (pages / "glossary.md").write_text("# Glossary\n", encoding="utf-8")
    with pytest.raises(DocsError, match=rf"index\.md.*{re.escape(named)}"):
        render(pages, tmp_path / "site")


def test_a_project_that_was_not_parsed_is_named(tmp_path: Path) -> None:
    with pytest.raises(DocsError, match=r"manifest\.json does not exist; run `make manifest`"):
        write_pages(tmp_path / "pages", tmp_path / "manifest.json")


def test_a_tables_page_has_its_grain_columns_lineage_and_tests(project: Project) -> None:
    page = dictionary.page(project, node_of(project, "kpi_period"))
    assert "| grain | one row per `period_type` x `period_start` x `metric` x `dimension` x `dimension_value` |" in page
    assert "| `numerator` | decimal(18,4) | reporting currency |" in page
    assert "| not null, relationships |" in page
    assert "- made from: [`kpi_measures_period`](../marts/kpi_measures_period.md)" in page
    assert "[`kpi_daily`](../marts/kpi_daily.md)" in page
    assert "- `kpi_average_order_value`: 300,000 of revenue in 5,000 orders: 60 an order." in page


@pytest.mark.parametrize(
    ("name", "kind", "words", "expected"),
    [
        ("net_revenue", "decimal(18,4)", "What remained, reporting currency.", "reporting currency"),
        ("cohort_month", "date", "In the reporting currency's month.", "day of the shop"),
        ("ordered_at", "timestamp", "When.", "UTC"),
        ("retention_rate", "double", "Who came back.", "ratio"),
        ("days_since", "bigint", "How long.", "days"),
        ("currency", "varchar", "ISO 4217 code.", "ISO 4217"),
        ("is_mature", "boolean", "In the reporting currency.", ""),
        ("score", "integer", "1 to 5.", ""),
    ],
)
def test_a_columns_unit(name: str, kind: str, words: str, expected: str) -> None:
    assert unit({"name": name, "data_type": kind, "description": words}) == expected


def test_words_do_not_break_a_table() -> None:
    assert cell("a | b\n<c> x_y *z*") == "a \\| b &lt;c> x\\_y \\*z\\*"


def test_the_core_tables_are_joined_by_their_keys(project: Project) -> None:
    drawn = pictures.core_tables(project)
    for name in ("dim_customers", "dim_products", "fct_orders", "fct_order_lines", "fct_refunds", "fct_sessions"):
        assert f">{name}</text>" in drawn
    lines_to = json.dumps(drawn).count('class=\\"tip\\"')
    # customers: orders, lines, refunds, carts, coupons, e-mails, sessions, reviews, referrals twice; and so on.
    assert lines_to >= 15


def test_the_lifecycle_is_that_of_the_default_model() -> None:
    drawn = pictures.lifecycle(PROJECT_DIR / "seeds")
    assert re.findall(r'class="title">([^<]+)<', drawn) == ["visitor", "new", "active", "lapsed", "returned"]
    # visitor to new, new to active, lapsed to returned, returned to active; lost: active to lapsed.
    assert drawn.count('class="tip"') == 5
    assert drawn.count('class="dashed"') == 1


def test_every_runbook_is_told_in_the_same_order() -> None:
    runbooks = sorted((PROJECT_ROOT / "docs" / "runbooks").glob("*.md"))
    assert len(runbooks) == 8
    for path in runbooks:
        text = path.read_text(encoding="utf-8")
        assert re.findall(r"^\*\*([^*]+)\*\*", text, flags=re.M) == ["You see", "It means", "Do", "It is over when"]


def test_in_a_browser_pages_open_from_disk_and_search_finds(browser: Browser, site: Path) -> None:
    problems: list[str] = []
    with browser.new_context(viewport={"width": 1300, "height": 900}, offline=True) as context:
        page = context.new_page()
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("requestfailed", lambda request: problems.append(request.url))
        page.goto((site / "dictionary" / "marts" / "kpi_period.html").as_uri())
        page.keyboard.press("s")
        page.keyboard.type("cohort_retention")
        found = page.locator(".md-search-result__link", has_text="cohort_retention").first
        found.wait_for(timeout=20_000)
        found.click()
        page.wait_for_url("**/marts/cohort_retention.html**")
    assert problems == []
