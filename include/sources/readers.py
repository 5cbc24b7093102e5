"""One relation per source file: its columns, `_row` (1 = first record), and the records that cannot be read."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import duckdb

from include.sources.mapping import CsvOptions, StreamSpec

MAX_LINE_BYTES = 16 * 1024 * 1024


class SourceFileError(ValueError):
    """A whole file cannot be used; the message names the file, what came, what was expected and what to do."""


@dataclass(frozen=True)
class Source:
    """A file opened for reading.

    Attributes:
        relation: SQL of a relation with the file's columns and `_row`.
        columns: the file's column names, without `_row`.
        broken: (record number, reason, the text itself) of each record that cannot be parsed; they are not in the
            relation. The record number counts from 1 without the header.
    """

    relation: str
    columns: tuple[str, ...]
    broken: tuple[tuple[int, str, str], ...] = ()


def quote(text: str) -> str:
    """Quote a SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Quote a SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def open_source(con: duckdb.DuckDBPyConnection, path: Path, spec: StreamSpec) -> Source:
    """Open one file in the format its mapping names.

    Raises:
        SourceFileError: the file is empty, or is not of that format.
    """
    if path.stat().st_size == 0:
        raise SourceFileError(f"{path}: the file is empty (0 bytes); expected {spec.format} records. Export it again.")
    try:
        if spec.format == "csv":
            return _open_csv(con, path, spec.csv)
        if spec.format == "jsonl":
            return _open_jsonl(con, path)
        return _open_parquet(con, path)
    except (duckdb.Error, UnicodeDecodeError) as error:
        reason = str(error).splitlines()[0]
        raise SourceFileError(f"{path}: cannot be read as {spec.format}: {reason}. Export the file again.") from error


def _open_parquet(con: duckdb.DuckDBPyConnection, path: Path) -> Source:
    read = f"read_parquet({quote(str(path))}, file_row_number = true)"
    names = [row[0] for row in con.execute(f"describe select * from {read}").fetchall()]
    columns = tuple(name for name in names if name != "file_row_number")
    selected = ", ".join(identifier(name) for name in columns)
    return Source(f"(select {selected}, file_row_number + 1 as _row from {read})", columns)


def _open_csv(con: duckdb.DuckDBPyConnection, path: Path, options: CsvOptions) -> Source:
    with path.open(encoding=options.encoding, newline="") as handle:
        header = next(csv.reader(handle, delimiter=options.delimiter, quotechar=options.quote), [])
    columns = tuple(name.strip().lstrip("\ufeff") for name in header)
    if not columns or any(not name for name in columns) or len(set(columns)) != len(columns):
        raise SourceFileError(f"{path}: the header is {header}; expected one distinct name per column.")
    types = ", ".join(f"{quote(name)}: 'varchar'" for name in columns)
    read = (
        f"read_csv({quote(str(path))}, columns = {{{types}}}, header = true, auto_detect = false,"
        f" delim = {quote(options.delimiter)}, quote = {quote(options.quote)}, escape = {quote(options.quote)},"
        f" encoding = {quote(options.encoding)}, nullstr = '', max_line_size = {MAX_LINE_BYTES},"
        " store_rejects = true, rejects_table = 'csv_rejects', rejects_scan = 'csv_scans', rejects_limit = 0)"
    )
    for table in ("csv_rejects", "csv_scans"):
        con.execute(f"drop table if exists {table}")
    con.execute(f"create or replace temp table csv_records as select *, row_number() over () as _row from {read}")
    rejects = con.execute(
        "select line, string_agg(error_message, '; '), any_value(csv_line) from csv_rejects group by line order by line"
    ).fetchall()
    # DuckDB numbers the records it kept; a record's number in the file also counts the rejected ones before it.
    broken = tuple((line - 1, message.splitlines()[0], text or "") for line, message, text in rejects)
    shift = " + ".join(
        ["_row"] + [f"cast(_row > {number - index - 1} as bigint)" for index, (number, *_) in enumerate(broken[:500])]
    )
    con.execute(f"create or replace temp table csv_numbered as select * replace ({shift} as _row) from csv_records")
    return Source("csv_numbered", columns, broken)


def _open_jsonl(con: duckdb.DuckDBPyConnection, path: Path) -> Source:
    con.execute(
        "create or replace temp table json_lines as select line, row_number() over () as _row"
        f" from read_csv({quote(str(path))}, columns = {{'line': 'varchar'}}, header = false, auto_detect = false,"
        f" delim = '\x1f', quote = '', escape = '', max_line_size = {MAX_LINE_BYTES})"
    )
    is_object = "case when json_valid(line) then json_type(line) = 'OBJECT' else false end"
    broken = con.execute(
        f"select _row, 'not a JSON object', line from json_lines where not {is_object} and trim(line) <> '' order by 1"
    ).fetchall()
    names = con.execute(
        f"select distinct unnest(json_keys(line)) from json_lines where {is_object} order by 1"
    ).fetchall()
    columns = tuple(name for (name,) in names)
    fields = ", ".join(
        f"json_extract_string(line, {quote(_json_path(name))}) as {identifier(name)}" for name in columns
    )
    relation = f"(select {fields + ', ' if fields else ''}_row from json_lines where {is_object})"
    return Source(relation, columns, tuple(broken))


def _json_path(key: str) -> str:
    escaped = key.replace('"', '\\"')
    return f'$."{escaped}"'
