"""What the ledger says of former runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, delete, func, select

from include.publisher.audiences import FrequencyCap
from include.publisher.database import Database, Pair, of_pair
from include.publisher.tables import changes, runs


def capped(database: Database, destination: str, audiences: Sequence[str], cap: FrequencyCap | None) -> list[str]:
    """List the customers who have had as many messages as the cap allows in its days.

    Args:
        database: the ledger.
        destination: where they were told.
        audiences: those of mode events, which count together.
        cap: None caps nobody.
    """
    if cap is None:
        return []
    told = and_(
        runs.c.destination == destination,
        runs.c.audience.in_(audiences),
        runs.c.started_at > datetime.now(UTC) - timedelta(days=cap.days),
        changes.c.outcome == "confirmed",
        changes.c.operation.in_(("add", "update")),
    )
    joined = changes.join(runs, changes.c.run_id == runs.c.run_id)
    query = select(changes.c.customer_key).select_from(joined).where(told).group_by(changes.c.customer_key)
    with database.reading() as connection:
        return list(connection.execute(query.having(func.count() >= cap.messages)).scalars())


def latest_as_of(database: Database, pair: Pair) -> datetime | None:
    """Return what the warehouse knew when the pair was last carried out, or None before."""
    done = and_(of_pair(runs, pair), runs.c.status == "done")
    with database.reading() as connection:
        return connection.execute(select(func.max(runs.c.as_of)).where(done)).scalar_one()


def latest_done(database: Database, pair: Pair) -> datetime | None:
    """Return when the pair's latest run that was carried out began, or None before."""
    done = and_(of_pair(runs, pair), runs.c.status == "done")
    with database.reading() as connection:
        return connection.execute(select(func.max(runs.c.started_at)).where(done)).scalar_one()


def is_new(database: Database, pair: Pair) -> bool:
    """Whether no run of the pair ever came to its plan's end."""
    ended = and_(of_pair(runs, pair), runs.c.status.in_(("done", "dry_run", "blocked")))
    with database.reading() as connection:
        return connection.execute(select(func.count()).select_from(runs).where(ended)).scalar_one() == 0


def forget(database: Database, pair: Pair, days: int) -> None:
    """Delete the changes of a pair's runs that are older than so many days; the runs themselves stay."""
    old = and_(of_pair(runs, pair), runs.c.started_at < datetime.now(UTC) - timedelta(days=days))
    with database.writing() as connection:
        connection.execute(delete(changes).where(changes.c.run_id.in_(select(runs.c.run_id).where(old))))


def recent_runs(database: Database, limit: int) -> Sequence[Row[Any]]:
    """Read the latest runs, newest first."""
    with database.reading() as connection:
        return connection.execute(select(runs).order_by(runs.c.started_at.desc(), runs.c.run_id).limit(limit)).all()
