"""What a build says of itself: schema meta, promoted with the marts."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import duckdb

from include.lake.layout import Lake
from include.settings import Settings
from include.sources.drift import once
from include.sources.readers import quote


@dataclass(frozen=True)
class BuildInfo:
    """Identity of a build that passed gate 2."""

    build_id: str
    as_of: datetime
    run_id: str


COMMENTS = {
    "build": "One row: the build that is live, the moment it is about, its currency and time zone.",
    "gate_2": "One row per rule of gate 2 that this build met; a build that breaks one is not promoted.",
    "loads": "One row per load that landed: a file or a window of a source, with rows read, landed and refused.",
    "schema_changes": "One row per column of a source that came, went or changed its kind, as seen by gate 1.",
    "quarantine": "One row per record that gate 1 refused, with the reason; the record itself stays in the lake.",
}


def record_build(settings: Settings, as_of: datetime, run_id: str, rules: Iterable[tuple[str, str]] = ()) -> BuildInfo:
    """Write schema meta of the build warehouse in one transaction: build, gate_2, loads, schema_changes, quarantine.

    Args:
        settings: where lake and build warehouse lie, currency and time zone.
        as_of: what the build is about, UTC.
        run_id: of the run of the DAG.
        rules: audit and rule of everything that gate 2 found met.
    """
    info = BuildInfo(uuid.uuid4().hex[:12], as_of.replace(tzinfo=None), run_id)
    lake = Lake(settings)
    now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    with duckdb.connect(str(settings.build_warehouse)) as con:
        con.execute("begin")
        con.execute("create schema if not exists meta")
        con.execute(
            "create or replace table meta.build (build_id varchar not null, as_of timestamp not null, run_id varchar,"
            " gate_2_passed_at timestamp not null, reporting_currency varchar, time_zone varchar)"
        )
        con.execute(
            "insert into meta.build values (?, ?, ?, ?, ?, ?)",
            [info.build_id, info.as_of, run_id, now, settings.reporting_currency, settings.time_zone],
        )
        con.execute("create or replace table meta.gate_2 (audit varchar, rule varchar, passed_at timestamp)")
        met = [[audit, rule, now] for audit, rule in rules]
        if met:
            con.executemany("insert into meta.gate_2 values (?, ?, ?)", met)
        con.execute(
            "create or replace table meta.loads (source varchar, stream varchar, file varchar, load_id varchar,"
            " load_date date, loaded_at timestamp, rows_read bigint, rows_landed bigint, rows_refused bigint)"
        )
        columns = ("source", "stream", "file", "load_id", "load_date", "loaded_at")
        counts = ("rows_read", "rows_landed", "rows_refused")
        loads = lake.manifests()
        rows = [[item[name] for name in columns + counts] for item in loads]
        if rows:
            con.executemany("insert into meta.loads values (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        _record_schema_changes(con, loads)
        _record_quarantine(con, lake)
        for table, comment in COMMENTS.items():
            con.execute(f"comment on table meta.{table} is {quote(comment)}")
        con.execute("commit")
    return info


def _record_schema_changes(con: duckdb.DuckDBPyConnection, loads: list[dict[str, Any]]) -> None:
    con.execute(
        "create or replace table meta.schema_changes (source varchar, stream varchar, column_name varchar,"
        " change varchar, was varchar, now varchar, since date, file varchar, seen_at timestamp)"
    )
    columns = ("source", "stream", "column", "change", "was", "now", "since", "file", "seen_at")
    rows = [[item[name] for name in columns] for item in once(loads)]
    if rows:
        con.executemany("insert into meta.schema_changes values (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)


def _record_quarantine(con: duckdb.DuckDBPyConnection, lake: Lake) -> None:
    con.execute(
        "create or replace table meta.quarantine (source varchar, stream varchar, file varchar, record bigint,"
        " reason varchar, quarantined_at timestamp)"
    )
    # The payload stays in the lake, and so do the values in the reasons: in a row whose columns have shifted, a name or
    # a phone number may stand where a date was expected.
    if any(lake.root.glob("_quarantine/*/*/*.parquet")):
        con.execute(
            "insert into meta.quarantine select source, stream, file, record,"
            " regexp_replace(reason, ': ''.*?'' is not ', ': a value is not ', 'gs'), quarantined_at"
            f" from read_parquet('{lake.root}/_quarantine/*/*/*.parquet')"
        )
