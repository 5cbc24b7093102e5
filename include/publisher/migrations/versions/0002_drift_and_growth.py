"""Drift of the tools, and approvals of a list that grows."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add publish_drift and the size of the list to runs and approvals."""
    for table in ("publish_runs", "publish_approvals"):
        op.add_column(table, sa.Column("sendable", sa.BigInteger, nullable=False, server_default="0"))
    op.create_table(
        "publish_drift",
        sa.Column("run_id", sa.String, primary_key=True),
        sa.Column("destination", sa.String, nullable=False),
        sa.Column("audience", sa.String, nullable=False),
        sa.Column("expected", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("found", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("missing", sa.BigInteger),
        sa.Column("unexpected", sa.BigInteger),
        sa.Column("is_drift", sa.Boolean, nullable=False),
        sa.Column("measured_at", sa.DateTime, nullable=False),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("publish_drift")
    for table in ("publish_runs", "publish_approvals"):
        with op.batch_alter_table(table) as batch:
            batch.drop_column("sendable")
