"""The live files as the server sees them: opened read-only, whole builds only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from include.serve.errors import ServeError
from include.serve.types import Column, column
from include.settings import Settings
from include.sources.readers import identifier, quote
from include.warehouse.promote import LIVE_SCHEMAS

CONTACTS = "contacts"
WAREHOUSE, PEOPLE = "live", "people"


@dataclass(frozen=True)
class Table:
    """A table or view of a live file, with what the file says about it."""

    database: str
    schema: str
    name: str
    columns: tuple[Column, ...]
    comment: str | None = None
    column_comments: dict[str, str] = field(default_factory=dict)

    @property
    def query(self) -> str:
        """Select every row, each column as it is copied."""
        columns = ", ".join(f"{one.expression} as {identifier(one.name)}" for one in self.columns)
        return f"select {columns} from {self.database}.{identifier(self.schema)}.{identifier(self.name)}"


@contextmanager
def opened(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """Attach the live warehouse as `live` and, where they are asked for, the contacts as `people`.

    A promotion meanwhile changes nothing: a file that is open stays the build it was.

    Raises:
        ServeError: a file is missing, or the two are of different builds.
    """
    files = {WAREHOUSE: settings.live_warehouse}
    if settings.serve_contacts:
        files[PEOPLE] = settings.live_contacts
    with duckdb.connect() as con:
        # Spilling would leave what the contacts hold on a disk.
        con.execute("set temp_directory = ''; set TimeZone = 'UTC'")
        builds = {name: _attach(con, name, path) for name, path in files.items()}
        if len(set(builds.values())) > 1:
            raise ServeError(
                f"{settings.live_warehouse} is build {builds[WAREHOUSE]} and {settings.live_contacts} is build"
                f" {builds[PEOPLE]}, expected the same: a promotion is under way or was broken off. Try again; if it"
                " stays so, run the DAG build_marts."
            )
        yield con


def build_id(con: duckdb.DuckDBPyConnection) -> str:
    """Name the build that is served."""
    return con.execute(f"select build_id from {WAREHOUSE}.meta.build").fetchall()[0][0]


def tables(con: duckdb.DuckDBPyConnection, settings: Settings) -> list[Table]:
    """List what is served, in the order of schema and name.

    Raises:
        ServeError: a column has a type that PostgreSQL lacks.
    """
    wanted = [(WAREHOUSE, schema) for schema in LIVE_SCHEMAS]
    if settings.serve_contacts:
        wanted.append((PEOPLE, CONTACTS))
    return [table for database, schema in wanted for table in _tables(con, database, schema)]


def _attach(con: duckdb.DuckDBPyConnection, name: str, path: Path) -> str:
    if not path.exists():
        raise ServeError(f"{path} does not exist, expected a promoted build; run the DAG build_marts (make demo).")
    con.execute(f"attach {quote(str(path))} as {name} (read_only)")
    return con.execute(f"select build_id from {name}.meta.build").fetchall()[0][0]


def _tables(con: duckdb.DuckDBPyConnection, database: str, schema: str) -> Iterator[Table]:
    where = [database, schema]
    relations = con.execute(
        "select table_name, comment from duckdb_tables() where database_name = $1 and schema_name = $2 union all"
        " select view_name, comment from duckdb_views() where database_name = $1 and schema_name = $2 order by 1",
        where,
    ).fetchall()
    columns = con.execute(
        "select table_name, column_name, data_type, comment from duckdb_columns()"
        " where database_name = $1 and schema_name = $2 order by table_name, column_index",
        where,
    ).fetchall()
    for name, comment in relations:
        own = [row[1:] for row in columns if row[0] == name]
        yield Table(
            database,
            schema,
            name,
            tuple(column(title, kind, f"{schema}.{name}") for title, kind, _ in own),
            comment,
            {title: text for title, _, text in own if text},
        )
