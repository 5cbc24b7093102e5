"""What the last run of each audience and destination did, for people to read."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from include.publisher.database import open_database
from include.publisher.tables import runs

if TYPE_CHECKING:
    from include.settings import Settings


def latest_runs(settings: Settings) -> list[dict[str, Any]]:
    """Return the latest run of every pair, sorted by audience and destination."""
    newest = sa.func.row_number().over(
        partition_by=(runs.c.audience, runs.c.destination), order_by=(runs.c.started_at.desc(), runs.c.run_id)
    )
    ranked = sa.select(runs, newest.label("recency")).subquery()
    latest = sa.select(ranked).where(ranked.c.recency == 1).order_by(ranked.c.audience, ranked.c.destination)
    with closing(open_database(settings)) as database, database.reading() as connection:
        return [dict(row) for row in connection.execute(latest).mappings()]
