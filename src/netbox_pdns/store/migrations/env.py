"""Run by Alembic: the connection is handed in by `store.migrating`, and so is its transaction."""

from __future__ import annotations

from alembic import context

from netbox_pdns.store.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite changes columns by making the table anew
)
context.run_migrations()
