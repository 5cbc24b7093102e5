"""What a run brought, read from what it wrote: the live warehouse, the ledger and the published files."""

from __future__ import annotations

from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table

from include.settings import Settings

HEADLINE = (
    "orders", "new_customers", "net_revenue", "aov", "repeat_order_share", "refund_rate", "conversion_rate",
    "cart_abandonment_rate", "cac", "email_open_rate",
)  # fmt: skip


def print_report(settings: Settings, console: Console) -> None:
    """Print the tables at the end of a demo."""
    with duckdb.connect(str(settings.live_warehouse), read_only=True) as con:
        build_id, as_of, currency = con.execute(
            "select build_id, as_of, reporting_currency from meta.build"
        ).fetchall()[0]
        console.print(f"\n[bold]Live warehouse[/bold] build {build_id}, as of {as_of} UTC, money in {currency}\n")
        _print(
            console,
            "Rows in the lake",
            con.execute(
                "select source, stream, count(*), sum(rows_landed), sum(rows_refused) from meta.loads group by all"
                " order by all"
            ),
            ("source", "stream", "files", "rows", "quarantined"),
        )
        _print(
            console,
            "Customers per lifecycle stage",
            con.execute(
                "select h.model_id, h.stage, count(*) from marts.customer_stage_history as h cross join meta.build as b"
                " where h.valid_from <= b.as_of and (h.valid_to > b.as_of or h.valid_to is null)"
                " group by all order by h.model_id desc, 3 desc"
            ),
            ("model", "stage", "customers"),
        )
        _print(
            console,
            "Headline KPIs",
            con.execute(_KPIS, [list(HEADLINE)]),
            ("metric", "unit", "last 28 days", "all time"),
        )
    _print_segments(settings, console)
    _print_places(settings, console)


# Ratios are made from summed numerators and denominators: a ratio is never averaged.
_KPIS = """
with periods as (
    select
        metric,
        any_value(unit) as unit,
        sum(numerator) as numerator,
        sum(denominator) as denominator,
        sum(numerator) filter (where date > newest - 28) as recent_numerator,
        sum(denominator) filter (where date > newest - 28) as recent_denominator,
        bool_or(denominator is not null) as is_ratio
    from marts.kpi_daily
    cross join (select max(date) as newest from marts.kpi_daily)
    where dimension = 'all' and list_contains(?, metric)
    group by metric
)

select
    metric,
    unit,
    round(case when is_ratio then recent_numerator / nullif(recent_denominator, 0) else recent_numerator end, 4),
    round(case when is_ratio then numerator / nullif(denominator, 0) else numerator end, 4)
from periods
order by metric
"""


def _print_segments(settings: Settings, console: Console) -> None:
    from include.publisher.report import latest_runs

    rows = [
        (run["audience"], run["destination"], run["status"], run["adds"], run["updates"], run["removes"],
         run["unchanged"], run["skipped"], run["rejected"])
        for run in latest_runs(settings)
    ]  # fmt: skip
    table = Table(title="Segments published by the last run", title_justify="left")
    for name in ("audience", "destination", "status", "adds", "updates", "removes", "unchanged", "skipped", "rejected"):
        table.add_column(name, justify="right" if name not in ("audience", "destination", "status") else "left")
    for row in rows:
        table.add_row(*(f"{value:,}" if isinstance(value, int) else str(value) for value in row))
    console.print(table)


def _print_places(settings: Settings, console: Console) -> None:
    from include.quality.checks import data_docs_index
    from include.site.build import index_of

    quality = settings.data_dir / "quality"
    docs = [data_docs_index(folder) for folder in sorted([*quality.glob("gate_1/*"), quality / "gate_2"])]
    places: list[tuple[str, Path]] = [
        ("live warehouse", settings.live_warehouse),
        ("contacts (mode 0600, for the publisher)", settings.live_contacts),
        ("dashboards", index_of(settings)),
        ("published files", settings.data_dir / "published"),
        ("lake", Path(settings.lake)),
        ("ledger", Path(settings.ledger.removeprefix("sqlite:///"))),
        *(("Data Docs", path) for path in docs if path.exists()),
    ]
    console.print("Where to look")
    for what, path in places:
        shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
        console.print(f"  {what:40} {shown}", soft_wrap=True)


def _print(console: Console, title: str, cursor: duckdb.DuckDBPyConnection, names: tuple[str, ...]) -> None:
    rows = cursor.fetchall()
    table = Table(title=title, title_justify="left")
    for position, name in enumerate(names):
        number = any(isinstance(row[position], int | float) for row in rows)
        table.add_column(name, justify="right" if number else "left")
    for row in rows:
        table.add_row(*(_shown(value) for value in row))
    console.print(table)


def _shown(value: object) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.4f}" if abs(value) < 10 else f"{value:,.2f}"
    return str(value)
