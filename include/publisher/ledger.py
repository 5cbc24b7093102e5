"""The ledger's statements: what was planned, sent and confirmed. Everything else reads and writes it through here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, Select, and_, case, delete, func, insert, null, select, update
from sqlalchemy.dialects import postgresql, sqlite

from include.destinations.base import Batch, Receipt
from include.publisher.claims import Claim
from include.publisher.database import Database, Pair, of_pair
from include.publisher.plan import LETTERS_SCHEMA, SNAPSHOT_SCHEMA, Plan, Planned
from include.publisher.tables import changes, dead_letters, members, receipts, runs

ROWS_PER_STATEMENT = 1_000
ROWS_PER_FETCH = 50_000
_UPSERT = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


@dataclass(frozen=True)
class Run:
    """One attempt to bring a pair up to date."""

    run_id: str
    requested_run_id: str
    pair: Pair


def chunks(items: Sequence[Any], size: int = ROWS_PER_STATEMENT) -> Iterator[Sequence[Any]]:
    """Cut a sequence into parts of at most `size`."""
    return (items[start : start + size] for start in range(0, len(items), size))


def _to_arrow(connection: Connection, query: Select[Any], schema: pa.Schema) -> pa.Table:
    # The driver's own rows: SQLAlchemy's would cost most of a large plan's time. SQLite's truths are numbers.
    statement = str(query.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True}))
    driver: Any = connection.connection.driver_connection
    # PostgreSQL hands everything over at once unless the cursor has a name.
    cursor = driver.cursor(name="rows") if connection.dialect.name == "postgresql" else driver.cursor()
    cursor.execute(statement)
    batches = []
    while rows := cursor.fetchmany(ROWS_PER_FETCH):
        columns = zip(zip(*rows, strict=True), schema, strict=True)
        arrays = [
            pa.array(map(bool, column) if field.type == pa.bool_() else column, field.type) for column, field in columns
        ]
        batches.append(pa.record_batch(arrays, schema=schema))
    cursor.close()
    return pa.Table.from_batches(batches, schema=schema)


def snapshot(database: Database, pair: Pair) -> pa.Table:
    """Read what is known of every member ever sent to a pair, as SNAPSHOT_SCHEMA."""
    query = select(*(members.c[name] for name in SNAPSHOT_SCHEMA.names)).where(of_pair(members, pair))
    with database.reading() as connection:
        return _to_arrow(connection, query, SNAPSHOT_SCHEMA)


def open_letters(database: Database, pair: Pair) -> pa.Table:
    """Read a pair's open dead letters, as LETTERS_SCHEMA."""
    query = select(*(dead_letters.c[name] for name in LETTERS_SCHEMA.names)).where(of_pair(dead_letters, pair))
    with database.reading() as connection:
        return _to_arrow(connection, query, LETTERS_SCHEMA)


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
        for keys in chunks(plan.resolved_letters()):
            _close_letters(connection, run.pair, keys)


def _close_letters(connection: Connection, pair: Pair, keys: Sequence[str]) -> None:
    theirs = and_(of_pair(dead_letters, pair), dead_letters.c.customer_key.in_(keys))
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
        for part in chunks(rows, ROWS_PER_FETCH):
            connection.execute(statement, part)


def confirm(database: Database, run: Run, number: int, batch: Batch, receipt: Receipt, claim: Claim) -> None:
    """Record a receipt in one transaction: the snapshot, the plan's rows, dead letters and the receipt itself."""
    accepted = list(receipt.accepted)
    now = datetime.now(UTC)
    with database.writing() as connection:
        claim.hold(connection)
        for keys in chunks(accepted):
            _confirm_keys(connection, run, keys)
        for key, external_id in receipt.external_ids.items():
            one = and_(of_pair(members, run.pair), members.c.customer_key == key)
            connection.execute(update(members).where(one).values(external_id=external_id))
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


def _confirm_keys(connection: Connection, run: Run, keys: Sequence[str]) -> None:
    here = and_(of_pair(members, run.pair), members.c.customer_key.in_(keys))
    settled = {
        "content_hash": members.c.doubt_hash,
        "confirmed_run_id": run.run_id,
        "external_id": case((members.c.doubt_operation == "remove", null()), else_=members.c.external_id),
        **dict.fromkeys(("doubt_operation", "doubt_hash", "doubt_run_id")),
    }
    connection.execute(update(members).where(here).values(settled))
    done = and_(changes.c.run_id == run.run_id, changes.c.customer_key.in_(keys))
    connection.execute(update(changes).where(done).values(outcome="confirmed"))
    _close_letters(connection, run.pair, keys)


def _reject(connection: Connection, run: Run, batch: Batch, receipt: Receipt, now: datetime) -> None:
    if not receipt.rejected:
        return
    hashes = {member.customer_key: member.token.partition(":")[0] for member in batch.members}
    for rejections in chunks(receipt.rejected):
        keys = [rejection.customer_key for rejection in rejections]
        # A refusal says for certain that this run changed nothing; what an earlier one did stays in doubt.
        here = and_(of_pair(members, run.pair), members.c.customer_key.in_(keys), members.c.doubt_run_id == run.run_id)
        nothing = dict.fromkeys(("doubt_operation", "doubt_hash", "doubt_run_id"))
        connection.execute(update(members).where(here).values(nothing))
        done = and_(changes.c.run_id == run.run_id, changes.c.customer_key.in_(keys))
        connection.execute(update(changes).where(done).values(outcome="rejected"))
        _close_letters(connection, run.pair, keys)
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
            for rejection in rejections
        ]
        connection.execute(insert(dead_letters), rows)
