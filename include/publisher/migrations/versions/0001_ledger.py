"""The ledger: runs, changes, receipts, members, dead letters, approvals, claims."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def _key(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String, primary_key=True)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String, nullable=False)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default="0")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "publish_runs",
        _key("run_id"),
        *map(_text, ("requested_run_id", "audience", "destination", "build_id")),
        sa.Column("as_of", sa.DateTime),
        _text("status"),
        *map(_count, ("adds", "updates", "removes", "consent_removes", "unchanged", "skipped", "snapshot")),
        *map(_count, ("confirmed", "rejected")),
        sa.Column("skipped_reasons", sa.JSON),
        sa.Column("started_at", sa.DateTime, nullable=False),
        sa.Column("finished_at", sa.DateTime),
        sa.Column("error", sa.Text),
    )
    op.create_index("publish_runs_by_pair", "publish_runs", ["destination", "audience", "started_at"])
    op.create_table(
        "publish_changes",
        _key("run_id"),
        _key("customer_key"),
        *map(_text, ("operation", "reason")),
        sa.Column("content_hash", sa.String),
        sa.Column("version", sa.BigInteger, nullable=False),
        _text("outcome"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "publish_receipts",
        _key("run_id"),
        sa.Column("batch", sa.Integer, primary_key=True),
        *map(_text, ("operation", "idempotency_key")),
        *map(_count, ("accepted", "rejected")),
        sa.Column("received_at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "publish_members",
        *map(_key, ("destination", "audience", "customer_key")),
        sa.Column("content_hash", sa.String),
        sa.Column("version", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.String) for name in ("confirmed_run_id", "external_id", "doubt_operation")),
        *(sa.Column(name, sa.String) for name in ("doubt_hash", "doubt_run_id")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "publish_dead_letters",
        *map(_key, ("destination", "audience", "customer_key")),
        _text("operation"),
        sa.Column("content_hash", sa.String),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("retryable", sa.Boolean, nullable=False),
        _text("run_id"),
        sa.Column("rejected_at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "publish_approvals",
        _key("run_id"),
        *map(_text, ("destination", "audience")),
        _count("removals"),
        _text("approved_by"),
        sa.Column("approved_at", sa.DateTime, nullable=False),
        sa.Column("expires_at", sa.DateTime, nullable=False),
        sa.Column("used_by_run_id", sa.String),
    )
    op.create_table(
        "publish_claims",
        *map(_key, ("destination", "audience")),
        *map(_text, ("owner", "run_id", "host")),
        sa.Column("pid", sa.BigInteger, nullable=False),
        sa.Column("claimed_at", sa.DateTime, nullable=False),
        sa.Column("expires_at", sa.DateTime, nullable=False),
    )


def downgrade() -> None:
    """Refuse: without the ledger nobody knows what the tools hold."""
    raise RuntimeError("The ledger cannot be taken back: it is the only record of what the tools hold.")
