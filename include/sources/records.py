"""From a source file to the records a mapping speaks of: joined, each in its last version, a row per item of a list."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from include.sources.mapping import StreamSpec
from include.sources.readers import Source, SourceFileError, identifier, one_file, quote

MEMORY = "780MB"


@contextmanager
def bounded_connection(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open DuckDB in memory, with a bound above which it spills to a folder below `folder`, whatever it reads."""
    spill = folder / "_spill"
    spill.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": str(spill)}) as con:
        # Moments without an offset, such as versions of records, are in UTC wherever this runs.
        con.execute("set TimeZone = 'UTC'")
        yield con


def records_of(
    con: duckdb.DuckDBPyConnection, source: Source, path: Path, spec: StreamSpec, base: Path, stream: str
) -> Source:
    """Shape the records of an opened file as the mapping says.

    Raises:
        SourceFileError: a table that its query names is missing, or they do not fit the query.
    """
    if spec.query:
        source = _queried(con, source, path, spec, base, stream)
    if spec.latest:
        source = _latest(source, path, spec, stream)
    if spec.each:
        source = _each(source, spec)
    return source


def _queried(
    con: duckdb.DuckDBPyConnection, source: Source, path: Path, spec: StreamSpec, base: Path, stream: str
) -> Source:
    for name, table in _relations(source, spec, base, stream):
        con.execute(f"create or replace view {identifier(name)} as {_with(spec, name, table)}")
        _refuse_unnested(con, spec, name, path)
    try:
        for name, sql in spec.views.items():
            con.execute(f"create or replace view {identifier(name)} as {sql}")
        columns = [row[0] for row in con.execute(f"describe {spec.query}").fetchall()]
    except duckdb.Error as error:
        raise SourceFileError(
            f"{path}: streams.{stream}: the query does not fit the tables: {str(error).splitlines()[0]}. The file has "
            f"{', '.join(source.columns)}."
        ) from error
    return Source(f"({spec.query})", tuple(name for name in columns if name != "_row"), source.broken)


def _relations(source: Source, spec: StreamSpec, base: Path, stream: str) -> Iterator[tuple[str, str]]:
    """Yield name and SQL of what a query may read; no SQL where there is no file and need be none."""
    yield "records", f"select * from {source.relation}"
    for name, glob in spec.tables.items():
        yield name, "" if _may_be_missing(base, name, glob, spec) else _table(base, glob, spec.format, stream)


def _may_be_missing(base: Path, name: str, glob: str, spec: StreamSpec) -> bool:
    return name in spec.may_be_missing and not any(path.is_file() for path in base.glob(glob))


def _with(spec: StreamSpec, name: str, table: str) -> str:
    """Give a table the columns that it may lack; those become text, whatever they were."""
    if name not in spec.may_lack:
        return table
    empty = ", ".join(f"cast(null as varchar) as {identifier(column)}" for column in spec.may_lack[name])
    nothing = f"select {empty} where false"
    return f"{table} union all by name {nothing}" if table else nothing


def _refuse_unnested(con: duckdb.DuckDBPyConnection, spec: StreamSpec, name: str, path: Path) -> None:
    """Refuse a list or record that lies whole in a column: the mapping would read it as empty."""
    if spec.nested_by is None:
        return
    folders = {other: glob.partition("/")[0] for other, glob in {"records": spec.files, **spec.tables}.items()}
    below = folders[name] + spec.nested_by
    lists = {folder.removeprefix(below): folder for folder in folders.values() if folder.startswith(below)}
    fields = {part: column for column in spec.may_lack.get(name, []) for part in _holders(column, spec.nested_by)}
    for column, *_ in con.execute(f"describe {identifier(name)}").fetchall():
        if expected := lists.get(column) or fields.get(column):
            raise SourceFileError(
                f"{path}: the table {folders[name]} has a column {column}, expected {expected} in its place: it was not"
                " nested, so its values would be missing. Have the tool nest to any depth and load again (dlt: without"
                " max_table_nesting)."
            )


def _holders(column: str, separator: str) -> list[str]:
    """Name the records that a column is a field of: a and a__b of a__b__c."""
    parts = column.split(separator)
    return [separator.join(parts[:end]) for end in range(1, len(parts))]


def _table(base: Path, glob: str, form: str, stream: str) -> str:
    files = sorted(path for path in base.glob(glob) if path.is_file())
    if not files:
        raise SourceFileError(
            f"streams.{stream}: no file matches {glob!r} in {base}; put the export there or correct the mapping."
        )
    listed = f"[{', '.join(map(one_file, files))}]"
    if form == "raw":
        return f"select cast(payload as json) as payload, deleted_at from read_parquet({listed}, union_by_name = true)"
    if form == "parquet":
        return f"select * from read_parquet({listed}, union_by_name = true)"
    if form == "csv":
        return f"select * from read_csv({listed}, union_by_name = true, all_varchar = true, header = true)"
    return f"select * from read_json({listed}, format = 'newline_delimited', union_by_name = true)"


def _latest(source: Source, path: Path, spec: StreamSpec, stream: str) -> Source:
    assert spec.latest is not None
    wanted = [*spec.latest.key, *([spec.latest.by] if spec.latest.by else [])]
    absent = [name for name in wanted if name not in source.columns]
    if absent:
        raise SourceFileError(
            f"{path}: streams.{stream}.latest: missing column {', '.join(absent)}; the file has "
            f"{', '.join(source.columns)}."
        )
    by = f"{identifier(spec.latest.by)} desc nulls last, " if spec.latest.by else ""
    key = ", ".join(map(identifier, spec.latest.key))
    ranked = f"select *, row_number() over (partition by {key} order by {by}_row desc) as _recency"
    relation = f"(select * exclude (_recency) from ({ranked} from {source.relation}) where _recency = 1)"
    return Source(relation, source.columns, source.broken)


def _each(source: Source, spec: StreamSpec) -> Source:
    assert spec.each is not None
    listed = f"select *, json_extract(payload, {quote(spec.each)}) as _items from {source.relation}"
    # A parent without items keeps one row, which says that it has none; without a parent nobody would ask for it.
    empty = "[cast(null as json)]" if spec.parent else "[]"
    items = f"case when len(_items) > 0 then _items else {empty} end"
    unnested = (
        f"select * exclude (_items, _row), _row as _record, unnest({items}) as item,"
        f" unnest(range(1, greatest(len({items}), 0) + 1)) as item_number from ({listed})"
    )
    relation = (
        f"(select * exclude (_record), row_number() over (order by _record, item_number) as _row from ({unnested}))"
    )
    return Source(relation, (*source.columns, "item", "item_number"), source.broken)
