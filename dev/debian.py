"""What the real servers, and the tests of what is deployed, need from Debian."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from processes import ServerError, run

_NEEDED = {
    "pdns-server": lambda: bool(shutil.which("pdns_server", path="/usr/sbin:/usr/local/sbin:" + os.environ["PATH"])),
    "pdns-backend-sqlite3": lambda: _module("libgsqlite3backend.so"),
    "pdns-backend-lmdb": lambda: _module("liblmdbbackend.so"),
    "pdns-backend-pgsql": lambda: _module("libgpgsqlbackend.so"),
    "postgresql": lambda: postgresql_directory() is not None,
    "redis-server": lambda: bool(shutil.which("redis-server")),
    "prometheus": lambda: bool(shutil.which("prometheus") and shutil.which("promtool")),
    "systemd": lambda: bool(shutil.which("systemd-analyze")),
    "mosquitto": lambda: bool(shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:" + os.environ["PATH"])),
}


def missing_packages() -> list[str]:
    """Return the packages whose programs are not on this machine."""
    return [package for package, there in _NEEDED.items() if not there()]


def install(packages: list[str]) -> None:
    """Install *packages*, starting none of the services that they bring; raises `ServerError` where that fails."""
    # RUNLEVEL tells invoke-rc.d that the machine is in rescue mode: our servers are private, Debian's stay off.
    quiet = {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    print(f"installing {' '.join(packages)}", flush=True)
    command = ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *packages]
    try:
        run(command, environment=quiet)
    except ServerError:
        run(["apt-get", "update", "--quiet"], environment=quiet)
        run(command, environment=quiet)


def can_install() -> bool:
    """Tell whether packages can be installed here: root on a Debian."""
    return os.geteuid() == 0 and Path("/etc/debian_version").exists() and shutil.which("apt-get") is not None


def postgresql_directory() -> Path | None:
    """Return the directory of the newest PostgreSQL's programs, None where there is none (15 is the oldest NetBox takes)."""
    versions = Path("/usr/lib/postgresql").glob("[0-9]*/bin/initdb")
    found = {int(path.parts[-3]): path.parent for path in versions}
    if found and max(found) >= 15:
        return found[max(found)]
    initdb = shutil.which("initdb")
    return Path(initdb).resolve().parent if initdb else None


def _module(name: str) -> bool:
    return any(Path("/usr/lib").glob(f"*/pdns/{name}")) or Path("/usr/lib/pdns", name).exists()
