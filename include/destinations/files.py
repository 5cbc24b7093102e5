"""Destination `files`: each audience as a complete list in CSV and Parquet, and each run's changes beside it.

    <data_dir>/<folder>/<audience>.csv, .parquet     the members now
    <data_dir>/<folder>/changes/<audience>/<run>.csv customer_key, operation, reason

A file appears complete or not at all, and is readable by its owner only (mode 0600) because it holds contact data.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, ClassVar, Literal, Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from pydantic import Field

from include.destinations.base import (
    Batch,
    Capability,
    DestinationError,
    Limits,
    Operation,
    ReadBack,
    Receipt,
    Replacement,
)
from include.destinations.rows import DestinationRow, DestinationType

if TYPE_CHECKING:
    from include.settings import Settings

Format = Literal["csv", "parquet"]


class FilesRow(DestinationRow):
    """Settings row of a `files` destination.

    Attributes:
        folder: folder inside the data folder; two `files` destinations need two folders.
        formats: which files are written.
    """

    folder: str = Field(default="published", pattern=r"^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$")
    formats: tuple[Format, ...] = Field(default=("csv", "parquet"), min_length=1)


class _Writer(Protocol):
    def write_batch(self, batch: pa.RecordBatch) -> None: ...
    def close(self) -> None: ...


_WRITERS: dict[str, Callable[[BinaryIO, pa.Schema], _Writer]] = {"csv": pa_csv.CSVWriter, "parquet": pq.ParquetWriter}


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a file that takes `path`'s place when the block ends well, and leaves no trace when it does not.

    The bytes are on disk before the name changes, so a crash leaves the old file or the new one.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    aside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    aside.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
        _sync_folder(path.parent)
    finally:
        aside.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def file_stem(run_id: str) -> str:
    """Make a run id usable as a file name on every system: `a:b+c` becomes `a-b-c`."""
    return re.sub(r"[^A-Za-z0-9._-]", "-", run_id).lstrip(".")


@dataclass(frozen=True)
class Files:
    """Writes lists into one folder."""

    folder: Path
    formats: tuple[Format, ...]
    limits: ClassVar[Limits] = Limits(max_batch=10_000_000)
    capability: ClassVar[Capability] = Capability.MIRROR

    def path(self, audience: str, format_: str) -> Path:
        """Where an audience's list lies."""
        return self.folder / f"{audience}.{format_}"

    def replace(self, replacement: Replacement) -> Receipt:
        """Write the complete list and, when anything differs, the run's changes."""
        changes = replacement.changes
        if changes.num_rows:
            self._write_changes(replacement.audience, replacement.run_id, changes)
        self._write(replacement.audience, replacement.members)
        return Receipt(accepted=changes.column("customer_key").to_pylist())

    def send(self, batch: Batch) -> Receipt:
        """Take members out of the list; additions always come as a complete list.

        Raises:
            DestinationError: another operation than remove.
        """
        if batch.operation is not Operation.REMOVE:
            raise DestinationError(f"files: expected the operation 'remove', got '{batch.operation}'; use replace().")
        keys = pa.array([member.customer_key for member in batch.members], pa.string())
        operation = pa.array([batch.operation.value] * len(keys), pa.string())
        self._write_changes(batch.audience, batch.run_id, pa.table({"customer_key": keys, "operation": operation}))
        table = self._read(batch.audience)
        if table is not None:
            kept = table.filter(pc.invert(pc.is_in(table.column("customer_key"), value_set=keys)))
            self._write(batch.audience, pa.RecordBatchReader.from_batches(kept.schema, kept.to_batches()))
        return Receipt(accepted=keys.to_pylist())

    def read_back(self, audience: str) -> ReadBack | None:
        """Return the keys in the list; None when a file is missing or the formats disagree."""
        held: set[frozenset[str]] = set()
        for format_ in self.formats:
            table = _read_list(self.path(audience, format_))
            if table is None:
                return None
            held.add(frozenset(table.column("customer_key").to_pylist()))
        if len(held) != 1:
            return None
        keys = held.pop()
        return ReadBack(count=len(keys), keys=keys)

    def close(self) -> None:
        """Nothing is held open."""

    def _read(self, audience: str) -> pa.Table | None:
        # Parquet first: it keeps the types that CSV loses.
        for format_ in sorted(self.formats, reverse=True):
            table = _read_list(self.path(audience, format_))
            if table is not None:
                return table
        return None

    def _write(self, audience: str, members: pa.RecordBatchReader) -> None:
        with ExitStack() as stack:
            files = [stack.enter_context(replacing(self.path(audience, format_))) for format_ in self.formats]
            pairs = zip(self.formats, files, strict=True)
            writers = [_WRITERS[format_](file, members.schema) for format_, file in pairs]
            for batch in members:
                for writer in writers:
                    writer.write_batch(batch)
            for writer in writers:
                writer.close()

    def _write_changes(self, audience: str, run_id: str, changes: pa.Table) -> None:
        with replacing(self.folder / "changes" / audience / f"{file_stem(run_id)}.csv") as file:
            pa_csv.write_csv(changes, file)


def _read_list(path: Path) -> pa.Table | None:
    if not path.exists():
        return None
    try:
        if path.suffix == ".parquet":
            return pq.read_table(path)
        names = pa_csv.open_csv(path).schema.names
        # Everything as text, and only an unquoted nothing is NULL: what was not changed must be written back as it was.
        as_text = pa_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        )
        return pa_csv.read_csv(path, convert_options=as_text)
    except pa.ArrowInvalid:
        return None


def _create(row: FilesRow, settings: Settings) -> Files:
    return Files(folder=settings.data_dir / row.folder, formats=row.formats)


DESTINATION = DestinationType(row=FilesRow, create=_create)
