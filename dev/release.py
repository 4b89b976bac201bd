"""Debian's next release in a folder of its own, for the younger PowerDNS that is in it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import debian
from processes import ServerError, run

NAME = "trixie"
_PACKAGES = ("pdns-server", "pdns-backend-sqlite3", "pdns-backend-lmdb", "pdns-backend-pgsql")


def folder(state: Path) -> Path:
    """Return the folder of the release."""
    return state / NAME


def is_there(state: Path) -> bool:
    """Tell whether the folder is complete."""
    return _stamp(state).exists()


def make(state: Path) -> None:
    """Make the folder where it is not there (two minutes, 260 MB); raises `ServerError` where it cannot be made here."""
    if is_there(state):
        return
    if not debian.can_install():
        raise ServerError("debootstrap needs root and a Debian")
    if shutil.which("debootstrap") is None:
        debian.install(["debootstrap"])
    print(f"fetching PowerDNS of Debian {NAME}; this takes two minutes, once", flush=True)
    shutil.rmtree(folder(state), ignore_errors=True)
    options = ["--variant=minbase", f"--include={','.join(_PACKAGES)}"]
    mirror = [os.environ["DEBIAN_MIRROR"]] if "DEBIAN_MIRROR" in os.environ else []
    run(["debootstrap", *options, NAME, str(folder(state)), *mirror])
    _stamp(state).touch()


def _stamp(state: Path) -> Path:
    return state / f"{NAME}.complete"
