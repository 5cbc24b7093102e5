"""The ledger's statements: what was planned, sent and confirmed. A plan reads them back through `snapshot`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Connection,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal,
    null,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from include.destinations.base import Batch, Receipt
from include.publisher.claims import Claim
from include.publisher.database import Database, Pair, of_pair
from include.publisher.plan import Plan, Planned
from include.publisher.tables import changes, dead_letters, members, receipts, runs

NO_DOUBT = dict.fromkeys(("doubt_operation", "doubt_hash", "doubt_run_id"))
_ELEMENTS = {"sqlite": func.json_each, "postgresql": func.json_array_elements_text}
_UPSERT = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


@dataclass(frozen=True)
class Run:
    """One attempt to bring a pair up to date."""

    run_id: str
    requested_run_id: str
    pair: Pair


def next_run(database: Database, requested_run_id: str, pair: Pair) -> Run:
    """Name the next attempt: <requested>.<audience>.<destination>, then the same with .2, .3 and so on.

    Call it under the pair's claim only.
    """
    same = and_(of_pair(runs, pair), runs.c.requested_run_id == requested_run_id)
    with database.reading() as connection:
        before = connection.execute(select(func.count()).select_from(runs).where(same)).scalar_one()
    attempt = f".{before + 1}" if before else ""
    return Run(f"{requested_run_id}.{pair.audience}.{pair.destination}{attempt}", requested_run_id, pair)


def close_abandoned(database: Database, pair: Pair) -> None:
    """Mark runs of a pair as failed whose process ended without a word. Call it under the pair's claim only."""
    open_ones = and_(of_pair(runs, pair), runs.c.status.in_(("planned", "sending")))
    reason = "The process ended before the run did. What was confirmed is recorded; the next run sends the rest."
    with database.writing() as connection:
        values = {"status": "failed", "error": reason, "finished_at": datetime.now(UTC)}
        connection.execute(update(runs).where(open_ones).values(values))


def record_plan(database: Database, run: Run, plan: Plan, build_id: str, as_of: datetime, claim: Claim) -> None:
    """Write the run and every row of its plan in one transaction, and close settled dead letters."""
    counts = plan.counts
    row = {
        "run_id": run.run_id,
        "requested_run_id": run.requested_run_id,
        "audience": run.pair.audience,
        "destination": run.pair.destination,
        "build_id": build_id,
        "as_of": as_of,
        "status": "planned",
        "adds": counts.adds,
        "updates": counts.updates,
        "removes": counts.removes,
        "consent_removes": counts.consent_removes,
        "unchanged": counts.unchanged,
        "skipped": sum(counts.skipped.values()),
        "skipped_reasons": counts.skipped,
        "snapshot": counts.snapshot,
        "sendable": counts.sendable,
        "started_at": datetime.now(UTC),
    }
    with database.writing() as connection:
        claim.hold(connection)
        connection.execute(insert(runs).values(row))
        for batch in plan.changes():
            rows = batch.to_pylist()
            for planned in rows:
                planned |= {"run_id": run.run_id, "outcome": "planned"}
            if rows:
                connection.execute(insert(changes), rows)
        _close_letters(connection, run.pair, plan.resolved_letters())


def _among(connection: Connection, column: Column[str], keys: Sequence[str]) -> ColumnElement[bool]:
    # One parameter however many keys: a statement with a parameter for each is written out and prepared anew each time.
    listed = _ELEMENTS[connection.dialect.name](literal(list(keys), JSON)).table_valued("value")
    return column.in_(select(listed.c.value))


def _set_outcome(connection: Connection, run: Run, keys: Sequence[str], outcome: str) -> None:
    planned = and_(changes.c.run_id == run.run_id, _among(connection, changes.c.customer_key, keys))
    connection.execute(update(changes).where(planned).values(outcome=outcome))


def _close_letters(connection: Connection, pair: Pair, keys: Sequence[str]) -> None:
    theirs = and_(of_pair(dead_letters, pair), _among(connection, dead_letters.c.customer_key, keys))
    connection.execute(delete(dead_letters).where(theirs))


def set_status(database: Database, run_id: str, status: str, error: str | None = None) -> None:
    """Change a run's status; every status but `sending` ends the run."""
    ended = None if status == "sending" else datetime.now(UTC)
    with database.writing() as connection:
        values = {"status": status, "error": error, "finished_at": ended}
        connection.execute(update(runs).where(runs.c.run_id == run_id).values(values))


def mark_doubtful(database: Database, run: Run, batch: Iterable[Planned], operation: str, claim: Claim) -> None:
    """Record, before anything is sent, that these members' state at the destination is about to be unknown.

    Without it a crash between the tool's yes and ours would leave a member there whom no later plan knows about.
    """
    rows = [
        {
            "destination": run.pair.destination,
            "audience": run.pair.audience,
            "customer_key": planned.member.customer_key,
            "version": planned.version,
            "doubt_operation": operation,
            "doubt_hash": planned.content_hash,
            "doubt_run_id": run.run_id,
        }
        for planned in batch
    ]
    statement = _UPSERT[database.engine.dialect.name](members)
    new = statement.excluded
    statement = statement.on_conflict_do_update(
        index_elements=["destination", "audience", "customer_key"],
        set_={
            "version": new.version,
            "doubt_operation": new.doubt_operation,
            "doubt_hash": new.doubt_hash,
            # The run that first brought the doubt: a later refusal does not settle what an earlier run may have done.
            "doubt_run_id": func.coalesce(members.c.doubt_run_id, new.doubt_run_id),
        },
    )
    with database.writing() as connection:
        claim.hold(connection)
        connection.execute(statement, rows)


def confirm(database: Database, run: Run, number: int, batch: Batch, receipt: Receipt, claim: Claim) -> None:
    """Record a receipt in one transaction: the snapshot, the plan's rows, dead letters and the receipt itself."""
    accepted = list(receipt.accepted)
    now = datetime.now(UTC)
    with database.writing() as connection:
        claim.hold(connection)
        _settle(connection, run, accepted)
        if receipt.external_ids:
            one = and_(of_pair(members, run.pair), members.c.customer_key == bindparam("key"))
            known = [{"key": key, "id": external_id} for key, external_id in receipt.external_ids.items()]
            connection.execute(update(members).where(one).values(external_id=bindparam("id")), known)
        _reject(connection, run, batch, receipt, now)
        row = {
            "run_id": run.run_id,
            "batch": number,
            "operation": batch.operation.value,
            "idempotency_key": batch.idempotency_key,
            "accepted": len(accepted),
            "rejected": len(receipt.rejected),
            "received_at": now,
        }
        connection.execute(insert(receipts).values(row))
        totals = {"confirmed": runs.c.confirmed + len(accepted), "rejected": runs.c.rejected + len(receipt.rejected)}
        connection.execute(update(runs).where(runs.c.run_id == run.run_id).values(totals))


def _settle(connection: Connection, run: Run, keys: Sequence[str]) -> None:
    settled = {
        "content_hash": members.c.doubt_hash,
        "confirmed_run_id": run.run_id,
        "external_id": case((members.c.doubt_operation == "remove", null()), else_=members.c.external_id),
        **NO_DOUBT,
    }
    here = and_(of_pair(members, run.pair), _among(connection, members.c.customer_key, keys))
    connection.execute(update(members).where(here).values(settled))
    _set_outcome(connection, run, keys, "confirmed")
    _close_letters(connection, run.pair, keys)


def _reject(connection: Connection, run: Run, batch: Batch, receipt: Receipt, now: datetime) -> None:
    if not receipt.rejected:
        return
    # A refusal says for certain that this run changed nothing; what an earlier one did stays in doubt.
    keys = [rejection.customer_key for rejection in receipt.rejected]
    here = and_(of_pair(members, run.pair), _among(connection, members.c.customer_key, keys))
    ours = and_(here, members.c.doubt_run_id == run.run_id)
    connection.execute(update(members).where(ours).values(NO_DOUBT))
    _set_outcome(connection, run, keys, "rejected")
    _close_letters(connection, run.pair, keys)
    hashes = {member.customer_key: member.token.partition(":")[0] for member in batch.members}
    rows = [
        {
            "destination": run.pair.destination,
            "audience": run.pair.audience,
            "customer_key": rejection.customer_key,
            "operation": batch.operation.value,
            "content_hash": None if batch.operation == "remove" else hashes[rejection.customer_key],
            "reason": rejection.reason,
            "retryable": rejection.retryable or batch.operation == "remove",
            "run_id": run.run_id,
            "rejected_at": now,
        }
        for rejection in receipt.rejected
    ]
    connection.execute(insert(dead_letters), rows)
