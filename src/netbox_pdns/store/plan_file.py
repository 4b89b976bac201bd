"""Saved plans as files: JSON, written whole or not at all, and read with a clear word for what cannot be read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeVar

import msgspec

from netbox_pdns.errors import ConfigurationError, DataError
from netbox_pdns.planning.saved import FORMAT, SavedPlan

T = TypeVar("T")

_AGAIN = "make it again: netbox-pdns plan --save FILE"


class _Head(msgspec.Struct):
    """What every format begins with."""

    format: int
    by: str


def must_be_writable(path: Path) -> None:
    """Raise `ConfigurationError` where *path* cannot be written: before the plan is made, which may take minutes."""
    if path.is_dir() or not path.parent.is_dir() or not os.access(path.parent, os.W_OK | os.X_OK):
        raise _unwritable(path, "it is a directory" if path.is_dir() else f"{path.parent} is no directory to write in")


def write_plan(path: Path, plan: SavedPlan) -> None:
    """Write *plan*; raises `ConfigurationError` where that fails, and then leaves what was there."""
    fresh = path.with_name(f"{path.name}.new")
    try:
        with fresh.open("wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(plan), indent=1) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError as error:
        raise _unwritable(path, str(error)) from error


def read_plan(path: Path) -> SavedPlan:
    """Return the plan in *path*.

    Raises `ConfigurationError` for a file that cannot be read, or is of another format, `DataError` for one that is no plan
    or is cut off.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"the plan {path} cannot be read: {error}", hint=_AGAIN) from error
    head = _decoded(path, content, _Head)
    if head.format != FORMAT:
        raise ConfigurationError(
            f"the plan {path} is of format {head.format}, written by netbox-pdns {head.by}; this one reads format {FORMAT}",
            hint="apply it with the version that wrote it, or make it again with this one",
        )
    return _decoded(path, content, SavedPlan)


def _decoded(path: Path, content: bytes, type: type[T]) -> T:
    try:
        return msgspec.json.decode(content, type=type)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise DataError(f"{path} is no saved plan, or is cut off: {error}", hint=_AGAIN) from error


def _unwritable(path: Path, why: str) -> ConfigurationError:
    return ConfigurationError(f"the plan cannot be saved as {path}: {why}", hint="name a file that this user may write")
