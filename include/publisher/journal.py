"""The ledger for people and BI tools: Parquet files beside the live warehouse, which shows them as tables.

A reader keeps DuckDB's file of the live warehouse open for as long as it likes, so nothing can be written into it
between two promotions. No file here is ever replaced, either: DuckDB opens a file more than once in a query, and two
files of one name give rows that stood in neither. So the newest file of a table counts; those before stay for a while.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from itertools import chain, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Select, select

from include.lake.layout import written_aside
from include.publisher.database import Database
from include.publisher.ledger import Run
from include.publisher.tables import changes, dead_letters, drift, runs
from include.sources.readers import quote

if TYPE_CHECKING:
    from include.settings import Settings

TEXT, COUNT, TIME, TRUTH = pa.string(), pa.int64(), pa.timestamp("us"), pa.bool_()
ROWS = 50_000
EMPTY = "0" * 20
"""Name of a table's first file, without rows; it sorts before every moment."""
READ_WITHIN = 60_000_000_000
"""How long a query may take that began with a file that was the newest then, in nanoseconds."""

RUNS = pa.schema(
    dict.fromkeys(("run_id", "requested_run_id", "audience", "destination", "build_id"), TEXT)
    | {"as_of": TIME, "status": TEXT}
    | dict.fromkeys(("adds", "updates", "removes", "consent_removes", "unchanged", "skipped", "snapshot"), COUNT)
    | dict.fromkeys(("sendable", "confirmed", "rejected"), COUNT)
    | {"started_at": TIME, "finished_at": TIME, "error": TEXT}
)
CHANGELOG = pa.schema(
    dict.fromkeys(("run_id", "audience", "destination", "customer_key", "operation", "reason", "outcome"), TEXT)
    | {"started_at": TIME}
)
DEAD_LETTERS = pa.schema(
    dict.fromkeys(("destination", "audience", "customer_key", "operation", "reason"), TEXT)
    | {"retryable": TRUTH, "run_id": TEXT, "rejected_at": TIME}
)
DRIFT = pa.schema(
    dict.fromkeys(("run_id", "destination", "audience"), TEXT)
    | dict.fromkeys(("expected", "found", "missing", "unexpected"), COUNT)
    | {"is_drift": TRUTH, "measured_at": TIME}
)
SCHEMAS = {
    "publish_runs": RUNS,
    "publish_changelog": CHANGELOG,
    "publish_dead_letters": DEAD_LETTERS,
    "publish_drift": DRIFT,
}
"""Table of the live warehouse -> its columns. Times are UTC.

Each is a folder: the changelog's has a file for each run, the others' one for each state, named by its moment.
"""
COMMENTS = {
    "publish_runs": "One row per attempt to bring an audience at a destination up to date: planned, sent, confirmed.",
    "publish_changelog": "One row per customer whom a run was to add, update or remove, with reason and outcome.",
    "publish_dead_letters": "One row per customer whom a destination refuses at present, with its reason.",
    "publish_drift": "One row per look at a destination: what it holds beside what it had confirmed.",
}


def folder(settings: Settings) -> Path:
    """Where the files lie."""
    return settings.live_warehouse.parent / "publishing"


def queries(settings: Settings) -> dict[str, str]:
    """Say how each table is read, making empty files where there are none yet.

    Returns:
        Table -> SQL.
    """
    found = {}
    for table, schema in SCHEMAS.items():
        place = folder(settings) / table
        if next(place.glob("*.parquet"), None) is None:
            _write(place / f"{EMPTY}.parquet", schema, [_end(schema)] if table != "publish_changelog" else [])
        files = quote(str(place / "*.parquet"))
        found[table] = (
            f"from read_parquet({files})"
            if table == "publish_changelog"
            else f"select * exclude (filename) from (from read_parquet({files}, filename = true)"
            " qualify filename = max(filename) over ()) where run_id is not null"
        )
    return found


def write(database: Database, run: Run, settings: Settings) -> None:
    """Write what the ledger holds after a run; called after every run, also a failed one."""
    entries = {
        "publish_runs": select(*(runs.c[name] for name in RUNS.names)),
        "publish_dead_letters": select(*(dead_letters.c[name] for name in DEAD_LETTERS.names)),
        "publish_drift": select(*(drift.c[name] for name in DRIFT.names)),
    }
    queries(settings)
    # Taken before the ledger is read: of two runs that end together the later name has seen both.
    moment = time.time_ns()
    with database.reading() as connection:
        reading = connection.execution_options(yield_per=ROWS)
        for table, query in entries.items():
            write_state(settings, table, moment, reading.execute(query).partitions())
        changed = reading.execute(_changes_of(run)).partitions()
        _write(folder(settings) / "publish_changelog" / _file_of(run.run_id), CHANGELOG, changed)
    _forget_changes(settings)


def write_state(settings: Settings, table: str, moment: int, partitions: Iterable[Any]) -> None:
    """Write what a table other than the changelog holds from a moment on.

    Args:
        settings: where the data lie.
        table: of SCHEMAS.
        moment: when it was read, in nanoseconds since 1970.
        partitions: lists of rows, in the order of the columns.
    """
    place, schema = folder(settings) / table, SCHEMAS[table]
    _write(place / f"{moment:020d}.parquet", schema, chain(partitions, [_end(schema)]))
    _forget_superseded(place)


def _end(schema: pa.Schema) -> list[tuple[None, ...]]:
    """One row of nothing: so a state without rows is seen, too, and not taken for the one before."""
    return [(None,) * len(schema)]


def _forget_superseded(place: Path) -> None:
    """Delete states that no query which still runs can have begun with."""
    for before, after in pairwise(sorted(place.glob("*.parquet"))):
        if int(after.stem) < time.time_ns() - READ_WITHIN:
            before.unlink(missing_ok=True)


def _forget_changes(settings: Settings) -> None:
    """Delete what the ledger has forgotten by now: the changes of runs of long ago."""
    oldest = time.time() - settings.publish_history_days * 86_400
    for path in (folder(settings) / "publish_changelog").glob("*.parquet"):
        if path.stem != EMPTY and path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)


def _changes_of(run: Run) -> Select[Any]:
    columns = [runs.c[name] if name in runs.c else changes.c[name] for name in CHANGELOG.names]
    joined = changes.join(runs, changes.c.run_id == runs.c.run_id)
    return select(*columns).select_from(joined).where(changes.c.run_id == run.run_id)


def _file_of(run_id: str) -> str:
    # Airflow's run ids hold colons and plus signs, which not every file system takes.
    safe = "".join(letter if letter.isalnum() or letter in "._-" else "_" for letter in run_id)
    return f"{safe}.parquet"


def _write(path: Path, schema: pa.Schema, partitions: Iterable[Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_aside(path) as aside, pq.ParquetWriter(aside, schema, compression="zstd") as writer:
        for rows in partitions:
            columns = [pa.array([_plain(value) for value in column]) for column in zip(*rows, strict=True)]
            arrays = [column.cast(field.type) for column, field in zip(columns, schema, strict=True)]
            writer.write_batch(pa.record_batch(arrays, schema=schema))


def _plain(value: Any) -> Any:
    return value.replace(tzinfo=None) if hasattr(value, "tzinfo") else value
