"""Destination `files`: each audience as a complete list in CSV and Parquet, and each run's changes beside it.

    <folder>/<audience>.csv, .parquet     the members now
    <folder>/changes/<audience>/<run>.csv customer_key, operation, reason

The folder is one inside the data folder, `s3://bucket/prefix` or `sftp://host/path`. A file appears complete or not at
all. On a disk and over SFTP it is readable by its owner only (mode 0600) because it holds contact data.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, ClassVar, Literal, Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from pydantic import Field, model_validator

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
from include.destinations.credentials import credentials, missing_connection
from include.destinations.file_stores import Content, LocalFolder, Store, replacing
from include.destinations.rows import DestinationType, RemoteRow

if TYPE_CHECKING:
    from include.settings import Settings

__all__ = ["DESTINATION", "Files", "FilesRow", "file_stem", "replacing"]

Format = Literal["csv", "parquet"]

_PART = "[A-Za-z0-9_-]+"
LOCAL = rf"{_PART}(/{_PART})*"
S3 = r"s3://[a-z0-9][a-z0-9.-]+[a-z0-9](/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*"
SFTP = r"sftp://[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]+)?(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)+"


class FilesRow(RemoteRow):
    """Settings row of a `files` destination; waits and timeouts hold for s3:// and sftp://.

    Attributes:
        folder: folder inside the data folder, s3://bucket/prefix or sftp://host/path; two `files` destinations need
            two folders.
        formats: which files are written.
        connection: id of the Airflow connection with the credentials of s3:// or sftp://.
    """

    folder: str = Field(default="published", pattern=rf"^({LOCAL}|{S3}|{SFTP})$")
    formats: tuple[Format, ...] = Field(default=("csv", "parquet"), min_length=1)
    connection: str | None = Field(default=None, pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")
    attempts: int = Field(default=4, ge=1, le=20)

    @model_validator(mode="after")
    def _credentials_where_needed(self) -> FilesRow:
        if ("://" in self.folder) != (self.connection is not None):
            raise ValueError("s3:// and sftp:// need 'connection', a folder inside the data folder takes none")
        return self


class _Writer(Protocol):
    def write_batch(self, batch: pa.RecordBatch) -> None: ...
    def close(self) -> None: ...


_WRITERS: dict[str, Callable[[BinaryIO, pa.Schema], _Writer]] = {"csv": pa_csv.CSVWriter, "parquet": pq.ParquetWriter}


def file_stem(run_id: str) -> str:
    """Make a run id usable as a file name on every system: `a:b+c` becomes `a-b-c`."""
    return re.sub(r"[^A-Za-z0-9._-]", "-", run_id).lstrip(".")


@dataclass(frozen=True)
class Files:
    """Writes lists into one folder, on this machine (a path) or elsewhere (a store)."""

    folder: Path | Store
    formats: tuple[Format, ...]
    limits: ClassVar[Limits] = Limits(max_batch=10_000_000)
    capability: ClassVar[Capability] = Capability.MIRROR

    @property
    def store(self) -> Store:
        """Where the files lie."""
        return LocalFolder(self.folder) if isinstance(self.folder, Path) else self.folder

    def path(self, audience: str, format_: str) -> Path:
        """Where an audience's list lies on this machine."""
        assert isinstance(self.folder, Path), "only a folder on this machine has paths"
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
            table = self._read_one(audience, format_)
            if table is None:
                return None
            held.add(frozenset(table.column("customer_key").to_pylist()))
        if len(held) != 1:
            return None
        keys = held.pop()
        return ReadBack(count=len(keys), keys=keys)

    def close(self) -> None:
        """Let go of the store."""
        self.store.close()

    def _read(self, audience: str) -> pa.Table | None:
        # Parquet first: it keeps the types that CSV loses.
        for format_ in sorted(self.formats, reverse=True):
            table = self._read_one(audience, format_)
            if table is not None:
                return table
        return None

    def _read_one(self, audience: str, format_: str) -> pa.Table | None:
        content = self.store.read(f"{audience}.{format_}")
        return None if content is None else _read_list(content, format_)

    def _write(self, audience: str, members: pa.RecordBatchReader) -> None:
        store = self.store
        with ExitStack() as stack:
            files = [stack.enter_context(store.writing(f"{audience}.{format_}")) for format_ in self.formats]
            pairs = zip(self.formats, files, strict=True)
            writers = [_WRITERS[format_](file, members.schema) for format_, file in pairs]
            for batch in members:
                for writer in writers:
                    writer.write_batch(batch)
            for writer in writers:
                writer.close()

    def _write_changes(self, audience: str, run_id: str, changes: pa.Table) -> None:
        with self.store.writing(f"changes/{audience}/{file_stem(run_id)}.csv") as file:
            pa_csv.write_csv(changes, file)


def _read_list(content: Content, format_: str) -> pa.Table | None:
    try:
        if format_ == "parquet":
            return pq.read_table(_readable(content))
        names = pa_csv.open_csv(_readable(content)).schema.names
        # Everything as text, and only an unquoted nothing is NULL: what was not changed must be written back as it was.
        as_text = pa_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        )
        return pa_csv.read_csv(_readable(content), convert_options=as_text)
    except pa.ArrowInvalid:
        return None


def _readable(content: Content) -> Path | pa.BufferReader:
    return pa.BufferReader(content) if isinstance(content, bytes) else content


def _create(row: FilesRow, settings: Settings) -> Files:
    if row.connection is None:
        return Files(folder=settings.data_dir / row.folder, formats=row.formats)
    found = credentials(row.connection)
    # Imported when asked for: most installations write to a disk.
    if row.folder.startswith("s3://"):
        from include.destinations.files_s3 import S3Folder

        return Files(S3Folder(row.id, row.folder, found, row.rules, row.timeout_seconds), row.formats)
    from include.destinations.files_sftp import SftpFolder

    return Files(SftpFolder(row.id, row.folder, found, row.rules, row.timeout_seconds), row.formats)


DESTINATION = DestinationType(
    row=FilesRow,
    create=_create,
    missing=lambda row, settings: missing_connection(row.connection) if row.connection else None,
)
