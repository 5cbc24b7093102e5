"""The ledger for people and BI tools: Parquet files beside the live warehouse, which shows them as tables.

A reader keeps DuckDB's file of the live warehouse open for as long as it likes, so nothing can be written into it
between two promotions. Each file here is replaced as a whole.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Select, select

from include.lake.layout import written_aside
from include.publisher.database import Database
from include.publisher.ledger import Run
from include.publisher.tables import changes, dead_letters, drift, runs

if TYPE_CHECKING:
    from include.settings import Settings

TEXT, COUNT, TIME, TRUTH = pa.string(), pa.int64(), pa.timestamp("us"), pa.bool_()
ROWS = 50_000

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
"""Table of the live warehouse -> its columns. Times are UTC. The changelog is a folder with a file for each run."""
COMMENTS = {
    "publish_runs": "One row per attempt to bring an audience at a destination up to date: planned, sent, confirmed.",
    "publish_changelog": "One row per customer whom a run was to add, update or remove, with reason and outcome.",
    "publish_dead_letters": "One row per customer whom a destination refuses at present, with its reason.",
    "publish_drift": "One row per look at a destination: what it holds beside what it had confirmed.",
}


def folder(settings: Settings) -> Path:
    """Where the files lie."""
    return settings.live_warehouse.parent / "publishing"


def files(settings: Settings) -> dict[str, str]:
    """Name what each table reads, making empty files where there are none yet.

    Returns:
        Table -> path, with * for the changelog's runs.
    """
    found = {}
    for table, schema in SCHEMAS.items():
        empty = _path(settings, table, "none")
        if not empty.exists():
            _write(empty, schema, [])
        found[table] = str(empty.with_name("*.parquet") if table == "publish_changelog" else empty)
    return found


def write(database: Database, run: Run, settings: Settings) -> None:
    """Write what the ledger holds after a run; called after every run, also a failed one."""
    entries = {
        "publish_runs": select(*(runs.c[name] for name in RUNS.names)),
        "publish_dead_letters": select(*(dead_letters.c[name] for name in DEAD_LETTERS.names)),
        "publish_drift": select(*(drift.c[name] for name in DRIFT.names)),
        "publish_changelog": _changes_of(run),
    }
    files(settings)
    with database.reading() as connection:
        for table, query in entries.items():
            result = connection.execution_options(yield_per=ROWS).execute(query)
            _write(_path(settings, table, run.run_id), SCHEMAS[table], result.partitions())
    _forget(settings)


def _forget(settings: Settings) -> None:
    """Delete what the ledger has forgotten by now: the changes of runs of long ago."""
    oldest = time.time() - settings.publish_history_days * 86_400
    for path in (folder(settings) / "publish_changelog").glob("*.parquet"):
        if path.stem != "none" and path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)


def _changes_of(run: Run) -> Select[Any]:
    columns = [runs.c[name] if name in runs.c else changes.c[name] for name in CHANGELOG.names]
    joined = changes.join(runs, changes.c.run_id == runs.c.run_id)
    return select(*columns).select_from(joined).where(changes.c.run_id == run.run_id)


def _path(settings: Settings, table: str, run_id: str) -> Path:
    if table != "publish_changelog":
        return folder(settings) / f"{table}.parquet"
    # Airflow's run ids hold colons and plus signs, which not every file system takes.
    safe = "".join(letter if letter.isalnum() or letter in "._-" else "_" for letter in run_id)
    return folder(settings) / table / f"{safe}.parquet"


def _write(path: Path, schema: pa.Schema, partitions: Iterable[Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_aside(path) as aside, pq.ParquetWriter(aside, schema, compression="zstd") as writer:
        for rows in partitions:
            columns = [pa.array([_plain(value) for value in column]) for column in zip(*rows, strict=True)]
            arrays = [column.cast(field.type) for column, field in zip(columns, schema, strict=True)]
            writer.write_batch(pa.record_batch(arrays, schema=schema))


def _plain(value: Any) -> Any:
    return value.replace(tzinfo=None) if hasattr(value, "tzinfo") else value
