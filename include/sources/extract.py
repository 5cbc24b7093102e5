"""Read the new and changed files of a source into the lake's incoming area, typed by the entity's contract."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from include.lake.layout import PARQUET, Lake, write_json, written_aside
from include.settings import Settings
from include.sources.contract_query import contract_query
from include.sources.drift import changes, say, uses
from include.sources.entities import Entity, all_entities
from include.sources.mapping import Mapping, StreamSpec
from include.sources.readers import SourceFileError, one_file, open_source, quote
from include.sources.records import bounded_connection, records_of
from include.sources.schema import schema_of


@dataclass(frozen=True)
class Extraction:
    """What reading one stream of one source found.

    Attributes:
        staged: reports of the files waiting for gate 1, as written beside them.
        unchanged: files landed before with the same content.
        duplicates: (file, file it repeats): content landed before under another name.
    """

    source: str
    stream: str
    staged: tuple[dict[str, Any], ...]
    unchanged: tuple[str, ...]
    duplicates: tuple[tuple[str, str], ...]


def extract(settings: Settings, mapping: Mapping, stream: str) -> Extraction:
    """Read every new or changed file of one stream.

    Raises:
        SourceFileError: no file matches, or a file is empty, of another format or lacks a mapped column. Nothing of
            the stream is staged then.
    """
    lake = Lake(settings)
    entity = all_entities()[stream]
    landed = {item["load_id"]: item for item in lake.manifests(mapping.source, stream)}
    _clear(lake.incoming(mapping.source, stream))
    found = _found(mapping, stream, entity, mapping.base_dir(settings))
    # What a file of now replaces is no original: after a log rotation its content stands under another name only.
    present = {file.load_id: file.content for file in found}
    originals = {
        (item["fingerprint"], item["sha256"]): item
        for item in landed.values()
        if present.get(item["load_id"]) in (None, (item["fingerprint"], item["sha256"]))
    }
    staged, unchanged, duplicates = [], [], []
    # To open DuckDB takes longer than to read a small file.
    with bounded_connection(lake.root) as con:
        for file in found:
            same = originals.get(file.content)
            if same and same["load_id"] == file.load_id:
                unchanged.append(file.name)
                continue
            if same:
                duplicates.append((file.name, same["file"]))
                continue
            report = _report_of(file, mapping, stream, before := landed.get(file.load_id, {}))
            # What has landed before and is read again, by another mapping, is no news.
            news = before.get("sha256") != report["sha256"]
            known = [item for item in landed.values() if news and "schema" in item and item["entry"] == file.entry]
            staged.append(_stage(con, settings, mapping, entity, file.spec, file.path, report, known))
            originals[file.content] = report
    return Extraction(mapping.source, stream, tuple(staged), tuple(unchanged), tuple(duplicates))


def staged_reports(lake: Lake, source: str, stream: str) -> list[dict[str, Any]]:
    """Read the reports of the files that wait for gate 1."""
    return [
        json.loads(path.read_text(encoding="utf-8")) for path in sorted(lake.incoming(source, stream).glob("*.json"))
    ]


@dataclass(frozen=True)
class _File:
    entry: int
    spec: StreamSpec
    path: Path
    name: str
    load_id: str
    content: tuple[str, str]


def _found(mapping: Mapping, stream: str, entity: Entity, base: Path) -> list[_File]:
    found = []
    for position, spec in enumerate(mapping.streams[stream]):
        fingerprint = _fingerprint(mapping, entity, spec)
        for path in _files(base, stream, spec):
            name = str(path.relative_to(base))
            load_id = _digest(f"{mapping.source}/{stream}/{position}/{name}")[:16]
            found.append(_File(position, spec, path, name, load_id, (fingerprint, _content(base, spec, path))))
    return found


def _report_of(file: _File, mapping: Mapping, stream: str, before: dict[str, Any]) -> dict[str, Any]:
    return {
        "load_id": file.load_id,
        "entry": file.entry,
        "source": mapping.source,
        "shop": mapping.ids_of,
        "pulled": mapping.base is None,
        "stream": stream,
        "file": file.name,
        "sha256": file.content[1],
        "fingerprint": file.content[0],
        "bytes": file.path.stat().st_size,
        "previous_rows": before.get("rows_read"),
        "schema": before.get("schema", {}),
        "earlier_changes": before.get("schema_changes", []),
    }


def _content(base: Path, spec: StreamSpec, path: Path) -> str:
    """Digest what a file's rows are made of: itself, and the tables its query joins to it."""
    joined = [part for glob in spec.tables.values() for part in sorted(base.glob(glob))]
    return _digest("".join(map(_sha256, [path, *joined]))) if joined else _sha256(path)


def _files(base: Path, stream: str, spec: StreamSpec) -> list[Path]:
    files = sorted(path for path in base.glob(spec.files) if path.is_file())
    if not files:
        raise _no_file(stream, spec.files, base)
    return files


def _no_file(stream: str, glob: str, base: Path) -> SourceFileError:
    return SourceFileError(
        f"streams.{stream}: no file matches {glob!r} in {base}; put the export there or correct the mapping."
    )


def _stage(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    mapping: Mapping,
    entity: Entity,
    spec: StreamSpec,
    path: Path,
    report: dict[str, Any],
    known: list[dict[str, Any]],
) -> dict[str, Any]:
    lake = Lake(settings)
    target = lake.incoming(mapping.source, entity.name) / f"{report['load_id']}.parquet"
    opened = open_source(con, path, spec)
    schema = schema_of(con, opened)
    report["schema_changes"] = changes(schema, known, uses(spec, entity))
    # A file that has become empty has not forgotten.
    report["schema"] = schema or report["schema"]
    try:
        source = records_of(con, opened, path, spec, mapping.base_dir(settings), entity.name)
        query = contract_query(con, mapping, entity, spec, source, path)
    except SourceFileError as error:
        lost = say([change for change in report["schema_changes"] if change["change"] == "missing"])
        raise SourceFileError(f"{error} Compared with the files before: {lost}." if lost else str(error)) from error
    with written_aside(target) as aside:
        try:
            _copy(con, query, aside)
        except duckdb.Error as error:
            raise SourceFileError(f"{path}: streams.{entity.name}: {str(error).splitlines()[0]}") from error
        _mark_superseded(con, entity, aside)
    # A date in the future is a mistake, which gate 1 refuses; it must not make an old stream look fresh.
    newest = f"max({entity.event_time}) filter ({_not_in_future(entity)})" if entity.event_time else "null"
    rows, newest_event = con.execute(f"select count(*), {newest} from {quote(str(target))}").fetchall()[0]
    report |= {
        "rows_read": rows + len(source.broken),
        "newest_event": str(newest_event) if newest_event else None,
        "broken": [list(record) for record in source.broken],
    }
    write_json(target.with_suffix(".json"), report)
    return report


def _not_in_future(entity: Entity) -> str:
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    return f"cast({entity.event_time} as date) <= date '{tomorrow}'"


def _mark_superseded(con: duckdb.DuckDBPyConnection, entity: Entity, staged: Path) -> None:
    """Say of each row which later one has its key; ranking all rows would cost more than all the rest of reading."""
    keys, read = ", ".join(entity.key), f"read_parquet({one_file(staged)})"
    known_key = " and ".join(f"{name} is not null" for name in entity.key)
    repeated = f"select hash({keys}) as h from {read} where {known_key} group by h having count(*) > 1"
    if not con.execute(f"select exists ({repeated})").fetchall()[0][0]:
        return
    ranked = staged.with_suffix(".ranked")
    later = f"case when {known_key} then nullif(max(_row) over (partition by {keys}), _row) end"
    _copy(con, f"select * replace ({later} as _superseded_by) from {read}", ranked)
    ranked.replace(staged)


def _copy(con: duckdb.DuckDBPyConnection, query: str, target: Path) -> None:
    con.execute(f"copy ({query}) to {quote(str(target))} ({PARQUET})")


def _fingerprint(mapping: Mapping, entity: Entity, spec: StreamSpec) -> str:
    contract = [(column.name, column.type) for column in entity.columns]
    # Mappings that say nothing of these keep the digest that they had before, or everything would be read once more.
    unsaid = {name for name in ("may_lack", "may_be_missing", "views", "nested_by") if not getattr(spec, name)}
    told = spec.model_dump_json(exclude=unsaid)
    return _digest(f"{told}{mapping.time_zone}{mapping.currency}{contract}{entity.key}")[:16]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _clear(folder: Path) -> None:
    for path in folder.glob("*"):
        path.unlink()
