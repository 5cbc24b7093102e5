"""A DuckDB dialect on which Great Expectations can push its checks down to SQL.

Great Expectations has no DuckDB data source. Through duckdb-engine's dialect it stops with "list index out of range",
because it fetches rows after the connection was rolled back, and it finds no regular expressions. This dialect reads
the rows of a query at once and reflects columns with types Great Expectations knows. Where Great Expectations gains a
data source of its own, this file goes.
"""

from __future__ import annotations

import sys
from typing import Any

import sqlalchemy as sa
from duckdb_engine import Dialect
from sqlalchemy import types
from sqlalchemy.dialects import registry
from sqlalchemy.engine.cursor import FullyBufferedCursorFetchStrategy
from sqlalchemy.pool import NullPool, Pool

# Great Expectations looks these names up in the dialect's module.
from sqlalchemy.types import BIGINT, BOOLEAN, DATE, DECIMAL, FLOAT, INTEGER, NUMERIC, TIMESTAMP, VARCHAR  # noqa: F401

_TYPES: dict[str, types.TypeEngine[Any]] = {
    "BIGINT": types.BIGINT(),
    "HUGEINT": types.BIGINT(),
    "INTEGER": types.INTEGER(),
    "VARCHAR": types.VARCHAR(),
    "BOOLEAN": types.BOOLEAN(),
    "DATE": types.DATE(),
    "DOUBLE": types.FLOAT(),
    "TIMESTAMP": types.TIMESTAMP(),
    "TIMESTAMP WITH TIME ZONE": types.TIMESTAMP(timezone=True),
}


class _BufferedContext(Dialect.execution_ctx_cls):
    def post_exec(self) -> None:
        super().post_exec()
        description = self.cursor.description
        if description and not (self.isinsert or self.isupdate or self.isdelete):
            self.cursor_fetch_strategy = FullyBufferedCursorFetchStrategy(
                self.cursor, alternate_description=description, initial_buffer=self.cursor.fetchall()
            )


class BufferedDuckDB(Dialect):
    """duckdb-engine's dialect with buffered results and its own reflection."""

    supports_statement_cache = False
    execution_ctx_cls = _BufferedContext

    @classmethod
    def get_pool_class(cls, url: sa.URL) -> type[Pool]:
        """Close every connection after use: an open one would keep others from opening the file."""
        return NullPool

    def get_columns(
        self, connection: sa.Connection, table_name: str, schema: str | None = None, **_: Any
    ) -> list[dict[str, Any]]:
        """Reflect a table's columns."""
        rows = connection.execute(
            sa.text(
                "select column_name, data_type, is_nullable from duckdb_columns()"
                " where database_name = current_database() and table_name = :table and schema_name = :schema"
                " order by column_index"
            ),
            {"table": table_name, "schema": (schema or "main").split(".")[-1]},
        ).fetchall()
        if not rows:
            raise sa.exc.NoSuchTableError(table_name)
        return [
            {"name": name, "type": _sqlalchemy_type(kind), "nullable": bool(nullable), "default": None}
            for name, kind, nullable in rows
        ]

    def get_pk_constraint(self, *_: Any, **__: Any) -> dict[str, Any]:
        """Report no primary key: the checks state the keys themselves."""
        return {"constrained_columns": [], "name": None}

    def get_foreign_keys(self, *_: Any, **__: Any) -> list[Any]:
        """Report no foreign keys."""
        return []

    get_indexes = get_unique_constraints = get_check_constraints = get_foreign_keys

    def get_table_comment(self, *_: Any, **__: Any) -> dict[str, Any]:
        """Report no comment."""
        return {"text": None}


def _sqlalchemy_type(kind: str) -> types.TypeEngine[Any]:
    if kind.startswith("DECIMAL"):
        precision, scale = kind[8:-1].split(",")
        return types.DECIMAL(int(precision), int(scale))
    return _TYPES.get(kind, types.NullType())


dialect = BufferedDuckDB


def install() -> None:
    """Make duckdb:// mean this dialect, for SQLAlchemy and for Great Expectations' engine. Safe to call again."""
    from great_expectations.execution_engine import SqlAlchemyExecutionEngine

    registry.register("duckdb", __name__, BufferedDuckDB.__name__)
    if getattr(SqlAlchemyExecutionEngine, "_perennial_duckdb", False):
        return
    original = SqlAlchemyExecutionEngine.__init__

    def with_dialect_module(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        if self.dialect_name == "duckdb":
            self.dialect_module = sys.modules[__name__]

    SqlAlchemyExecutionEngine.__init__ = with_dialect_module
    SqlAlchemyExecutionEngine._perennial_duckdb = True
