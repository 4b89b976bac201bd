"""The program as an operator runs it: a process of its own, in pipes or on a terminal, with the given settings alone."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
import termios
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NOWHERE = {
    "NETBOX_PDNS_NB_URL": "http://127.0.0.1:9",
    "NETBOX_PDNS_NB_TOKEN": "0123456789abcdef0123456789abcdef01234567",
    "NETBOX_PDNS_PDNS_URL": "http://127.0.0.1:9",
    "NETBOX_PDNS_PDNS_TOKEN": "token-of-powerdns",
}
"""Settings by which no server can be reached."""
_LIMIT = 120.0
_SGR = re.compile(r"\x1b\[([0-9;]*)m")
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True, slots=True)
class Done:
    """How a run of the program ended, and what it printed. On a terminal `out` is all of it, as it was sent there."""

    status: int
    out: str
    err: str = ""

    @property
    def json(self) -> Any:
        """Standard output as the one JSON document that it must be."""
        return json.loads(self.out)

    @property
    def plain(self) -> str:
        """What was printed, without what steers a terminal."""
        return _CONTROL.sub("", self.out).replace("\r\n", "\n")

    @property
    def coloured(self) -> bool:
        """Tell whether there is colour in it (bold and dim are none)."""
        codes = (code for found in _SGR.findall(self.out + self.err) for code in found.split(";"))
        return any(
            code.isdecimal() and int(code) in {*range(30, 39), 48, *range(40, 48), *range(90, 108)} for code in codes
        )


def program(*args: str, home: Path, variables: Mapping[str, str] | None = None) -> Done:
    """Run the program with its outputs in pipes, in the directory *home*, with *variables* in its environment."""
    done = subprocess.run(
        [sys.executable, "-m", "netbox_pdns", *args],
        cwd=home,
        env=_environment(home, variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_LIMIT,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


@contextmanager
def started(*args: str, home: Path, variables: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """Start the program, its outputs thrown away; where it still runs at the end of the block it is killed (SIGKILL)."""
    nowhere = subprocess.DEVNULL
    command = [sys.executable, "-m", "netbox_pdns", *args]
    environment = _environment(home, variables)
    with subprocess.Popen(command, cwd=home, env=environment, stdin=nowhere, stdout=nowhere, stderr=nowhere) as process:
        try:
            yield process
        finally:
            process.kill()


def begun(*args: str, home: Path, log: Path, variables: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
    """Start the program, what it prints added to *log*, and return its process: whoever starts it ends it."""
    with log.open("ab") as printed:
        return subprocess.Popen(
            [sys.executable, "-m", "netbox_pdns", *args],
            cwd=home,
            env=_environment(home, variables),
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=subprocess.STDOUT,
        )


def on_terminal(
    *args: str, home: Path, variables: Mapping[str, str] | None = None, columns: int = 80, typed: str = ""
) -> Done:
    """Run the program on a terminal of *columns*, where somebody has *typed* ahead."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (50, columns))
    environment = {**_environment(home, variables), "TERM": "xterm-256color"}
    process = subprocess.Popen(
        [sys.executable, "-m", "netbox_pdns", *args],
        cwd=home,
        env=environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    os.write(ours, typed.encode())
    try:
        printed = b"".join(iter(lambda: _read(ours), b""))
        return Done(process.wait(_LIMIT), printed.decode())
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other end is closed
        return b""


def _environment(home: Path, variables: Mapping[str, str] | None) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return {**kept, "HOME": str(home), "NETBOX_PDNS_DATA_DIR": str(home / "data"), **(variables or {})}
