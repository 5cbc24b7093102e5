"""Where things lie in the lake, and how a file gets there without ever being half-visible.

<lake>/<source>/<stream>/load_date=YYYY-MM-DD/<load_id>.parquet   landed rows
<lake>/_quarantine/<source>/<stream>/<load_id>.parquet            rows refused, with reason and position
<lake>/_loads/<source>/<stream>/<load_id>.json                    what was landed, from which file
<lake>/_incoming/<source>/<stream>/                               read but not yet through gate 1
<lake>/_raw/<source>/<resource>/<window>.parquet                  records as a vendor's API gave them
<lake>/_contract/<stream>/load_date=0001-01-01/empty.parquet      no rows, every column: lets any stream be absent
"""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb

from include.settings import Settings, SettingsError
from include.sources.entities import Entity, all_entities

PROVENANCE = {
    "_source": "varchar",
    "_file": "varchar",
    "_row": "bigint",
    "_load_id": "varchar",
    "_loaded_at": "timestamp",
    "_parent": "varchar",
    "_deleted_at": "timestamp",
}


# Without the limit much of writing goes into dictionaries of columns whose values hardly repeat; version 2 makes up for
# them with its deltas.
PARQUET = "format parquet, compression zstd, parquet_version v2, dictionary_size_limit 1000, use_tmp_file false"
# Beside the incoming files of a stream: the rows gate 1 refuses, and the mark that it let the rest pass.
BAD_ROWS = "_bad_rows.parquet"
GATE_1_PASSED = "_gate_1_passed"
ABANDONED_AFTER_SECONDS = 3600


class Lake:
    """Paths of one lake in a folder of this machine or of a mounted volume."""

    def __init__(self, settings: Settings) -> None:
        """Open the lake named by the settings.

        Raises:
            SettingsError: the lake is a URL of a store that cannot be written with an atomic rename.
        """
        if "://" in settings.lake:
            raise SettingsError(
                f"PERENNIAL_LAKE_URL is {settings.lake}; expected a folder. Object stores are not supported yet:"
                " mount the bucket or use a volume."
            )
        self.root = Path(settings.lake)

    def landed(self, source: str, stream: str) -> Path:
        """Folder of a stream's landed files."""
        return self.root / source / stream

    def incoming(self, source: str, stream: str) -> Path:
        """Folder of files read but not yet through gate 1."""
        return self.root / "_incoming" / source / stream

    def raw(self, source: str) -> Path:
        """Folder of a source's records as its vendor gave them."""
        return self.root / "_raw" / source

    def manifest(self, source: str, stream: str, load_id: str) -> Path:
        """The record of one load."""
        return self.root / "_loads" / source / stream / f"{load_id}.json"

    def quarantine(self, source: str, stream: str, load_id: str) -> Path:
        """The rows one load refused."""
        return self.root / "_quarantine" / source / stream / f"{load_id}.parquet"

    def manifests(self, source: str = "*", stream: str = "*") -> list[dict[str, Any]]:
        """Read the records of all finished loads, in the order of their ids."""
        paths = sorted(self.root.glob(f"_loads/{source}/{stream}/*.json"))
        return [json.loads(path.read_text(encoding="utf-8")) for path in paths]

    def write_contracts(self) -> None:
        """Write the empty file of every stream, so that a stream nobody feeds still has its columns."""
        with duckdb.connect() as con:
            for entity in all_entities().values():
                path = self.root / "_contract" / entity.name / "load_date=0001-01-01" / "empty.parquet"
                columns = ", ".join(f"cast(null as {kind}) as {name}" for name, kind in lake_columns(entity).items())
                with written_aside(path) as aside:
                    con.execute(f"copy (select {columns} limit 0) to '{aside}' (format parquet, use_tmp_file false)")


def lake_columns(entity: Entity) -> dict[str, str]:
    """Names and DuckDB types of a stream's columns in the lake."""
    return {column.name: column.duckdb_type for column in entity.columns} | PROVENANCE


@contextmanager
def written_aside(path: Path, mode: int = 0o644) -> Iterator[Path]:
    """Give a path to write to; when the block ends well, make it durable and rename it to `path` in one step.

    The file has its mode from the first byte on. What a killed process left beside `path` is removed after an hour.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(path)
    # Not the process id alone: processes in two containers may have the same one.
    aside = path.with_name(f".{path.name}.{os.getpid()}-{uuid.uuid4().hex[:8]}.tmp")
    # The umask, not an empty file made beforehand: DuckDB attaches no empty file. It leaves the owner's bits alone, as
    # DuckDB may make a folder meanwhile to spill to.
    umask = os.umask(0o777 & ~(mode | 0o700))
    try:
        yield aside
        with aside.open("rb+") as handle:
            os.fsync(handle.fileno())
        aside.chmod(mode)
        aside.replace(path)
        _fsync_folder(path.parent)
    finally:
        os.umask(umask)
        aside.unlink(missing_ok=True)
        aside.with_name(f"{aside.name}.wal").unlink(missing_ok=True)


def _remove_abandoned(path: Path) -> None:
    for left in path.parent.glob(f".{path.name}.*.tmp*"):
        with suppress(FileNotFoundError):
            if time.time() - left.stat().st_mtime > ABANDONED_AFTER_SECONDS:
                left.unlink()


def write_json(path: Path, value: object) -> None:
    """Write a JSON file so that readers see the old or the new one, never a part."""
    with written_aside(path) as aside:
        aside.write_text(json.dumps(value, indent=1, sort_keys=True, default=str), encoding="utf-8")


def _fsync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
