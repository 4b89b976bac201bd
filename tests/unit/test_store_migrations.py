"""The migrations lead to the tables that the program has, from nothing."""

from __future__ import annotations

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from netbox_pdns.store import migrations
from netbox_pdns.store.migrating import known_versions, migrate
from netbox_pdns.store.models import SCHEMA, Base


def test_the_migrations_make_the_tables_of_the_models(tmp_path: Path) -> None:
    """A change of a model without a migration is found here."""
    file = tmp_path / "there.db"
    migrate(file)
    engine = create_engine(f"sqlite:///{file}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    engine.dispose()


def test_the_newest_version_is_the_programs() -> None:
    """A file that says `SCHEMA` is up to date, so a new migration needs a new one."""
    steps = ScriptDirectory(str(Path(migrations.__path__[0])))
    assert steps.get_current_head() == SCHEMA
    assert SCHEMA in known_versions()
