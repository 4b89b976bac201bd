"""Other Debian releases in folders of their own, for the PowerDNS that is in them."""

from __future__ import annotations

import shutil
from pathlib import Path

import debian
from processes import ServerError, run

NAMES = ("trixie", "sid")
"""The one that `make test-full` runs on first; sid, which moves, is fetched by hand: `dev/servers.py fetch sid`."""
_PACKAGES = ("pdns-server", "pdns-backend-sqlite3", "pdns-backend-lmdb", "pdns-backend-pgsql")


def folder(name: str, state: Path) -> Path:
    """Return the folder of the release called *name*."""
    return state / name


def is_there(name: str, state: Path) -> bool:
    """Tell whether the folder is complete."""
    return _stamp(name, state).exists()


def make(name: str, state: Path) -> None:
    """Make the folder where it is not there (two minutes, 260 MB); raises `ServerError` where it cannot be made here."""
    if is_there(name, state):
        return
    if not debian.can_install():
        raise ServerError("debootstrap needs root and a Debian")
    if shutil.which("debootstrap") is None:
        debian.install(["debootstrap"])
    print(f"fetching PowerDNS of Debian {name}; this takes two minutes, once", flush=True)
    shutil.rmtree(folder(name, state), ignore_errors=True)
    run(["debootstrap", "--variant=minbase", f"--include={','.join(_PACKAGES)}", name, str(folder(name, state))])
    _stamp(name, state).touch()


def _stamp(name: str, state: Path) -> Path:
    return state / f"{name}.complete"
