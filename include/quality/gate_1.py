"""Gate 1: what has been read is checked before it becomes part of the lake."""

from __future__ import annotations

import csv
import importlib
import importlib.util
import json
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

from include.lake.layout import BAD_ROWS, GATE_1_PASSED, Lake, written_aside
from include.quality.checks import Failure, open_report, run_suites, write_data_docs
from include.settings import PROJECT_ROOT, Settings
from include.sources.drift import once, say
from include.sources.entities import Entity, all_entities
from include.sources.extract import staged_reports
from include.sources.mapping import Mapping
from include.sources.readers import quote

FX_RATES = PROJECT_ROOT / "dbt_project" / "seeds" / "fx_rates.csv"


class GateFailed(RuntimeError):
    """A gate stopped the run; the message lists what failed, where, and what to do."""


@dataclass(frozen=True)
class StreamVerdict:
    """What gate 1 found in one stream of one source."""

    stream: str
    files: int
    rows_read: int
    rows_refused: int
    reasons: dict[str, int]


def gate_1(settings: Settings, mapping: Mapping, streams: list[str], as_of: datetime) -> list[StreamVerdict]:
    """Check everything the incoming area holds of these streams of one source.

    Rows that break a rule are listed in BAD_ROWS beside the incoming files, for landing to quarantine them.

    Raises:
        GateFailed: a file or a stream breaks a rule, or more rows are bad than the settings allow. Nothing of
            the load lands then.
    """
    lake = Lake(settings)
    reports = {stream: staged_reports(lake, mapping.source, stream) for stream in streams}
    report_dir = settings.data_dir / "quality" / "gate_1" / f"{mapping.source}_{all_entities()[streams[0]].family}"
    database = report_dir / "batch.duckdb"
    passed = [lake.incoming(mapping.source, stream) / GATE_1_PASSED for stream in streams if reports[stream]]
    for mark in passed:
        mark.unlink(missing_ok=True)
    report_dir.mkdir(parents=True, exist_ok=True)
    database.unlink(missing_ok=True)
    with duckdb.connect(str(database)) as con:
        _create_files(con, reports)
        _create_streams(con, lake, mapping, reports, as_of)
        stopped = _create_columns(con, mapping, reports)
        filled = [stream for stream in streams if any(report["rows_read"] for report in reports[stream])]
        for stream in filled:
            _create_batch(con, lake, mapping.source, all_entities()[stream], settings.reporting_currency)
    from expectations.raw import columns, contract, files
    from expectations.raw import streams as stream_suite

    of_load = {"files": files.rules(), "streams": stream_suite.rules(), "columns": columns.rules()}
    of_rows = {stream: contract.rules(all_entities()[stream]) + _own_rules(stream) for stream in filled}
    report = open_report(report_dir)
    try:
        failures = run_suites(database, of_load, report, row_rules=False)
        _stop_on_columns(failures, stopped, mapping)
        _stop_on(failures, database, mapping)
        failures = run_suites(database, of_rows, report, row_rules=True)
    finally:
        write_data_docs(report)
    verdicts = [
        _write_bad_rows(lake, mapping.source, stream, reports[stream], database, failures) for stream in streams
    ]
    _stop_on_too_many(settings, mapping, verdicts)
    for mark in passed:
        mark.touch()
    return verdicts


def _own_rules(stream: str) -> list[Any]:
    if importlib.util.find_spec(f"expectations.raw.{stream}") is None:
        return []
    return importlib.import_module(f"expectations.raw.{stream}").rules()


def _create_files(con: duckdb.DuckDBPyConnection, reports: dict[str, list[dict[str, Any]]]) -> None:
    con.execute(
        "create table files (stream varchar, file varchar, rows_read bigint, previous_rows bigint,"
        " share_of_previous double)"
    )
    # What was pulled was read to its end, or not at all: a window may be empty, and a day restated to nothing.
    for report in (item for items in reports.values() for item in items if not item["pulled"]):
        previous = report["previous_rows"]
        share = report["rows_read"] / previous if previous else None
        row = [report["stream"], report["file"], report["rows_read"], previous, share]
        con.execute("insert into files values (?, ?, ?, ?, ?)", row)


def _create_streams(
    con: duckdb.DuckDBPyConnection,
    lake: Lake,
    mapping: Mapping,
    reports: dict[str, list[dict[str, Any]]],
    as_of: datetime,
) -> None:
    con.execute("create table streams (stream varchar, newest_event timestamp, age_days double, max_age_days double)")
    for stream, incoming in reports.items():
        known = [*incoming, *lake.manifests(mapping.source, stream)]
        newest = max(
            (datetime.fromisoformat(item["newest_event"]) for item in known if item["newest_event"]), default=None
        )
        age = (as_of.replace(tzinfo=None) - newest).total_seconds() / 86_400 if newest else None
        limits = [spec.max_age_days for spec in mapping.streams[stream] if spec.max_age_days]
        con.execute("insert into streams values (?, ?, ?, ?)", [stream, newest, age, min(limits, default=None)])


def _create_columns(
    con: duckdb.DuckDBPyConnection, mapping: Mapping, reports: dict[str, list[dict[str, Any]]]
) -> dict[str, list[dict[str, Any]]]:
    """List what has changed of the columns; return per stream what must not land."""
    con.execute(
        "create table columns (stream varchar, file varchar, column_name varchar, was varchar, now varchar, since date,"
        " is_missing boolean, is_retyped boolean)"
    )
    stopped: dict[str, list[dict[str, Any]]] = {}
    for stream, incoming in reports.items():
        accepted = mapping.accept_schema.get(stream, {})
        for change in once(incoming):
            stops = change["stops"] and accepted.get(change["column"]) != (change["now"] or "missing")
            row = [stream, *(change[name] for name in ("file", "column", "was", "now", "since"))]
            row += [stops and change["change"] == kind for kind in ("missing", "retyped")]
            con.execute("insert into columns values (?, ?, ?, ?, ?, ?, ?, ?)", row)
            if stops:
                stopped.setdefault(stream, []).append(change)
    return stopped


def _create_batch(
    con: duckdb.DuckDBPyConnection, lake: Lake, source: str, entity: Entity, reporting_currency: str
) -> None:
    incoming = f"read_parquet('{lake.incoming(source, entity.name)}/[0-9a-f]*.parquet', filename = true)"
    names = set(entity.column_names)
    day = f"cast({entity.event_time} as date)" if entity.event_time else None
    tomorrow = date.fromordinal(datetime.now(UTC).date().toordinal() + 1)
    extras = ["parse_filename(filename, true) as _load_id"]
    if "currency" in names:
        extras.append(f"{_has_rate(day, reporting_currency)} as _has_rate")
    if day:
        extras.append(f"{day} between date '1970-01-01' and date '{tomorrow}' as _plausible_time")
    # Of a record that was deleted at the source, little more than its key is known.
    con.execute(
        f"create view {entity.name} as select * exclude (filename), {', '.join(extras)} from {incoming}"
        " where _deleted_at is null"
    )


def _has_rate(day: str | None, reporting_currency: str) -> str:
    with FX_RATES.open(encoding="utf-8", newline="") as handle:
        rows = [row for row in csv.DictReader(handle) if row["to_currency"] == reporting_currency]
    first: dict[str, str] = {}
    for row in rows:
        currency = row["from_currency"]
        first[currency] = min(first.get(currency, row["valid_from"]), row["valid_from"])
    cases = "".join(f" when {quote(code)} then {day} >= date '{since}'" for code, since in sorted(first.items()))
    return f"case currency when {quote(reporting_currency)} then true{cases} else currency is null end"


def _write_bad_rows(
    lake: Lake, source: str, stream: str, reports: list[dict[str, Any]], database: Path, failures: list[Failure]
) -> StreamVerdict:
    broken = sum(len(report["broken"]) for report in reports)
    rows_read = sum(report["rows_read"] for report in reports)
    reasons = {"the record cannot be read": broken} if broken else {}
    refused = broken
    found = [failure for failure in failures if failure.table == stream]
    path = lake.incoming(source, stream) / BAD_ROWS
    path.unlink(missing_ok=True)
    if found:
        parts = [
            f"select _load_id, _row, {position} as position, {quote(failure.rule)} as rule from ({failure.query})"
            for position, failure in enumerate(found)
        ]
        with duckdb.connect(str(database), read_only=True) as con, written_aside(path) as out:
            con.execute(
                "copy (select _load_id, _row, string_agg(rule, '; ' order by position) as reason"
                f" from ({' union all '.join(parts)}) group by all)"
                f" to {quote(str(out))} (format parquet, use_tmp_file false)"
            )
            refused += con.execute(f"select count(*) from read_parquet({quote(str(out))})").fetchall()[0][0]
        reasons |= {failure.rule: failure.rows or 0 for failure in found}
    return StreamVerdict(stream, len(reports), rows_read, refused, reasons)


def _stop_on_columns(failures: list[Failure], stopped: dict[str, list[dict[str, Any]]], mapping: Mapping) -> None:
    if not any(failure.table == "columns" for failure in failures):
        return
    found = "; ".join(f"{stream}, {changed[0]['file']}: {say(changed)}" for stream, changed in stopped.items())
    right = {
        stream: {change["column"]: change["now"] or "missing" for change in changed}
        for stream, changed in stopped.items()
    }
    raise GateFailed(
        f"Gate 1 stopped the load of {mapping.source}: columns that the mapping uses are not what they were. {found}."
        " Nothing landed, the live warehouse is as it was. Export the data as before, or let the mapping name what"
        " takes their place; where a column is right as it is, say so in the source's file:"
        f" accept_schema: {json.dumps(right)}"
    )


def _stop_on(failures: list[Failure], database: Path, mapping: Mapping) -> None:
    if not failures:
        return
    with duckdb.connect(str(database), read_only=True) as con:
        files = con.execute("select stream, file, rows_read, previous_rows from files order by all").fetchall()
        ages = con.execute(
            "select stream, newest_event, max_age_days from streams where age_days > max_age_days"
        ).fetchall()
    seen = "; ".join(f"{stream}/{file}: {rows:,} records, before {before}" for stream, file, rows, before in files)
    old = "; ".join(f"{stream}: newest event {newest}, allowed {limit} days" for stream, newest, limit in ages)
    raise GateFailed(
        f"Gate 1 stopped the load of {mapping.source}: {'; '.join(map(str, failures))}. Files: {seen or 'none new'}."
        f"{' Too old: ' + old + '.' if old else ''} Nothing landed, the live warehouse is as it was."
        " Export the data again, then run the load again."
    )


def _stop_on_too_many(settings: Settings, mapping: Mapping, verdicts: list[StreamVerdict]) -> None:
    for verdict in verdicts:
        allowed = max(settings.quarantine_min_rows, int(verdict.rows_read * settings.quarantine_max_share))
        everything = verdict.rows_read > 0 and verdict.rows_refused >= verdict.rows_read
        if verdict.rows_refused > allowed or everything:
            raise GateFailed(
                f"Gate 1 stopped the load of {mapping.source}.{verdict.stream}: {verdict.rows_refused:,} of"
                f" {verdict.rows_read:,} rows are bad, {allowed:,} are allowed"
                f" (PERENNIAL_QUARANTINE_MAX_SHARE={settings.quarantine_max_share},"
                f" PERENNIAL_QUARANTINE_MIN_ROWS={settings.quarantine_min_rows}). Reasons: {verdict.reasons}."
                " Nothing landed, the live warehouse is as it was. Correct the export or the mapping and load again."
            )


def as_rows(verdicts: list[StreamVerdict]) -> list[dict[str, Any]]:
    """Return the verdicts as plain dictionaries, for a task's result."""
    return [asdict(verdict) for verdict in verdicts]
