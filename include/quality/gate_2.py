"""Gate 2: what has been built is checked before anyone sees it."""

from __future__ import annotations

import importlib
from datetime import datetime
from pathlib import Path

import duckdb

from include.publisher.audiences import load_audiences
from include.quality.checks import Failure, open_report, run_suites, write_data_docs
from include.quality.gate_1 import FX_RATES, GateFailed
from include.settings import Settings
from include.sources.readers import quote
from include.warehouse.meta import BuildInfo, record_build

AUDIT_DIR = Path(__file__).parent / "audit"
AUDITS = ("reconciliation", "conservation", "stage_partition", "segment_sizes", "offers", "audiences")
NOWHERE = {"channel": "", "mode": ""}


def gate_2(settings: Settings, as_of: datetime, run_id: str) -> BuildInfo:
    """Audit the build warehouse, and record the build in it when it passes.

    Raises:
        GateFailed: a rule does not hold. The build is not recorded, so it cannot be promoted.
        ConfigError: audiences.yml, which says what each audience needs consent to, cannot be read.
    """
    with duckdb.connect(str(settings.build_warehouse)) as con:
        con.execute("drop schema if exists meta cascade")
        con.execute("create schema if not exists audit")
        _remember_previous_sizes(con, settings)
        for audit in AUDITS[:-1]:
            _run(con, (AUDIT_DIR / f"{audit}.sql").read_text(encoding="utf-8"), settings, as_of)
        _audit_audiences(con, settings)
    suites = {f"audit.{name}": importlib.import_module(f"expectations.publish.{name}").rules() for name in AUDITS}
    report = open_report(settings.data_dir / "quality" / "gate_2")
    failures = run_suites(settings.build_warehouse, suites, report, row_rules=False)
    write_data_docs(report)
    if failures:
        raise GateFailed(_explain(settings, failures))
    met = ((table, one.meta["rule"]) for table, rules in suites.items() for one in rules)
    return record_build(settings, as_of, run_id, met)


def _run(con: duckdb.DuckDBPyConnection, sql: str, settings: Settings, as_of: datetime) -> None:
    # DuckDB takes no parameters in "create table as", so the few values are written in as literals.
    values = {
        "$as_of": f"timestamp {quote(str(as_of.replace(tzinfo=None)))}",
        "$lake": quote(settings.lake),
        "$fx_rates": quote(str(FX_RATES)),
        "$currency": quote(settings.reporting_currency),
        "$minor_units": str(settings.reporting_minor_units),
        "$time_zone": quote(settings.time_zone),
    }
    for name, value in values.items():
        sql = sql.replace(name, value)
    con.execute(sql)


def _remember_previous_sizes(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    con.execute("create or replace table audit.previous_segment_sizes (segment_id varchar, members bigint)")
    if not settings.live_warehouse.exists():
        return
    con.execute(f"attach {quote(str(settings.live_warehouse))} as live (read_only)")
    con.execute(
        "insert into audit.previous_segment_sizes"
        " select segment_id, count(*) from live.marts.customer_segments group by segment_id"
    )
    con.execute("detach live")


def _audit_audiences(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    audiences = load_audiences(settings)
    tables = con.execute(
        "select table_name from duckdb_tables() where schema_name = 'publish' and table_name like 'pub\\_%' escape '\\'"
        " and table_name <> 'pub_suppressions' order by 1"
    ).fetchall()
    template = (AUDIT_DIR / "audiences.sql").read_text(encoding="utf-8")
    create, select = template.split(" as\n", 1)
    parts = []
    for (table,) in tables:
        name = table.removeprefix("pub_")
        # A model that audiences.yml does not list is sent nowhere.
        sent = {"channel": audiences[name].channel, "mode": audiences[name].mode} if name in audiences else NOWHERE
        parts.append(select.format(audience=name, table=table, **sent))
    con.execute(f"{create} as\n" + "\nunion all\n".join(parts))


def _explain(settings: Settings, failures: list[Failure]) -> str:
    with duckdb.connect(str(settings.build_warehouse), read_only=True) as con:
        shown = []
        for table in sorted({failure.table for failure in failures}):
            cursor = con.execute(f"select * from {table} order by all limit 20")
            names = [column[0] for column in cursor.description]
            shown += [f"{table}: {dict(zip(names, map(str, row), strict=True))}" for row in cursor.fetchall()]
    return (
        f"Gate 2 stopped the build: {'; '.join(map(str, failures))}. Audit tables: {' | '.join(shown)}."
        " The live warehouse is as it was. docs/gates.md says how to read this; then run build_marts again."
    )
