"""Lets a human allow what the guard stopped."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import and_, delete, func, insert, select, update

from include.publisher.database import Database, Pair, of_pair
from include.publisher.errors import ApprovalError
from include.publisher.guard import Approved
from include.publisher.ledger import Run
from include.publisher.tables import approvals, runs

# An approval speaks of the data somebody looked at; after a week it is another audience.
VALID_FOR = timedelta(days=7)


def approve(database: Database, run_id: str, approved_by: str) -> tuple[Pair, int]:
    """Allow the next run of a blocked run's pair what that run planned: removals, and members on the list.

    Args:
        database: the ledger.
        run_id: id of the blocked run, as its error gave it.
        approved_by: who decided; kept in the ledger.

    Returns:
        The pair and the number of removals allowed.

    Raises:
        ApprovalError: there is no such run, it was not blocked, or a later run of the pair was carried out.
    """
    now = datetime.now(UTC)
    with database.writing() as connection:
        run = connection.execute(select(runs).where(runs.c.run_id == run_id)).mappings().one_or_none()
        if run is None:
            raise ApprovalError(f"There is no run '{run_id}'; `python -m include.publisher runs` lists them.")
        pair = Pair(run["audience"], run["destination"])
        if run["status"] != "blocked":
            raise ApprovalError(
                f"Run '{run_id}' is '{run['status']}', expected 'blocked'; there is nothing to approve."
            )
        later = and_(of_pair(runs, pair), runs.c.status == "done", runs.c.started_at > run["started_at"])
        if connection.execute(select(func.count()).select_from(runs).where(later)).scalar_one():
            raise ApprovalError(f"A later run of {pair} was carried out; run '{run_id}' is out of date.")
        removals = run["removes"] - run["consent_removes"]
        connection.execute(delete(approvals).where(approvals.c.run_id == run_id))
        row = {
            "run_id": run_id,
            "destination": pair.destination,
            "audience": pair.audience,
            "removals": removals,
            "sendable": run["sendable"],
            "approved_by": approved_by,
            "approved_at": now,
            "expires_at": now + VALID_FOR,
        }
        connection.execute(insert(approvals).values(row))
    return pair, removals


def approved(database: Database, pair: Pair) -> Approved | None:
    """Return the latest open approval of a pair, or None without one."""
    open_ones = and_(of_pair(approvals, pair), approvals.c.used_by_run_id.is_(None))
    valid = approvals.c.expires_at > datetime.now(UTC)
    latest = approvals.c.approved_at.desc()
    query = select(approvals.c.removals, approvals.c.sendable).where(open_ones, valid).order_by(latest).limit(1)
    with database.reading() as connection:
        row = connection.execute(query).one_or_none()
    return Approved(row.removals, row.sendable) if row else None


def use_up(database: Database, run: Run) -> None:
    """Close a pair's approvals after a run that was carried out, needed or not: each lets one run go on."""
    open_ones = and_(of_pair(approvals, run.pair), approvals.c.used_by_run_id.is_(None))
    with database.writing() as connection:
        connection.execute(update(approvals).where(open_ones).values(used_by_run_id=run.run_id))
