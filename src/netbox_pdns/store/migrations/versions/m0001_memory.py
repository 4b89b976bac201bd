"""The service's memory: zones, cursors, removals, receipts, and whose NetBox it is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "zone_memory",
        sa.Column("target", sa.Text, primary_key=True),
        sa.Column("zone", sa.Text, primary_key=True),
        sa.Column("source_serial", sa.BigInteger),
        sa.Column("served_serial", sa.BigInteger),
        sa.Column("equal_at", sa.Double),
        sa.Column("rrsets", sa.BigInteger, nullable=False),
        sa.Column("clean", sa.Boolean, nullable=False),
        sa.Column("attempts", sa.BigInteger, nullable=False),
        sa.Column("next_try", sa.Double),
    )
    op.create_table(
        "feed_cursor",
        sa.Column("feed", sa.Text, primary_key=True),
        sa.Column("target", sa.Text, primary_key=True),
        sa.Column("position", sa.Text, nullable=False),
        sa.Column("saved_at", sa.Double, nullable=False),
    )
    op.create_table(
        "removal",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("zone", sa.Text, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("whole_zone", sa.Boolean, nullable=False),
        sa.Column("records", sa.BigInteger, nullable=False),
        sa.Column("digests", sa.Text, nullable=False),
        sa.Column("settled", sa.Boolean, nullable=False),
    )
    op.create_index("removal_at", "removal", ["at"])
    op.create_table(
        "receipt",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("zone", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("changed", sa.BigInteger, nullable=False),
        sa.Column("deleted", sa.BigInteger, nullable=False),
        sa.Column("serial", sa.BigInteger),
        sa.Column("causes", sa.Text, nullable=False),
        sa.Column("edited", sa.Double),
        sa.Column("applied", sa.Double, nullable=False),
        sa.Column("served", sa.Double),
        sa.Column("summary", sa.Text, nullable=False),
    )
    op.create_index("receipt_zone", "receipt", ["zone", "id"])
    op.create_index("receipt_target", "receipt", ["target", "id"])
    op.create_index("receipt_applied", "receipt", ["applied"])
    op.create_table(
        "source",
        sa.Column("url", sa.Text, primary_key=True),
        sa.Column("change", sa.BigInteger),
        sa.Column("changed_at", sa.Double),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("owed", sa.Text),
    )


def downgrade() -> None:
    """Take the tables down."""
    for table in ("source", "receipt", "removal", "feed_cursor", "zone_memory"):
        op.drop_table(table)
