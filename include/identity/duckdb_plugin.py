"""Makes the function e164(phone, country) known to the DuckDB that dbt builds in; named in dbt_project/profiles.yml."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
from dbt.adapters.duckdb.plugins import BasePlugin

from include.identity.phones import e164

if TYPE_CHECKING:
    import duckdb


def e164_of_chunk(phones: pa.ChunkedArray, countries: pa.ChunkedArray) -> pa.Array:
    """Return E.164 of each phone, read with its country, for one chunk of rows."""
    pairs = zip(phones.to_pylist(), countries.to_pylist(), strict=True)
    return pa.array([e164(phone, country) for phone, country in pairs], pa.string())


class Plugin(BasePlugin):
    """What dbt-duckdb loads when it opens the build warehouse."""

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Register the function; a chunk at a time crosses into Python, not a row."""
        conn.create_function(
            "e164", e164_of_chunk, ["VARCHAR", "VARCHAR"], "VARCHAR", type="arrow", null_handling="special"
        )
