"""The migrations lead to the tables that the program has, from nothing."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
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


def test_a_file_of_the_first_version_keeps_what_is_owed(tmp_path: Path) -> None:
    """What nobody reads of the source goes; its row, and all other tables, stay as they are."""
    file = tmp_path / "there.db"
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(Path(migrations.__path__[0])))
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.exec_driver_sql("INSERT INTO source VALUES ('https://n', 5, 1.0, 'a', 'it went back')")
        connection.exec_driver_sql("INSERT INTO feed_cursor VALUES ('changes', 'ns1', '5', 1.0)")
    migrate(file)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT * FROM source").all() == [("https://n", "it went back")]
        assert connection.exec_driver_sql("SELECT position FROM feed_cursor").all() == [("5",)]
    engine.dispose()
