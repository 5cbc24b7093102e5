"""Fill schemas that nobody reads yet: tables, rows, keys, comments, privileges."""

from __future__ import annotations

import adbc_driver_postgresql.dbapi as adbc
import duckdb
import psycopg
from psycopg import sql

from include.serve.errors import ServeError
from include.serve.keys import Key
from include.serve.postgres import readers
from include.serve.source import Table

BATCH_ROWS = 100_000
# Says which schemas are ours, and so may be replaced.
MARK = "Served by Perennial: replaced as a whole by each load, keep nothing of your own here."


def make_schemas(con: psycopg.Connection, names: dict[str, str], tables: list[Table]) -> None:
    """Make the new schemas with empty tables.

    Args:
        con: where.
        names: schema -> what it is called while it is filled.
        tables: what goes into them.
    """
    with con.transaction():
        for name in names.values():
            con.execute(sql.SQL("create schema {}").format(sql.Identifier(name)))
            con.execute(sql.SQL("comment on schema {} is {}").format(sql.Identifier(name), MARK))
        for table in tables:
            columns = sql.SQL(", ").join(
                sql.SQL("{} {}").format(sql.Identifier(one.name), sql.SQL(one.loaded_as)) for one in table.columns
            )
            con.execute(sql.SQL("create table {} ({})").format(_name(names, table), columns))


def copy_rows(source: duckdb.DuckDBPyConnection, url: str, names: dict[str, str], tables: list[Table]) -> int:
    """Copy all rows as Arrow batches, in one transaction.

    Returns:
        How many there were.

    Raises:
        ServeError: PostgreSQL refused a table's rows, or took another number than there are.
    """
    total = 0
    with adbc.connect(url) as target, target.cursor() as cursor:
        for table in tables:
            place = f"{table.schema}.{table.name}"
            batches = source.sql(table.query).to_arrow_reader(BATCH_ROWS)
            try:
                taken = cursor.adbc_ingest(table.name, batches, mode="append", db_schema_name=names[table.schema])
            except adbc.Error as error:
                # The driver's message may quote the row.
                cause = error.sqlstate or type(error).__name__
                raise ServeError(
                    f"PostgreSQL refused rows of {place} ({cause}); its log says which value. A text with a NUL"
                    " character is the usual reason: clean it in the staging model."
                ) from None
            total += taken
            _expect(taken, source.sql(f"select count(*) from ({table.query})").fetchall()[0][0], place)
        target.commit()
    return total


def finish(
    con: psycopg.Connection, names: dict[str, str], tables: list[Table], keys: dict[tuple[str, str], Key]
) -> None:
    """Add keys, comments, privileges and statistics."""
    for table in tables:
        name = _name(names, table)
        with con.transaction():
            for one in table.columns:
                if one.served_as != one.loaded_as:
                    column, kind = sql.Identifier(one.name), sql.SQL(one.served_as)
                    statement = "alter table {0} alter column {1} type {2} using {1}::{2}"
                    con.execute(sql.SQL(statement).format(name, column, kind))
            _add_key(con, name, table, keys.get((table.schema, table.name)))
            _comment(con, name, table)
            for role in readers(table.schema):
                con.execute(sql.SQL("grant select on {} to {}").format(name, sql.Identifier(role)))
        con.execute(sql.SQL("analyze {}").format(name))


def _expect(taken: int, there: int, place: str) -> None:
    if taken != there:
        raise ServeError(f"PostgreSQL took {taken} rows of {place}, expected {there}. Nothing was replaced; try again.")


def _name(names: dict[str, str], table: Table) -> sql.Composable:
    return sql.Identifier(names[table.schema], table.name)


def _add_key(con: psycopg.Connection, name: sql.Composable, table: Table, key: Key | None) -> None:
    # A manifest newer than the live warehouse may know columns that are not there yet.
    if key is None or not {one.name for one in table.columns}.issuperset(key.columns):
        return
    columns = sql.SQL(", ").join(map(sql.Identifier, key.columns))
    if key.is_primary:
        con.execute(sql.SQL("alter table {} add primary key ({})").format(name, columns))
    else:
        con.execute(sql.SQL("create unique index on {} ({}) nulls not distinct").format(name, columns))


def _comment(con: psycopg.Connection, name: sql.Composable, table: Table) -> None:
    if table.comment:
        con.execute(sql.SQL("comment on table {} is {}").format(name, table.comment))
    for column, text in table.column_comments.items():
        con.execute(sql.SQL("comment on column {}.{} is {}").format(name, sql.Identifier(column), text))
