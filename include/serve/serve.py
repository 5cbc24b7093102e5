"""Copy the live warehouse into PostgreSQL, where every BI tool can read it."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass

from include.serve import load, source, swap
from include.serve.keys import keys
from include.serve.postgres import address, locked, make_role, readers
from include.settings import Settings
from include.warehouse.promote import LIVE_SCHEMAS


@dataclass(frozen=True)
class Served:
    """What a load brought.

    Attributes:
        build_id: the build that is served now.
        tables: how many tables it has.
        rows: how many rows they have together.
        seconds: how long it took.
    """

    build_id: str
    tables: int
    rows: int
    seconds: float

    def __str__(self) -> str:
        rate = self.rows / self.seconds
        return (
            f"Serving build {self.build_id}: {self.tables} tables, {self.rows:,} rows, in {self.seconds:.1f} s"
            f" ({rate:,.0f} rows/s)"
        )


def serve(settings: Settings) -> Served:
    """Load every live schema beside the ones that are served, then put them in their place in one step.

    Contacts are loaded only where PERENNIAL_SERVE_CONTACTS says so, and taken away where it no longer does. Safe to run
    again and to run twice at once; a load that fails or is killed leaves what was served before.

    Raises:
        ServeUnset: PERENNIAL_SERVE_URL is not set.
        ServeError: anything else that stops it; the message says what to do.
    """
    started = time.monotonic()
    url = address(settings)
    with locked(settings) as con, source.opened(settings) as live:
        tables, known_keys = source.tables(live, settings), keys()
        load_id = uuid.uuid4().hex[:8]
        schemas = list(dict.fromkeys((*LIVE_SCHEMAS, *(table.schema for table in tables))))
        names = {schema: f"{schema}_new_{load_id}" for schema in schemas}
        everything = (*LIVE_SCHEMAS, source.CONTACTS)
        swap.check_place(con, schemas)
        swap.drop_leftovers(con, everything)
        for role in {role for schema in schemas for role in readers(schema)}:
            make_role(con, role)
        load.make_schemas(con, names, tables)
        rows = load.copy_rows(live, url, names, tables)
        load.finish(con, names, tables, known_keys)
        swap.swap(con, names, tuple(set(everything) - set(schemas)), load_id)
        swap.drop_leftovers(con, everything)
        return Served(source.build_id(live), len(tables), rows, time.monotonic() - started)
