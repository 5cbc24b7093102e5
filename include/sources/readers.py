"""One relation per source file: its columns, `_row` (1 = first record), and the records that cannot be read."""

from __future__ import annotations

import csv
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from include.sources.mapping import CsvOptions, StreamSpec

MAX_LINE_BYTES = 16 * 1024 * 1024
# Records, about, of which the schema is told.
SAMPLE = 1_000
SAMPLE_BYTES = 20_000_000
SMALL_BYTES = 2_000_000
LINES = "columns = {'line': 'varchar'}, header = false, delim = '\x1f', quote = '', escape = ''"
# ltrim() looks letters up, which shows when every line pays for it.
IS_OBJECT = "case when starts_with(line, '{') then true else starts_with(ltrim(line), '{') end"
KIND = "try(hash(json_keys(line)))"


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
        "*",
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


def _read_lines(
    con: duckdb.DuckDBPyConnection, path: Path, select: str, options: str, records_before: int
) -> tuple[Any, ...]:
    """Read a text file into the view records_numbered and return the records that cannot be read."""
    # The file before may have left its own; two at once would not fit in the memory allowed.
    con.execute("drop view if exists records_numbered")
    for table in ("kept_records", "rejects", "scans"):
        con.execute(f"drop table if exists {table}")
    # Rows lie in the order of the file, so DuckDB's rowid counts them; row_number() would read with one processor.
    con.execute(
        f"create temp table kept_records as select {select}"
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
    numbered = "select *, rowid + 1 as _row from kept_records"
    if broken:
        con.execute("create or replace temp table shifts (kept_before bigint, shift bigint)")
        shifts = {record - 1 - index: index + 1 for index, (record, *_) in enumerate(broken)}
        con.executemany("insert into shifts values (?, ?)", list(shifts.items()))
        numbered = (
            "select kept.* replace (_row + coalesce(shift, 0) as _row)"
            f" from ({numbered}) as kept asof left join shifts on _row > kept_before"
        )
    con.execute(f"create temp view records_numbered as {numbered}")
    return tuple(broken)


def _open_jsonl(con: duckdb.DuckDBPyConnection, path: Path) -> Source:
    con.execute(
        "create or replace temp table sample as select unnest(cast($lines as varchar[])) as line",
        {"lines": _sample_of_lines(path)},
    )
    columns, unreadable, is_complete = _read_objects(con, path, "sample")
    if not is_complete:
        # Read once more, for the keys first: they together with the records would not fit in the memory allowed.
        options = f"{LINES}, auto_detect = false, max_line_size = {MAX_LINE_BYTES}, ignore_errors = true"
        columns, unreadable, _ = _read_objects(con, path, f"read_csv({one_file(path)}, {options})")
    broken = con.execute(
        "select _row, 'not a JSON object', line from records_numbered"
        " where found is null and trim(line) <> '' order by _row"
    ).fetchall()
    fields = [f"found[{number}] as {identifier(name)}" for number, name in enumerate(columns, start=1)]
    relation = f"(select {', '.join([*fields, '_row'])} from records_numbered where found is not null)"
    json = f"(select line as record, rowid as _row from sample where {IS_OBJECT} and {KIND} is not null)"
    return Source(relation, columns, tuple(sorted([*unreadable, *broken])), json)


def _read_objects(
    con: duckdb.DuckDBPyConnection, path: Path, lines: str
) -> tuple[tuple[str, ...], tuple[Any, ...], bool]:
    """Read the values of all keys that the objects of `lines` have.

    Returns:
        The keys, the records that cannot be read, and whether no other object of the file has further keys.
    """
    con.execute(
        f"create or replace temp table kinds as select any_value(line) as line, {KIND} as kind from {lines}"
        f" where {IS_OBJECT} group by kind"
    )
    names = con.execute("select distinct unnest(try(json_keys(line))) as name from kinds order by name").fetchall()
    columns = tuple(name for (name,) in names if name)
    paths = ", ".join(quote(_json_path(name)) for name in columns) or "'$'"
    found = f"case when {IS_OBJECT} then try(json_extract_string(line, [{paths}])) end"
    kinds = con.execute(f"select kind from kinds where kind is not null limit {SAMPLE}").fetchall()
    known = ", ".join(str(kind) for (kind,) in kinds)
    # In the same expression list, so that both are had for one reading of the file. Names are compared only where their
    # set is none of the sample's; with a path, or DuckDB would take out of both tries what they share, and fail.
    listed = ", ".join(map(quote, columns))
    is_new = f"not try(list_has_all(cast([{listed}] as varchar[]), json_keys(line, '$')))"
    is_new = f"case when {KIND} in ({known}) then false else {is_new} end" if known else is_new
    select = f"{found} as found, case when found is null then line end as line, {is_new} as is_new"
    unreadable = _read_lines(con, path, select, LINES, 0)
    [(complete,)] = con.execute("select count(*) = 0 from kept_records where is_new and found is not null").fetchall()
    return columns, unreadable, complete


def _sample_of_lines(path: Path) -> list[str]:
    """Return all lines of a small file, else about SAMPLE, from everywhere in it."""
    step = max(1, path.stat().st_size // SAMPLE)
    sample: list[str] = []
    size = taken = 0
    with path.open("rb") as handle:
        while size < SAMPLE_BYTES and (line := handle.readline()):
            size += len(line)
            taken += 1
            # A line of wrong bytes is broken, and of no schema.
            with suppress(UnicodeDecodeError):
                sample.append(line.decode())
            if step > SMALL_BYTES // SAMPLE and (ahead := taken * step) > handle.tell():
                # To the beginning of a line.
                handle.seek(ahead - 1)
                handle.readline()
    return sample


def _json_path(key: str) -> str:
    escaped = key.replace('"', '\\"')
    return f'$."{escaped}"'
