"""How far NetBox's changes were applied is told by the places in its log (`feed_cursor`) alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_GONE = (
    sa.Column("change", sa.BigInteger),
    sa.Column("changed_at", sa.Double),
    sa.Column("request", sa.Text, nullable=False, server_default=""),
)


def upgrade() -> None:
    """Take away what nobody reads."""
    with op.batch_alter_table("source") as table:
        for column in _GONE:
            table.drop_column(column.name)


def downgrade() -> None:
    """Put it back, with nothing in it."""
    with op.batch_alter_table("source") as table:
        for column in _GONE:
            table.add_column(column.copy())
