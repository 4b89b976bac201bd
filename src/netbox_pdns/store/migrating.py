"""Brings the tables of a file up to date: in one transaction, so that whoever is killed in it finds the old ones again."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, event, inspect
from sqlalchemy.pool import NullPool

from netbox_pdns.store.models import SCHEMA, Base

_STEPS = Path(__file__).with_name("migrations")


class NotOursError(Exception):
    """The file's tables are not those that its version has."""


def migrate(path: Path) -> None:
    """Make the tables in *path*, or bring them up to date.

    Raises `NotOursError` where the result is not what it should be, and SQLAlchemy's errors.
    """
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    explicit_transactions(engine)
    try:
        with engine.connect() as connection:
            if _version(connection) != SCHEMA:
                _upgrade(connection)
                connection.commit()
            _must_be_ours(connection)
    finally:
        engine.dispose()


def explicit_transactions(engine: Any) -> None:
    """Have a transaction begin where SQLAlchemy says so: Python's driver would leave DDL out of it."""

    def ours(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None

    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    event.listen(engine, "connect", ours)
    event.listen(engine, "begin", begin)


def known_versions() -> frozenset[str]:
    """Return the versions that this program can bring up to date."""
    from alembic.script import ScriptDirectory

    return frozenset(step.revision for step in ScriptDirectory(str(_STEPS)).walk_revisions())


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    row = connection.exec_driver_sql("SELECT version_num FROM alembic_version").first()
    return row[0] if row else None


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_STEPS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _must_be_ours(connection: Connection) -> None:
    there = inspect(connection)
    for table in Base.metadata.sorted_tables:
        columns = {column["name"] for column in there.get_columns(table.name)} if there.has_table(table.name) else set()
        if missing := set(table.columns.keys()) - columns:
            raise NotOursError(f"the table {table.name} has no {', '.join(sorted(missing))}")
