"""What a column of DuckDB becomes in PostgreSQL, and how it is read so that every value arrives as it was."""

from __future__ import annotations

import re
from dataclasses import dataclass

from include.serve.errors import ServeError
from include.sources.readers import identifier

# Types that Arrow and PostgreSQL's binary COPY carry unchanged. Finer than a microsecond PostgreSQL knows no time.
SCALARS = {
    "BOOLEAN": "boolean",
    "TINYINT": "smallint",
    "SMALLINT": "smallint",
    "INTEGER": "integer",
    "BIGINT": "bigint",
    "UTINYINT": "smallint",
    "USMALLINT": "integer",
    "UINTEGER": "bigint",
    "FLOAT": "real",
    "DOUBLE": "double precision",
    "VARCHAR": "text",
    "BLOB": "bytea",
    "DATE": "date",
    "TIME": "time",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP_S": "timestamp",
    "TIMESTAMP_MS": "timestamp",
    "TIMESTAMP_NS": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamptz",
    "INTERVAL": "interval",
    "UUID": "text",
}
# Arrow's driver would wrap the upper half of an unsigned 64-bit number round to negative ones.
WIDE = {"UBIGINT": "numeric(20)", "HUGEINT": "numeric(39)"}
DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")
NESTED = re.compile(r"(STRUCT|MAP)\(.*\)|.*\[\d*\]")


@dataclass(frozen=True)
class Column:
    """A column on its way.

    Attributes:
        name: the same on both sides.
        expression: what DuckDB selects for it.
        loaded_as: its type in PostgreSQL while it is loaded.
        served_as: its type in PostgreSQL at the end.
    """

    name: str
    expression: str
    loaded_as: str
    served_as: str


def column(name: str, duckdb_type: str, table: str) -> Column:
    """Say how a column is copied.

    Args:
        name: of the column.
        duckdb_type: as duckdb_columns() writes it.
        table: where it is, for the error.

    Raises:
        ServeError: the type has no counterpart.
    """
    quoted = identifier(name)
    if served := _scalar(duckdb_type):
        return Column(name, quoted, served, served)
    if duckdb_type in WIDE:
        precision = 20 if duckdb_type == "UBIGINT" else 38
        expression = quoted if duckdb_type == "HUGEINT" else f"cast({quoted} as decimal({precision}, 0))"
        return Column(name, expression, WIDE[duckdb_type], WIDE[duckdb_type])
    if duckdb_type.startswith("ENUM("):
        return Column(name, f"cast({quoted} as varchar)", "text", "text")
    element = _scalar(duckdb_type.removesuffix("[]")) if duckdb_type.endswith("[]") else None
    if element:
        return Column(name, quoted, f"{element}[]", f"{element}[]")
    if duckdb_type == "JSON" or NESTED.fullmatch(duckdb_type):
        # The driver knows no jsonb: loaded as text, converted in place.
        return Column(name, f"cast(to_json({quoted}) as varchar)", "text", "jsonb")
    raise ServeError(
        f"{table}.{name} is {duckdb_type}, expected a type that PostgreSQL has too; cast it in the model of that name."
    )


def _scalar(duckdb_type: str) -> str | None:
    if found := DECIMAL.fullmatch(duckdb_type):
        return f"numeric({found[1]}, {found[2]})"
    return SCALARS.get(duckdb_type)
