"""Raw records in the lake: one Parquet file per window, day or list, put into place by one rename.

<lake>/_raw/<source>/<resource>/until_20260102T000000Z.parquet            what changed up to then, since the file before
<lake>/_raw/<source>/<resource>/from_20250101T000000Z_to_20250102T000000Z.parquet       the same, back-filled
<lake>/_raw/<source>/<resource>/day_2026-01-01.parquet                    a day, as known when it was last read
<lake>/_raw/<source>/<resource>/days_2025-01-01_2025-01-31.parquet        days of a month that are restated no more
<lake>/_raw/<source>/<resource>/all.parquet                               the complete list

The names are the cursor: what has been read is what lies there, so records and cursor cannot disagree.
"""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from include.lake.layout import PARQUET, written_aside
from include.sources.pull.base import Deleted, Page, PullError, Resource, Unparsed
from include.sources.readers import one_file, quote
from include.sources.records import bounded_connection

SCHEMA = pa.schema(
    {
        "payload": pa.string(),
        "deleted_at": pa.timestamp("us"),
        "pulled_at": pa.timestamp("us"),
        "key": pa.string(),
        "version": pa.string(),
        "day": pa.string(),
    }
)
ROWS_PER_GROUP = 2_500
# As many as are read while a group is written.
PAGES_AHEAD = 4
# Of two records with the same key the one changed last; versions are moments, numbers or, failing that, texts.
LAST_FIRST = (
    "try_cast(version as timestamptz) desc nulls last, try_cast(version as double) desc nulls last,"
    " version desc nulls last, position desc"
)


@contextmanager
def pulled(folder: Path, resource: Resource, pages: Iterable[Page], pulled_at: datetime) -> Iterator[Pulled]:
    """Read pages to their end, into a file that is gone when the block ends.

    Args:
        folder: of the resource; scratch files lie beside its files.
        resource: whose records they are.
        pages: what `Resource.read` gives.
        pulled_at: naive UTC; when the pull began.

    Raises:
        PullError: a record lacks its key or its day.
    """
    folder.mkdir(parents=True, exist_ok=True)
    scratch = folder / f".pulled.{pulled_at:%Y%m%dT%H%M%S%f}.scratch"
    try:
        with pq.ParquetWriter(scratch, SCHEMA, compression="lz4") as writer, _collecting_seldom():
            count = 0
            for table in _tables(resource, _read_ahead(pages), pulled_at):
                writer.write_table(table)
                count += table.num_rows
                gc.collect(0)
        with bounded_connection(folder.parent.parent) as con:
            yield Pulled(con, folder, scratch, count)
    finally:
        scratch.unlink(missing_ok=True)


@contextmanager
def _collecting_seldom() -> Iterator[None]:
    """Leave collecting to the caller: looking for garbage among the objects of each page halves the speed."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


class Pulled:
    """Records that were read, and are not yet anywhere.

    Attributes:
        count: records read, those that came twice included.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, folder: Path, scratch: Path, count: int) -> None:
        self._con, self._folder, self._scratch, self.count = con, folder, scratch, count

    def land(self, name: str) -> bool:
        """Put all records into one file; return whether it says anything new."""
        return self._land(name, "true")

    def land_days(self, days: Sequence[date], settled_before: date) -> int:
        """Put each day's records into a file of its own, a day without any into an empty one.

        Args:
            days: all that were read, in order.
            settled_before: earlier days are not read again, so those of a month share a file.

        Returns:
            How many files say anything new.

        Raises:
            PullError: a record is of another day.
        """
        listed = ", ".join(quote(day.isoformat()) for day in days)
        strange = self._con.execute(
            f"select distinct day from {self._relation()} where day not in ({listed}) order by 1 limit 3"
        ).fetchall()
        if strange:
            raise PullError(
                f"{self._folder.name}: records of {', '.join(day for (day,) in strange)} came, expected {days[0]} to "
                f"{days[-1]}. Compare the time zone of the source file with the account's."
            )
        months: dict[tuple[int, int], list[date]] = {}
        for day in days:
            if day < settled_before:
                months.setdefault((day.year, day.month), []).append(day)
        spans = [(f"days_{month[0]}_{month[-1]}", month[0], month[-1]) for month in months.values()]
        spans += [(f"day_{day}", day, day) for day in days if day >= settled_before]
        return sum(self._land(f"{name}.parquet", f"day between '{first}' and '{last}'") for name, first, last in spans)

    def _relation(self) -> str:
        return f"read_parquet({one_file(self._scratch)}, file_row_number = true)"

    def _land(self, name: str, where: str) -> bool:
        target = self._folder / name
        mine = f"select *, file_row_number as position from {self._relation()} where {where}"
        repeated = self._con.execute(f"select count(*) - count(distinct key) from ({mine})").fetchall()[0][0]
        if repeated:
            ranked = f"select *, row_number() over (partition by key order by {LAST_FIRST}) as nth from ({mine})"
            mine = f"select * from ({ranked}) where nth = 1"
        columns = "payload, deleted_at, key, version"
        if target.exists() and not _differ(self._con, f"select {columns} from ({mine})", target, columns):
            return False
        query = f"select payload, deleted_at, pulled_at, key, version from ({mine}) order by position"
        with written_aside(target, mode=0o600) as aside:
            self._con.execute(f"copy ({query}) to {quote(str(aside))} ({PARQUET})")
        return True


def _differ(con: Any, query: str, target: Path, columns: str) -> bool:
    old = f"select {columns} from read_parquet({one_file(target)})"
    return bool(
        con.execute(
            f"select exists (({query}) except all ({old})) or exists (({old}) except all ({query}))"
        ).fetchall()[0][0]
    )


def _read_ahead(pages: Iterable[Page]) -> Iterator[Page]:
    """Read the next pages, one after the other, while those before are written."""
    rest = iter(pages)

    def read() -> list[Any] | None:
        page = next(rest, None)
        return None if page is None else list(page)

    with ThreadPoolExecutor(1, thread_name_prefix="pull") as reader:
        coming = deque(reader.submit(read) for _ in range(PAGES_AHEAD))
        try:
            while (page := coming.popleft().result()) is not None:
                coming.append(reader.submit(read))
                yield page
        finally:
            reader.shutdown(wait=False, cancel_futures=True)


# payload, deleted_at, key, version, day
_Row = tuple[bytes, datetime | None, str, str | None, str | None]


def _tables(resource: Resource, pages: Iterable[Page], pulled_at: datetime) -> Iterator[pa.Table]:
    rows: list[_Row] = []
    for page in pages:
        rows += [_row(resource, record) for record in page]
        if len(rows) >= ROWS_PER_GROUP:
            yield _table(rows, pulled_at)
            rows = []
    if rows:
        yield _table(rows, pulled_at)


def _table(rows: list[_Row], pulled_at: datetime) -> pa.Table:
    # By columns: a dict per row would have to be made and taken apart again.
    columns = dict(zip(("payload", "deleted_at", "key", "version", "day"), zip(*rows, strict=True), strict=True))
    arrays = {name: pa.array(values, SCHEMA.field(name).type) for name, values in columns.items()}
    arrays["pulled_at"] = pa.repeat(pa.scalar(pulled_at, SCHEMA.field("pulled_at").type), len(rows))
    return pa.table([arrays[name] for name in SCHEMA.names], schema=SCHEMA)


def _row(resource: Resource, record: Mapping[str, Any] | Unparsed | Deleted) -> _Row:
    if isinstance(record, Unparsed):
        return record.payload, None, record.key, record.version, None
    deleted = record if isinstance(record, Deleted) else None
    content: Mapping[str, Any] = deleted.record if deleted else record  # type: ignore[assignment]
    version = deleted.at.isoformat() if deleted else _at(content, resource.version)
    day = _at(content, resource.day)
    if resource.day and not isinstance(day, str):
        raise PullError(f"{resource.name}: a record has no day at {resource.day}; got {day!r}.")
    return (
        orjson.dumps(content),
        _naive(deleted.at) if deleted else None,
        _key(content, resource),
        None if version is None else str(version),
        day,
    )


def _key(record: Mapping[str, Any], resource: Resource) -> str:
    values = [_at(record, name) for name in resource.key]
    if any(value is None for value in values):
        raise PullError(
            f"{resource.name}: a record lacks its key {', '.join(resource.key)}; it has {', '.join(sorted(record))}."
        )
    return str(values[0]) if len(values) == 1 else orjson.dumps([str(value) for value in values]).decode()


def _at(record: Mapping[str, Any], path: str | None) -> Any:
    if path is None:
        return None
    found: Any = record
    for name in path.split("."):
        if not isinstance(found, Mapping):
            return None
        found = found.get(name)
    return found


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)
