"""The real servers for developers and tests: PowerDNS on each backend, a secondary, and NetBox with its DNS plugin.

All state is in `.dev/` of the project, or in the folder that DEV_SERVERS names; `servers.json` in it says how each
server is reached. Starting twice does no harm.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import database
import debian
import netbox
import powerdns
import releases
from processes import Process, ServerError

PROJECT = Path(__file__).resolve().parent.parent
STATE = Path(os.environ.get("DEV_SERVERS") or PROJECT / ".dev").absolute()
REACHED = STATE / "servers.json"
DUMPS = PROJECT.parent / "shared" / "data"


def start() -> int:
    """Start what does not run; returns 1 where a server cannot be had, after the others were started."""
    missing = debian.missing_packages()
    if missing and debian.can_install():
        debian.install(missing)
    cannot = {*powerdns.NAMES} - {*powerdns.names(STATE)}  # a release whose folder went
    known = {name: reached for name, reached in _known().items() if name not in cannot}
    starters: dict[str, Callable[[], dict[str, Any]]] = {
        "netbox": lambda: netbox.start(STATE, known, DUMPS),
        **{name: lambda name=name: powerdns.start(name, STATE, known) for name in powerdns.names(STATE)},
    }
    failed = False
    for name, starter in starters.items():
        begun = time.monotonic()
        try:
            known[name] = starter()
        except ServerError as error:
            failed = True
            print(f"{name}: {error}", file=sys.stderr)
            continue
        _remember(known)
        print(f"{name}: {_address(known[name])} ({time.monotonic() - begun:.1f} s)", flush=True)
    return int(failed)


def fetch(release: str = releases.NAMES[0]) -> int:
    """Have the PowerDNS of another Debian release, which `start` starts from then on."""
    releases.make(release, STATE)
    return 0


def stop(*, but: Collection[str] = ()) -> int:
    """Stop what runs, NetBox before what it stands on, save the processes named in *but*."""
    for process in reversed(_processes()):
        if process.name not in but and process.stop():
            print(f"{process.name}: stopped")
    return 0


def running() -> frozenset[str]:
    """Return the names of the processes that run."""
    return frozenset(process.name for process in _processes() if process.pid is not None)


def status() -> int:
    """Print one line a process that can be had here; returns 1 where one does not run."""
    cannot = {*powerdns.NAMES} - {*powerdns.names(STATE)}
    processes = [process for process in _processes() if process.name not in cannot]
    for process in processes:
        print(f"{process.name}: {'runs, process ' + str(process.pid) if process.pid else 'does not run'}")
    known = _known()
    for name, reached in known.items():
        print(f"{name}: {_address(reached)}")
    return int(any(process.pid is None for process in processes))


def forget() -> int:
    """Stop what runs and remove its data; NetBox's environment and the cached dump stay."""
    stop()
    for process in _processes():
        shutil.rmtree(process.directory, ignore_errors=True)
    REACHED.unlink(missing_ok=True)
    return 0


def _processes() -> list[Process]:
    dns = [powerdns.process(name, STATE) for name in powerdns.NAMES]
    return [database.postgresql_process(STATE), database.redis_process(STATE), *dns, *netbox.processes(STATE)]


def _known() -> dict[str, Any]:
    return dict(json.loads(REACHED.read_text())) if REACHED.exists() else {}


def _remember(known: dict[str, Any]) -> None:
    draft = REACHED.with_suffix(".new")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(known, indent=2) + "\n")
    draft.replace(REACHED)


def _address(reached: dict[str, Any]) -> str:
    dns = f", DNS {reached['dns_host']}:{reached['dns_port']}" if "dns_port" in reached else ""
    return f"{reached['url']}{dns}"


@contextmanager
def alone() -> Iterator[None]:
    """Let one command at a time start or stop servers."""
    STATE.mkdir(parents=True, exist_ok=True)
    with (STATE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main() -> int:
    """Run the command that the line names."""
    verbs: dict[str, Callable[[], int]] = {
        "start": start,
        "fetch": fetch,
        "stop": stop,
        "status": status,
        "forget": forget,
    }
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("verb", choices=verbs)
    parser.add_argument("release", nargs="?", choices=releases.NAMES, help="of fetch: the Debian release")
    line = parser.parse_args()
    with alone():
        try:
            return fetch(line.release or releases.NAMES[0]) if line.verb == "fetch" else verbs[line.verb]()
        except ServerError as error:
            print(error, file=sys.stderr)
            return 1


if __name__ == "__main__":
    sys.exit(main())
