"""Reads what the pages show out of the live warehouse, and the words in which its tables describe themselves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from include.site.spec import Rows

QUERIES = Path(__file__).parent / "queries"
MAX_ROWS = 25_000
"""More than a page can show; a query that gives more is meant to add up first."""


class SiteError(RuntimeError):
    """The site cannot be built; the message says what is missing and what to do."""


class FileGone(RuntimeError):
    """A file went away before it was read: the publisher removes states of its journal that newer ones follow."""


@dataclass(frozen=True)
class Build:
    """Which build the live warehouse is of."""

    build_id: str
    as_of: datetime
    currency: str
    time_zone: str
    published_at: datetime | None
    """When the last publication began; the tables of schema publish are as of then."""

    def as_of_table(self, table: str) -> str:
        """Say as of when a table of the live warehouse is."""
        if not table.startswith("publish."):
            return f"As of {self.as_of:%Y-%m-%d %H:%M} UTC"
        return (
            f"As of the publication of {self.published_at:%Y-%m-%d %H:%M} UTC"
            if self.published_at
            else "Nothing published"
        )


@dataclass(frozen=True)
class TableDescription:
    """A table in its own words: the comments that the live file carries."""

    name: str
    comment: str
    columns: tuple[tuple[str, str, str], ...]
    """Name, type and comment of each column."""


@contextmanager
def _reading(what: str) -> Iterator[None]:
    try:
        yield
    except duckdb.IOException as error:
        raise FileGone(f"{what}: {str(error).splitlines()[0]}") from error


def build_of(connection: duckdb.DuckDBPyConnection) -> Build:
    """Return the build that is live.

    Raises:
        FileGone: what it reads was removed meanwhile; read again.
    """
    with _reading("meta.build and publish.publish_runs"):
        found = connection.execute(
            "select build_id, as_of, reporting_currency, time_zone, (select max(started_at) from publish.publish_runs)"
            " from meta.build"
        ).fetchall()
    if len(found) != 1:
        raise SiteError(f"meta.build of the live warehouse has {len(found)} rows, expected 1; run the DAG build_marts.")
    return Build(*found[0])


def rows_of(connection: duckdb.DuckDBPyConnection, page: str, chart: str) -> Rows:
    """Run queries/<page>/<chart>.sql.

    Raises:
        SiteError: the live warehouse lacks a table or column it reads, or it gave more than MAX_ROWS rows.
        FileGone: what it reads was removed meanwhile; read again.
    """
    path = QUERIES / page / f"{chart}.sql"
    try:
        with _reading(f"{path.name} of page {page}"):
            cursor = connection.execute(path.read_text(encoding="utf-8"))
            columns = tuple(column[0] for column in cursor.description)
            rows = cursor.fetchmany(MAX_ROWS + 1)
    except duckdb.Error as error:
        raise SiteError(
            f"{path.name} of page {page}: {str(error).splitlines()[0]}. The live warehouse was built by another version"
            " of the project; run the DAG build_marts."
        ) from error
    if len(rows) > MAX_ROWS:
        raise SiteError(
            f"{path.name} of page {page} gave more than {MAX_ROWS:,} rows; let it add up or take the latest."
        )
    return Rows(columns, [[plain(row[position]) for row in rows] for position in range(len(columns))])


def describe(connection: duckdb.DuckDBPyConnection, table: str) -> TableDescription:
    """Return what the live file says of schema.table."""
    schema, name = table.split(".")
    comments = connection.execute(
        "select comment from duckdb_tables() where schema_name = $schema and table_name = $name"
        " union all select comment from duckdb_views() where schema_name = $schema and view_name = $name",
        {"schema": schema, "name": name},
    ).fetchall()
    if not comments:
        raise SiteError(f"The live warehouse has no table {table}; run the DAG build_marts.")
    columns = connection.execute(
        "select column_name, lower(data_type), coalesce(comment, '') from duckdb_columns()"
        " where schema_name = $schema and table_name = $name order by column_index",
        {"schema": schema, "name": name},
    ).fetchall()
    return TableDescription(table, comments[0][0] or "", tuple(columns))


def plain(value: Any) -> Any:
    """Make a value one that JSON has: dates as ISO text, decimals as numbers, lists item by item."""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="minutes")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else None
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value
