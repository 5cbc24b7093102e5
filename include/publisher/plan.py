"""Compares what the warehouse wants with what the destination confirmed, in DuckDB, a million members at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from include.destinations.base import Member, Operation
from include.publisher.audiences import Audience
from include.publisher.keys import hmac_pads
from include.publisher.plan_sql import (
    BARE,
    CANDIDATES,
    CHANGED,
    FULL_LIST,
    PLAN,
    REMOVED,
    contact_columns,
    outranked_by,
    payload_columns,
    payload_json,
)
from include.publisher.source import Source

if TYPE_CHECKING:
    import duckdb

CONSENT_LOST = "consent_lost"
STREAM_ROWS = 65_536

SNAPSHOT_SCHEMA = pa.schema(
    {
        "customer_key": pa.string(),
        "content_hash": pa.string(),
        "version": pa.int64(),
        "doubt_operation": pa.string(),
        "doubt_hash": pa.string(),
        "external_id": pa.string(),
    }
)
"""What the ledger knows of a member. content_hash NULL: not confirmed as a member. doubt_operation NOT NULL: that
operation was sent and its outcome is unknown, so the destination may or may not have carried it out."""

LETTERS_SCHEMA = pa.schema(
    {"customer_key": pa.string(), "operation": pa.string(), "content_hash": pa.string(), "retryable": pa.bool_()}
)


@dataclass(frozen=True)
class PlanCounts:
    """Figures of a plan, in members.

    Attributes:
        adds, updates, unchanged: members of the list after the run.
        removes: all removals; consent_removes: those of them for lost consent.
        skipped: reason -> members of the audience that are not sent: suppressed, held_out, outranked,
            missing_contact, dead_letter, frequency_cap.
        snapshot: members the destination holds, or may hold, before the run.
        confirmed: members the destination confirmed before the run.
        sendable: members the destination is to hold after the run.
    """

    adds: int
    updates: int
    removes: int
    consent_removes: int
    unchanged: int
    skipped: dict[str, int]
    snapshot: int
    confirmed: int
    sendable: int

    @property
    def guarded_removes(self) -> int:
        """Removals that the guard judges."""
        return self.removes - self.consent_removes

    @property
    def changes(self) -> int:
        """Operations to carry out."""
        return self.adds + self.updates + self.removes


@dataclass(frozen=True)
class Phase:
    """A part of a plan that is sent in batches of its own; `consent` restricts removals to one kind."""

    operation: Operation
    consent: bool | None = None

    @property
    def where(self) -> str:
        """The part as an SQL condition on the plan."""
        consent = {None: "", True: f" and reason = '{CONSENT_LOST}'", False: f" and reason <> '{CONSENT_LOST}'"}
        return f"operation = '{self.operation}'{consent[self.consent]}"


CONSENT_PHASE = Phase(Operation.REMOVE, consent=True)
# Who must not be contacted leaves first, who may be contacted joins last: a run that breaks off has erred on that side.
PHASES = (CONSENT_PHASE, Phase(Operation.REMOVE, consent=False), Phase(Operation.UPDATE), Phase(Operation.ADD))


@dataclass(frozen=True)
class Planned:
    """One operation: what is sent (`member`) and what the ledger keeps of it."""

    member: Member
    content_hash: str | None
    version: int


@dataclass(frozen=True)
class Plan:
    """A plan, as tables of the source's connection; valid while that is open."""

    connection: duckdb.DuckDBPyConnection
    audience: Audience
    counts: PlanCounts

    def changes(self) -> pa.RecordBatchReader:
        """Stream key, operation, reason, content_hash and version, in the order of customer_key; no contact data."""
        query = """
            select customer_key, operation, reason, content_hash, version from plan
            where operation in ('add', 'update', 'remove') order by customer_key
        """
        return self._stream(query)

    def resolved_letters(self) -> list[str]:
        """Keys whose dead letter is settled: the destination holds what it should, or the member has gone."""
        query = "select customer_key from letters semi join plan_settled using (customer_key) order by 1"
        return [row[0] for row in self.connection.execute(query).fetchall()]

    def members(self) -> pa.RecordBatchReader:
        """Stream the complete list: customer_key, contact fields, attributes, in the order of customer_key."""
        return self._stream(FULL_LIST.format(columns=payload_columns(self.audience, named=True)))

    def batches(self, phase: Phase, size: int, remove_needs_contact: bool = False) -> Iterator[tuple[Planned, ...]]:
        """Cut a phase into batches of at most `size` members in the order of customer_key.

        Args:
            phase: the part of the plan.
            size: most members in a batch.
            remove_needs_contact: True adds contact fields to removals, as far as the contacts still have them.
        """
        if phase.operation is not Operation.REMOVE:
            query = CHANGED.format(columns=payload_columns(self.audience, named=False), where=phase.where)
        else:
            columns = contact_columns(self.audience) if remove_needs_contact else ""
            query = REMOVED.format(columns=columns, where=phase.where)
        return self._cut(query, size)

    def bare(self, operation: Operation, size: int) -> Iterator[tuple[Planned, ...]]:
        """Cut an operation into batches as `batches` does, without contact fields and attributes."""
        return self._cut(BARE.format(where=Phase(operation).where), size)

    def _cut(self, query: str, size: int) -> Iterator[tuple[Planned, ...]]:
        planned = (self._planned(row) for part in self._stream(query) for row in part.to_pylist())
        while batch := tuple(islice(planned, size)):
            yield batch

    def _planned(self, row: dict[str, Any]) -> Planned:
        contact = {name: row[f"c_{name}"] for name in self.audience.contact_fields if f"c_{name}" in row}
        attributes = {name: row[f"a_{name}"] for name in self.audience.attributes if f"a_{name}" in row}
        token = f"{row['content_hash']}:{row['version']}"
        member = Member(row["customer_key"], token, row["external_id"], contact, attributes)
        return Planned(member, row["content_hash"], row["version"])

    def _stream(self, query: str) -> pa.RecordBatchReader:
        # A cursor of its own: an open result blocks the next statement on the same one. (Cursors do not see each
        # other's temporary tables, hence ordinary ones, in memory.)
        return self.connection.cursor().sql(query).to_arrow_reader(STREAM_ROWS)


@dataclass(frozen=True)
class Held:
    """What the ledger knows of a pair.

    Attributes:
        snapshot: see SNAPSHOT_SCHEMA; one row per member ever sent to this destination.
        letters: see LETTERS_SCHEMA; open dead letters of this destination.
        capped: customer_key of those who have had as many messages lately as they may.
    """

    snapshot: pa.Table
    letters: pa.Table
    capped: Sequence[str] = ()


def make_plan(source: Source, audience: Audience, held: Held, key: bytes, higher: Sequence[Audience] = ()) -> Plan:
    """Compute the difference between warehouse and snapshot.

    Args:
        source: the open warehouse, already checked for this audience and the higher ones.
        audience: what to send.
        held: what the ledger knows.
        key: the ledger's key.
        higher: audiences of the same group at the same destination with a higher rank.
    """
    con = source.connection
    con.register("held", held.snapshot.cast(SNAPSHOT_SCHEMA))
    con.register("letters_arrow", held.letters.cast(LETTERS_SCHEMA))
    con.register("capped", pa.table({"customer_key": pa.array(held.capped, pa.string())}))
    con.execute("create or replace table letters as from letters_arrow")
    inner, outer = hmac_pads(key)
    required = f"c_{audience.contact_fields[0]}" if audience.contact_fields else "'none required'"
    candidates = CANDIDATES.format(
        audience=audience.id,
        columns=payload_columns(audience, named=False, source=True),
        required=required,
        payload=payload_json(audience),
        outranked=outranked_by(audience, higher),
    )
    con.execute(candidates, {"channel": audience.channel, "inner": inner, "outer": outer})
    for statement in PLAN:
        con.execute(statement, {"channel": audience.channel} if "$channel" in statement else None)
    counts = _counts(con)
    con.unregister("held")
    con.unregister("capped")
    return Plan(con, audience, counts)


def _counts(con: duckdb.DuckDBPyConnection) -> PlanCounts:
    by_operation = dict(con.execute("select operation, count(*) from plan group by operation").fetchall())
    consent = con.execute(f"select count(*) from plan where {CONSENT_PHASE.where}").fetchall()[0][0]
    skipped = dict(con.execute("select reason, count(*) from plan_skipped group by reason order by reason").fetchall())
    held = "select count(coalesce(content_hash, doubt_operation)), count(content_hash) from held"
    snapshot, confirmed = con.execute(held).fetchall()[0]
    wanted = con.execute("select count(*) from candidates where barred is null").fetchall()[0][0]
    adds, updates, withheld = (by_operation.get(name, 0) for name in ("add", "update", "withheld"))
    return PlanCounts(
        adds=adds,
        updates=updates,
        unchanged=wanted - adds - updates - withheld,
        removes=by_operation.get("remove", 0),
        consent_removes=consent,
        skipped=skipped,
        snapshot=snapshot,
        confirmed=confirmed,
        # Withheld members do not make a source empty.
        sendable=wanted,
    )
