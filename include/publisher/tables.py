"""The ledger's tables. They hold customer_keys and keyed hashes, never contact data."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Column, DateTime, Index, Integer, MetaData, String, Table, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """Aware times in Python, UTC without a zone in the database: SQLite keeps no zone and PostgreSQL would shift it."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert to UTC and drop the zone."""
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Put the zone back."""
        return value.replace(tzinfo=UTC) if value else None


metadata = MetaData()


def _key(name: str) -> Column[str]:
    return Column(name, String, primary_key=True)


def _text(name: str) -> Column[str]:
    return Column(name, String, nullable=False)


def _count(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, default=0, server_default="0")


# One row per attempt: a task that Airflow runs again gets a row of its own.
runs = Table(
    "publish_runs",
    metadata,
    _key("run_id"),
    _text("requested_run_id"),
    _text("audience"),
    _text("destination"),
    _text("build_id"),
    Column("as_of", UtcDateTime),
    Column("status", String, nullable=False),  # planned, blocked, sending, done, failed, dry_run, not_due
    *map(_count, ("adds", "updates", "removes", "consent_removes", "unchanged", "skipped", "snapshot")),
    *map(_count, ("sendable", "confirmed", "rejected")),
    Column("skipped_reasons", JSON),
    Column("started_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("error", Text),
    Index("publish_runs_by_pair", "destination", "audience", "started_at"),
)

# The plan of each run, row by row, and what became of it.
changes = Table(
    "publish_changes",
    metadata,
    _key("run_id"),
    _key("customer_key"),
    _text("operation"),
    _text("reason"),
    Column("content_hash", String),
    Column("version", BigInteger, nullable=False),
    Column("outcome", String, nullable=False),  # planned, confirmed, rejected
    # The rows lie in the key's own tree: half the size, and a pair's rows are read in one go.
    sqlite_with_rowid=False,
)

receipts = Table(
    "publish_receipts",
    metadata,
    _key("run_id"),
    Column("batch", Integer, primary_key=True),
    _text("operation"),
    _text("idempotency_key"),
    _count("accepted"),
    _count("rejected"),
    Column("received_at", UtcDateTime, nullable=False),
)

# The snapshot. content_hash NULL: not a confirmed member. doubt_*: an operation was sent and its outcome is not known.
# Rows of former members stay, because `version` must never go back.
members = Table(
    "publish_members",
    metadata,
    _key("destination"),
    _key("audience"),
    _key("customer_key"),
    Column("content_hash", String),
    Column("version", BigInteger, nullable=False),
    Column("confirmed_run_id", String),
    Column("external_id", String),
    Column("doubt_operation", String),
    Column("doubt_hash", String),
    Column("doubt_run_id", String),
    sqlite_with_rowid=False,
)

# Open ones only; what was rejected when stays in publish_changes.
dead_letters = Table(
    "publish_dead_letters",
    metadata,
    _key("destination"),
    _key("audience"),
    _key("customer_key"),
    _text("operation"),
    Column("content_hash", String),
    Column("reason", Text, nullable=False),
    Column("retryable", Boolean, nullable=False),
    _text("run_id"),
    Column("rejected_at", UtcDateTime, nullable=False),
)

# What a tool said it holds after a run, beside what the ledger confirmed.
drift = Table(
    "publish_drift",
    metadata,
    _key("run_id"),
    _text("destination"),
    _text("audience"),
    _count("expected"),
    _count("found"),
    Column("missing", BigInteger),  # NULL where the tool only counts
    Column("unexpected", BigInteger),
    Column("is_drift", Boolean, nullable=False),
    Column("measured_at", UtcDateTime, nullable=False),
)

approvals = Table(
    "publish_approvals",
    metadata,
    _key("run_id"),
    _text("destination"),
    _text("audience"),
    _count("removals"),
    _count("sendable"),
    _text("approved_by"),
    Column("approved_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("used_by_run_id", String),
)

claims = Table(
    "publish_claims",
    metadata,
    _key("destination"),
    _key("audience"),
    _text("owner"),
    _text("run_id"),
    _text("host"),
    Column("pid", BigInteger, nullable=False),
    Column("claimed_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
)
