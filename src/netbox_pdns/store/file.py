"""The file of the service's memory, before it is opened: is it there, is it whole, is it ours, can it be written?

What cannot be used is moved aside, never deleted, and made anew: it costs a deep pass, nothing worse. All of this blocks,
so it is run in a thread.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from netbox_pdns.store.migrating import NotOursError, known_versions, migrate
from netbox_pdns.store.models import SCHEMA
from netbox_pdns.store.values import Remark, RemarkKind

FILE_NAME = "netbox-pdns.db"
_SIDE_FILES = ("-wal", "-shm", "-journal")
_BROKEN = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_ERROR", "SQLITE_SCHEMA", "SQLITE_MISMATCH", "SQLITE_FORMAT")
_PATIENCE = 5.0


@dataclass(frozen=True, slots=True)
class Prepared:
    """What became of the file: whether it can be used, and what is to be said."""

    usable: bool
    remarks: tuple[Remark, ...] = ()


class _UnsoundError(Exception):
    """The file is to be moved aside."""

    def __init__(self, kind: RemarkKind, text: str) -> None:
        super().__init__(text)
        self.kind = kind


def prepare(path: Path, now: float, unsound: str | None = None) -> Prepared:
    """Make *path* a database of the newest form, whatever is there; raises nothing that a disk can cause.

    *unsound* says what is wrong with its content, where that is known: then it is moved aside.
    """
    remarks: list[Remark] = []
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            remarks += _brought_up(path, unsound)
        except _UnsoundError as error:
            remarks.append(_moved_aside(path, error, now))
            _brought_up(path)
    except (OSError, sqlite3.Error, DBAPIError, _UnsoundError) as error:
        why = error.orig if isinstance(error, DBAPIError) else error
        return Prepared(False, (*remarks, unusable(path, str(why))))
    return Prepared(True, tuple(remarks))


def is_broken(error: BaseException) -> bool:
    """Tell whether SQLite says with *error* that the file is torn, no database, or lacks our tables."""
    name = getattr(error, "sqlite_errorname", "") or ""
    return isinstance(error, sqlite3.Error) and (name.startswith(_BROKEN) or type(error) is sqlite3.DatabaseError)


def copied_to_memory(path: Path, memory: sqlite3.Connection) -> bool:
    """Copy what can be read of *path* into *memory*; tell whether anything could."""
    for how in ("mode=ro", "mode=ro&immutable=1"):  # the second without the side files, which may not be made either
        try:
            with closing(sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True, timeout=0)) as there:
                if _version(there) == SCHEMA:
                    there.backup(memory)
                    return True
        except sqlite3.Error:
            continue
    return False


def _brought_up(path: Path, unsound: str | None = None) -> list[Remark]:
    """Check the file, or make it; raises `_UnsoundError` for what is to be moved aside."""
    if unsound is not None:
        raise _UnsoundError(RemarkKind.BROKEN, unsound)
    there = path.exists() and path.stat().st_size > 0
    if there:
        _must_be_sound(path)
    else:
        path.touch(mode=0o600)
    try:
        migrate(path)
    except NotOursError as error:
        raise _UnsoundError(RemarkKind.BROKEN, str(error)) from error
    except DBAPIError as error:
        if error.orig is not None and is_broken(error.orig):
            raise _UnsoundError(RemarkKind.BROKEN, str(error.orig)) from error
        raise
    if there:
        return []
    return [Remark(RemarkKind.MADE, f"{path} is made anew: it is the first start here, or the file was lost")]


def _must_be_sound(path: Path) -> None:
    try:
        with closing(sqlite3.connect(path, timeout=_PATIENCE)) as database:
            found = database.execute("PRAGMA quick_check(1)").fetchone()[0]
            version = _version(database)
            tables = database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    except sqlite3.Error as error:
        if is_broken(error):
            raise _UnsoundError(RemarkKind.BROKEN, str(error)) from error
        raise
    if found != "ok":
        raise _UnsoundError(RemarkKind.BROKEN, found.splitlines()[0])
    if version is None and tables:
        raise _UnsoundError(RemarkKind.BROKEN, "it is a database of something else")
    if version not in (None, SCHEMA) and version not in known_versions():
        raise _UnsoundError(RemarkKind.NEWER, f"its tables are of version {version}, this program knows {SCHEMA}")


def _version(database: sqlite3.Connection) -> str | None:
    if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
        return None
    row = database.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(row[0]) if row else None


def _moved_aside(path: Path, unsound: _UnsoundError, now: float) -> Remark:
    stamp = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H%M%S.%fZ")
    aside = path.with_name(f"{path.name}.{unsound.kind}-{stamp}")
    for side in _SIDE_FILES:
        file = path.with_name(path.name + side)
        if file.exists():
            file.rename(aside.with_name(aside.name + side))
    path.rename(aside)
    what = "was made by a newer version" if unsound.kind is RemarkKind.NEWER else "is broken"
    return Remark(
        unsound.kind,
        f"{path} {what} ({unsound}): it is now {aside.name}, and a new one was made",
        hint="every zone is looked at once; the receipts of the past are in the old file (docs/store.md)",
    )


def unusable(path: Path, why: str) -> Remark:
    """Return what is to be said where *path* cannot be used."""
    return Remark(
        RemarkKind.UNUSABLE,
        f"{path} cannot be used ({why}{_room(path)}): the service works, and forgets all when it ends",
        hint="make the data directory (NETBOX_PDNS_DATA_DIR) writable for this user, on a file system with room",
    )


def _room(path: Path) -> str:
    try:
        return "; the file system is full" if shutil.disk_usage(path.parent).free == 0 else ""
    except OSError:
        return ""


def identity(path: Path) -> tuple[int, int] | None:
    """Return what tells this very file from another one of its name; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
