"""One relation per source file: its columns, `_row` (1 = first record), and the records that cannot be read."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
        json: SQL of a relation with `record`, the text of each JSON object, and `_row`; None for other formats.
    """

    relation: str
    columns: tuple[str, ...]
    broken: tuple[tuple[int, str, str], ...] = ()
    json: str | None = None


def quote(text: str) -> str:
    """Quote a SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Quote a SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def one_file(path: Path) -> str:
    """Quote a path for DuckDB's readers, to which [, * and ? would mean several files."""
    return quote("".join(f"[{letter}]" if letter in "[*?" else letter for letter in str(path)))


def open_source(con: duckdb.DuckDBPyConnection, path: Path, spec: StreamSpec) -> Source:
    """Open one file in the format its mapping names.

    Raises:
        SourceFileError: the file is empty, or is not of that format.
    """
    if path.stat().st_size == 0:
        raise SourceFileError(f"{path}: the file is empty (0 bytes); expected {spec.format} records. Export it again.")
    try:
        if spec.format == "csv":
            source = _open_csv(con, path, spec.csv)
        elif spec.format == "jsonl":
            source = _open_jsonl(con, path)
        elif spec.format == "raw":
            source = _open_raw(path)
        else:
            source = _open_parquet(con, path)
    except (duckdb.Error, UnicodeError) as error:
        reason = str(error).splitlines()[0]
        raise SourceFileError(f"{path}: cannot be read as {spec.format}: {reason}. Export the file again.") from error
    _refuse_reserved(path, source.columns)
    return source


def _refuse_reserved(path: Path, columns: tuple[str, ...]) -> None:
    if "_row" in {name.lower() for name in columns}:
        raise SourceFileError(f"{path}: the column name _row is taken here: it counts the records. Rename it.")


def _open_parquet(con: duckdb.DuckDBPyConnection, path: Path) -> Source:
    read = f"read_parquet({one_file(path)}, file_row_number = true)"
    names = [row[0] for row in con.execute(f"describe select * from {read}").fetchall()]
    columns = tuple(name for name in names if name != "file_row_number")
    selected = ", ".join(identifier(name) for name in columns)
    return Source(f"(select {selected}, file_row_number + 1 as _row from {read})", columns)


def _open_raw(path: Path) -> Source:
    read = f"read_parquet({one_file(path)}, file_row_number = true)"
    selected = "cast(payload as json) as payload, deleted_at, pulled_at, file_row_number + 1 as _row"
    # Of a deleted record there is often no more than its key.
    json = f"(select payload as record, file_row_number + 1 as _row from {read} where deleted_at is null)"
    return Source(f"(select {selected} from {read})", ("payload", "deleted_at", "pulled_at"), json=json)


def _open_csv(con: duckdb.DuckDBPyConnection, path: Path, options: CsvOptions) -> Source:
    columns = _header(path, options)
    _refuse_reserved(path, columns)
    types = ", ".join(f"{quote(name)}: 'varchar'" for name in columns)
    broken = _read_lines(
        con,
        path,
        f"columns = {{{types}}}, header = true, delim = {quote(options.delimiter)}, quote = {quote(options.quote)},"
        f" escape = {quote(options.quote)}, encoding = {quote(options.encoding)}, nullstr = ''",
        records_before=1,
    )
    return Source("records_numbered", columns, broken)


def _header(path: Path, options: CsvOptions) -> tuple[str, ...]:
    # A byte order mark in front of a quoted name would make the quotes a part of the name.
    encoding = "utf-8-sig" if options.encoding == "utf-8" else options.encoding
    quoting = {"quotechar": options.quote} if options.quote else {"quoting": csv.QUOTE_NONE}
    # Wrong bytes further down are the business of their records, not of the header.
    with path.open(encoding=encoding, errors="replace", newline="") as handle:
        header = next(csv.reader(handle, delimiter=options.delimiter, **quoting), [])
    columns = tuple(name.strip() for name in header)
    if not columns or any(not name for name in columns) or len({name.lower() for name in columns}) != len(columns):
        raise SourceFileError(
            f"{path}: the header is {header}; expected one distinct name per column, in upper or lower case."
        )
    return columns


def _read_lines(con: duckdb.DuckDBPyConnection, path: Path, options: str, records_before: int) -> tuple[Any, ...]:
    """Read a text file into the table records_numbered and return the records that cannot be read."""
    for table in ("rejects", "scans"):
        con.execute(f"drop table if exists {table}")
    con.execute(
        "create or replace temp table records as select *, row_number() over () as _row"
        f" from read_csv({one_file(path)}, {options}, auto_detect = false, max_line_size = {MAX_LINE_BYTES},"
        " store_rejects = true, rejects_table = 'rejects', rejects_scan = 'scans', rejects_limit = 0)"
    )
    found = con.execute(
        "select line, arg_min(error_message, coalesce(column_idx, 0)), any_value(csv_line),"
        " bool_or(error_type = 'UNQUOTED VALUE') from rejects group by line order by line"
    ).fetchall()
    broken = []
    for line, message, text, open_quote in found:
        record, text = line - records_before, (text or "").strip("\r\n")
        if open_quote and "\n" in text:
            raise SourceFileError(
                f"{path}: record {record} opens a quote that it does not close, so it swallows the records after it:"
                " they cannot be told apart. Correct the quote in the export, or name the right one in csv.quote."
            )
        broken.append((record, message.splitlines()[0], text))
    # DuckDB numbers the records it kept; a record's number in the file also counts the rejected ones before it.
    con.execute("create or replace temp table shifts (kept_before bigint, shift bigint)")
    shifts = {record - 1 - index: index + 1 for index, (record, *_) in enumerate(broken)}
    if shifts:
        con.executemany("insert into shifts values (?, ?)", list(shifts.items()))
    con.execute(
        "create or replace temp view records_numbered as select records.* replace (_row + coalesce(shift, 0) as _row)"
        " from records asof left join shifts on _row > kept_before"
    )
    return tuple(broken)


def _open_jsonl(con: duckdb.DuckDBPyConnection, path: Path) -> Source:
    unreadable = _read_lines(
        con, path, "columns = {'line': 'varchar'}, header = false, delim = '\x1f', quote = '', escape = ''", 0
    )
    # Each look into a line parses all of it, so there are as few looks as there can be.
    con.execute(
        "create or replace temp table json_lines as select _row, line,"
        " starts_with(ltrim(line), '{') and json_valid(line) as is_object from records_numbered"
    )
    con.execute("drop view records_numbered; drop table records")
    broken = con.execute(
        "select _row, 'not a JSON object', line from json_lines where not is_object and trim(line) <> '' order by 1"
    ).fetchall()
    names = con.execute(
        "select distinct unnest(keys) as name from (select distinct json_keys(line) as keys from json_lines"
        " where is_object) order by 1"
    ).fetchall()
    columns = tuple(name for (name,) in names if name)
    paths = ", ".join(quote(_json_path(name)) for name in columns)
    fields = ", ".join(f"found[{number}] as {identifier(name)}" for number, name in enumerate(columns, start=1))
    found = f"(select _row, json_extract_string(line, [{paths}]) as found from json_lines where is_object)"
    relation = f"(select {fields}, _row from {found})" if columns else "(select _row from json_lines where is_object)"
    json = "(select line as record, _row from json_lines where is_object)"
    return Source(relation, columns, tuple(sorted([*unreadable, *broken])), json)


def _json_path(key: str) -> str:
    escaped = key.replace('"', '\\"')
    return f'$."{escaped}"'
