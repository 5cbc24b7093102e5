"""Opens the live warehouse and the contacts together, and checks that they belong together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from include.publisher.audiences import Audience
from include.publisher.errors import SourceError

if TYPE_CHECKING:
    from include.settings import Settings

REMEDY = "run the DAG build_marts again"


@dataclass(frozen=True)
class Source:
    """Both files attached read-only: `live` (publish.*, meta.build) and `people` (contacts.contacts).

    Attributes:
        connection: a DuckDB connection that lives in memory and never spills to disk, because it holds contact data.
        build_id: the build that made both files.
        as_of: the moment, in UTC, up to which that build knows the world.
        checked_at: when it passed gate 2, in UTC; None when the build does not say.
    """

    connection: duckdb.DuckDBPyConnection
    build_id: str
    as_of: datetime
    checked_at: datetime | None = None


@contextmanager
def open_source(settings: Settings) -> Iterator[Source]:
    """Open both files for the length of a run; a promotion meanwhile does not change what is read.

    Raises:
        SourceError: a file or its build row is missing, or the two are of different builds.
    """
    connection = duckdb.connect()
    try:
        connection.execute("set temp_directory = ''")
        connection.execute("set TimeZone = 'UTC'")
        _attach(connection, settings.live_warehouse, "live")
        _attach(connection, settings.live_contacts, "people")
        live_build, as_of, checked_at = _build(connection, "live", settings.live_warehouse)
        people_build, *_ = _build(connection, "people", settings.live_contacts)
        if live_build != people_build:
            raise SourceError(
                f"Promotion unfinished: {settings.live_warehouse} is build '{live_build}' and {settings.live_contacts} "
                f"is build '{people_build}', expected the same. Nothing was sent; {REMEDY}."
            )
        yield Source(connection, live_build, as_of, checked_at)
    finally:
        connection.close()


def _attach(connection: duckdb.DuckDBPyConnection, path: Path, name: str) -> None:
    if not path.is_file():
        raise SourceError(f"{path} does not exist, expected the promoted file. Nothing was sent; {REMEDY}.")
    quoted = str(path).replace("'", "''")
    try:
        connection.execute(f"attach '{quoted}' as {name} (read_only)")
    except duckdb.Error as error:
        raise SourceError(f"{path} cannot be opened as a DuckDB file ({type(error).__name__}); {REMEDY}.") from error


def _build(connection: duckdb.DuckDBPyConnection, name: str, path: Path) -> tuple[str, datetime, datetime | None]:
    require_columns(connection, name, "meta", "build", ("build_id",), path)
    rows = connection.execute(f"select * from {name}.meta.build").fetchall()
    names = [column[0] for column in connection.description or []]
    if len(rows) != 1 or not rows[0][names.index("build_id")]:
        raise SourceError(f"{path}: meta.build has {len(rows)} rows, expected one with a build_id; {REMEDY}.")
    row = dict(zip(names, rows[0], strict=True))
    as_of, checked_at = row.get("as_of") or datetime.fromtimestamp(0, UTC), row.get("gate_2_passed_at")
    return str(row["build_id"]), _utc(as_of), _utc(checked_at) if checked_at else None


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def require_columns(
    connection: duckdb.DuckDBPyConnection, database: str, schema: str, table: str, needed: tuple[str, ...], path: Path
) -> None:
    """Check that a table has the columns.

    Raises:
        SourceError: names the file, the table, the missing columns and those that are there.
    """
    query = "select column_name from duckdb_columns() where database_name = ? and schema_name = ? and table_name = ?"
    present = [row[0] for row in connection.execute(query, [database, schema, table]).fetchall()]
    if not present:
        raise SourceError(f"{path}: there is no table {schema}.{table}; build the model of that name, then {REMEDY}.")
    missing = [column for column in needed if column not in present]
    if missing:
        raise SourceError(
            f"{path}: {schema}.{table} lacks {', '.join(missing)}; it has {', '.join(present)}. Correct the model or "
            "the audience's row in audiences.yml."
        )


def check_tables(source: Source, audience: Audience, settings: Settings) -> None:
    """Check everything a plan reads: columns, and one row per customer in the audience and in the contacts.

    Raises:
        SourceError: names the table and what is wrong with it.
    """
    live, people = settings.live_warehouse, settings.live_contacts
    con, table = source.connection, f"pub_{audience.id}"
    require_columns(con, "live", "publish", table, ("customer_key", *audience.attributes), live)
    require_columns(con, "live", "publish", "pub_suppressions", ("customer_key", "channel", "kind"), live)
    require_columns(con, "people", "contacts", "contacts", ("customer_key", *audience.contact_fields), people)
    for name, path in ((f"live.publish.{table}", live), ("people.contacts.contacts", people)):
        query = f"select count(*) - count(customer_key), count(customer_key) - count(distinct customer_key) from {name}"
        nulls, doubled = con.execute(query).fetchall()[0]
        if nulls or doubled:
            raise SourceError(
                f"{path}: {name.partition('.')[2]} has {nulls} rows without customer_key and {doubled} repeated keys, "
                f"expected none of either. Correct the model and {REMEDY}."
            )
