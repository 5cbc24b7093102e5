"""Reads what the ledger knows of a pair, a million members at a time."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, Select, select

from include.publisher.database import Database, Pair, of_pair
from include.publisher.plan import LETTERS_SCHEMA, SNAPSHOT_SCHEMA
from include.publisher.tables import dead_letters, members

ROWS_PER_FETCH = 1_000


def _to_arrow(connection: Connection, query: Select[Any], schema: pa.Schema) -> pa.Table:
    # The driver's own rows: SQLAlchemy's would cost most of a large plan's time. SQLite's truths are numbers.
    statement = str(query.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True}))
    driver: Any = connection.connection.driver_connection
    # PostgreSQL hands everything over at once unless the cursor has a name.
    cursor = driver.cursor(name="rows") if connection.dialect.name == "postgresql" else driver.cursor()
    cursor.execute(statement)
    batches = []
    # Few at a time: rows that still lie in the processor's cache become columns in half the time.
    while rows := cursor.fetchmany(ROWS_PER_FETCH):
        columns = zip(zip(*rows, strict=True), schema, strict=True)
        arrays = [
            pa.array(map(bool, column) if field.type == pa.bool_() else column, field.type) for column, field in columns
        ]
        batches.append(pa.record_batch(arrays, schema=schema))
    cursor.close()
    return pa.Table.from_batches(batches, schema=schema)


def members_of(database: Database, pair: Pair) -> pa.Table:
    """Read what is known of every member ever sent to a pair, as SNAPSHOT_SCHEMA."""
    query = select(*(members.c[name] for name in SNAPSHOT_SCHEMA.names)).where(of_pair(members, pair))
    with database.reading() as connection:
        return _to_arrow(connection, query, SNAPSHOT_SCHEMA)


def letters_of(database: Database, pair: Pair) -> pa.Table:
    """Read a pair's open dead letters, as LETTERS_SCHEMA."""
    query = select(*(dead_letters.c[name] for name in LETTERS_SCHEMA.names)).where(of_pair(dead_letters, pair))
    with database.reading() as connection:
        return _to_arrow(connection, query, LETTERS_SCHEMA)
