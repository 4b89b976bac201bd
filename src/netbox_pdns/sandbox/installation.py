"""Where a `pdns_server` is installed: on this machine, or in a folder that holds another Debian release.

A program of another release needs the libraries that it was built with. Its own dynamic loader finds them in the folder, so
it runs without root and sees the same files as everybody.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from netbox_pdns.errors import ConfigurationError

Backend = Literal["gsqlite3", "lmdb", "gpgsql"]

_SCHEMAS = {
    "gsqlite3": (
        "usr/share/doc/pdns-backend-sqlite3/schema.sqlite3.sql",
        "usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql",
        "usr/share/doc/pdns/schema.sqlite3.sql",
    ),
    "gpgsql": (
        "usr/share/doc/pdns-backend-pgsql/schema.pgsql.sql",
        "usr/share/pdns-backend-pgsql/schema/schema.pgsql.sql",
        "usr/share/doc/pdns/schema.pgsql.sql",
    ),
}
_PACKAGES = {"gsqlite3": "pdns-backend-sqlite3", "gpgsql": "pdns-backend-pgsql"}


@dataclass(frozen=True, slots=True)
class Installation:
    """A `pdns_server`: the words that start it, and the folder below which its schemas are."""

    command: tuple[str, ...]
    root: Path

    def has_schema(self, backend: Backend) -> bool:
        """Tell whether the SQL schema of *backend* is there; LMDB has none."""
        return self._schema(backend) is not None

    def schema(self, backend: Backend) -> str:
        """Return the SQL that makes the tables of *backend*; raises `ConfigurationError` where its package is missing."""
        path = self._schema(backend)
        if path is None:
            raise ConfigurationError(
                f"the schema of PowerDNS's backend {backend} is missing", hint=f"apt-get install {_PACKAGES[backend]}"
            )
        return path.read_text()

    def _schema(self, backend: Backend) -> Path | None:
        paths = (self.root / each for each in _SCHEMAS.get(backend, ()))
        return next((path for path in paths if path.exists()), None)


def find_pdns_server() -> Path | None:
    """Return the `pdns_server` of this machine, None where there is none."""
    found = shutil.which("pdns_server") or shutil.which("pdns_server", path="/usr/sbin:/usr/local/sbin")
    return Path(found) if found else None


def installed_here() -> Installation:
    """Return the `pdns_server` of this machine; raises `ConfigurationError` where there is none."""
    executable = find_pdns_server()
    if executable is None:
        raise ConfigurationError("pdns_server is not on PATH", hint="apt-get install pdns-server")
    return Installation((str(executable),), Path("/"))


def installed_in(root: Path) -> Installation:
    """Return the `pdns_server` of the Debian release in the folder *root* (as debootstrap makes it).

    Raises `ConfigurationError` where there is none.
    """
    executable = root / "usr/sbin/pdns_server"
    # Links in such a folder may be absolute, and would lead out of it: only real files and folders are named.
    libraries = next(iter(sorted(root.glob("usr/lib/*-linux-gnu*"))), root / "usr/lib")
    loader = next(iter(sorted(libraries.glob("ld-linux*.so.*"))), None)
    if loader is None or not executable.exists():
        raise ConfigurationError(f"there is no pdns_server in {root}", hint="install pdns-server in it")
    start = (str(loader), "--library-path", str(libraries), str(executable), f"--module-dir={libraries / 'pdns'}")
    return Installation(start, root)
