"""Writes the files of the site: a page per question, one style and the scripts beside them."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import jinja2

from include.site.links import links_of
from include.site.pages import PAGES
from include.site.read import Build, describe, rows_of
from include.site.spec import Chart, Page, Rows

if TYPE_CHECKING:
    from include.settings import Settings

HERE = Path(__file__).parent
TABLES = "tables.html"


def write_site(connection: duckdb.DuckDBPyConnection, build: Build, settings: Settings, folder: Path) -> None:
    """Write every page into a new folder.

    Args:
        connection: of the live warehouse, read-only.
        build: which build it is of.
        settings: where the reports of the gates lie, which a page links to.
        folder: is made.
    """
    shutil.copytree(HERE / "assets", folder / "assets")
    described = {
        table: describe(connection, table)
        for table in dict.fromkeys(one.table for page in PAGES for one in page.charts)
    }
    environment = templates()
    shared = {"build": build, "pages": PAGES, "tables_file": TABLES}
    for page in PAGES:
        rows = {chart.id: rows_of(connection, page.id, chart.id) for chart in page.charts}
        html = environment.get_template("page.html.j2").render(
            page=page,
            data=embedded(page, rows, build),
            described=described,
            links=links_of(page, settings),
            current=page.file,
            **shared,
        )
        (folder / page.file).write_text(html, encoding="utf-8")
    tables = environment.get_template("tables.html.j2").render(tables=described, current=TABLES, **shared)
    (folder / TABLES).write_text(tables, encoding="utf-8")


def templates() -> jinja2.Environment:
    """Environment of the templates; what comes from data is escaped."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )


def embedded(page: Page, rows: dict[str, Rows], build: Build) -> str:
    """Return what the script draws as JSON that may stand in a script element."""
    content = {
        "build_id": build.build_id,
        "as_of": build.as_of.isoformat(sep=" ", timespec="minutes"),
        "currency": build.currency,
        "selectors": [asdict(selector) for selector in page.selectors],
        "charts": [_chart(chart, rows[chart.id]) for chart in page.charts],
    }
    # "</script>" in a text of the data would end the element, "<!--" would swallow what follows.
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def _chart(chart: Chart, rows: Rows) -> dict[str, Any]:
    return {
        "id": chart.id,
        "title": chart.title,
        "draw": {"kind": type(chart.draw).__name__.lower(), **asdict(chart.draw)},
        "units": chart.units,
        "labels": chart.labels,
        "where": chart.where,
        "empty": chart.empty,
        "columns": rows.columns,
        "values": rows.values,
    }
