"""What the last run of each audience and destination did, for people to read."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from include.publisher.database import open_database
from include.publisher.tables import dead_letters, drift, members, runs

if TYPE_CHECKING:
    from include.settings import Settings


@dataclass(frozen=True)
class AtTool:
    """What the ledger knows of one audience at one tool.

    Attributes:
        confirmed: members the tool has confirmed.
        rejected: open dead letters.
        is_drift: what the latest look at the tool found; None when nobody could look.
    """

    audience: str
    destination: str
    confirmed: int
    rejected: int
    is_drift: bool | None


def held_by_tools(settings: Settings) -> list[AtTool]:
    """Return what each tool holds by the ledger, for every pair that was ever run."""
    pair = (runs.c.audience, runs.c.destination)
    with closing(open_database(settings)) as database, database.reading() as connection:
        pairs = connection.execute(sa.select(*pair).distinct().order_by(*pair)).all()
        confirmed = _counts(connection, members, members.c.content_hash.is_not(None))
        rejected = _counts(connection, dead_letters, sa.true())
        looks = connection.execute(
            sa.select(drift.c.audience, drift.c.destination, drift.c.is_drift).order_by(drift.c.measured_at)
        )
        latest = {(audience, destination): is_drift for audience, destination, is_drift in looks}
    return [AtTool(*one, confirmed.get(one, 0), rejected.get(one, 0), latest.get(one)) for one in map(tuple, pairs)]


def _counts(connection: sa.Connection, table: sa.Table, which: sa.ColumnElement[bool]) -> dict[tuple[Any, ...], int]:
    pair = (table.c.audience, table.c.destination)
    rows = connection.execute(sa.select(*pair, sa.func.count()).where(which).group_by(*pair))
    return {(audience, destination): count for audience, destination, count in rows}


def latest_runs(settings: Settings) -> list[dict[str, Any]]:
    """Return the latest run of every pair, sorted by audience and destination."""
    newest = sa.func.row_number().over(
        partition_by=(runs.c.audience, runs.c.destination), order_by=(runs.c.started_at.desc(), runs.c.run_id)
    )
    ranked = sa.select(runs, newest.label("recency")).subquery()
    latest = sa.select(ranked).where(ranked.c.recency == 1).order_by(ranked.c.audience, ranked.c.destination)
    with closing(open_database(settings)) as database, database.reading() as connection:
        return [dict(row) for row in connection.execute(latest).mappings()]
