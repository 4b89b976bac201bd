"""Processes that outlive the command that started them: begun once, known by id *and* start time, ended by id."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_STOP_TIMEOUT = 20.0


class ServerError(Exception):
    """A server that cannot be had; the message says why, and how to get it."""


@dataclass(frozen=True, slots=True)
class Process:
    """A process in the background: `NAME.pid` and `NAME.log` in *directory*.

    *stop_signal* is what the program takes as a request for an orderly end.
    """

    name: str
    directory: Path
    stop_signal: signal.Signals = signal.SIGTERM

    @property
    def log(self) -> Path:
        """Where the process writes."""
        return self.directory / f"{self.name}.log"

    @property
    def pid(self) -> int | None:
        """The id of the process, None where it does not run (an id that went to another process counts as none)."""
        with contextlib.suppress(OSError, ValueError):
            pid, _, started = self._pid_file.read_text().strip().partition(" ")
            if started and _started(int(pid)) == started:
                return int(pid)
        return None

    def start(self, command: Sequence[str], *, environment: Mapping[str, str] | None = None) -> None:
        """Start *command* where the process does not run yet."""
        if self.pid is not None:
            return
        self.directory.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={**os.environ, **(environment or {})},
            )
        self._pid_file.write_text(f"{process.pid} {_started(process.pid)}\n")

    def wait_until(self, condition: Callable[[], bool], timeout: float) -> None:
        """Wait until *condition* holds, at most *timeout* seconds; raises `ServerError` with the end of the log."""
        deadline = time.monotonic() + timeout
        while not condition():
            if self.pid is None or time.monotonic() > deadline:
                raise ServerError(f"{self.name} does not start:\n{self.tail()}")
            time.sleep(0.1)

    def stop(self) -> bool:
        """End the process and its children, and tell whether it ran."""
        pid = self.pid
        if pid is not None:
            os.kill(pid, self.stop_signal)
            if not self._ended_within(_STOP_TIMEOUT):
                os.killpg(pid, signal.SIGKILL)
                self._ended_within(_STOP_TIMEOUT)
        self._pid_file.unlink(missing_ok=True)
        return pid is not None

    def tail(self) -> str:
        """Return the last lines of the log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-12:]) if self.log.exists() else ""

    @property
    def _pid_file(self) -> Path:
        return self.directory / f"{self.name}.pid"

    def _ended_within(self, timeout: float) -> bool:
        deadline = time.monotonic() + timeout
        while self.pid is not None:
            if time.monotonic() > deadline:
                return False
            with contextlib.suppress(ChildProcessError):
                os.waitpid(-1, os.WNOHANG)  # one that this very command started is a zombie until it is asked for
            time.sleep(0.05)
        return True


def run(command: Sequence[str], *, environment: Mapping[str, str] | None = None, stdin: str | None = None) -> str:
    """Run *command* to its end and return what it wrote; raises `ServerError` with its words where it fails."""
    done = subprocess.run(
        command,
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **(environment or {})},
    )
    if done.returncode != 0:
        words = "\n".join((done.stderr or done.stdout).strip().splitlines()[-12:])
        raise ServerError(f"{Path(command[0]).name} failed with status {done.returncode}:\n{words}")
    return done.stdout


def free_port() -> int:
    """Return a port of 127.0.0.1 that is free for UDP and TCP, below those that the system hands out by itself."""
    for port in random.sample(range(20000, 32000), 200):
        if _is_free(port, socket.SOCK_STREAM) and _is_free(port, socket.SOCK_DGRAM):
            return port
    raise ServerError("no free port between 20000 and 32000 on 127.0.0.1")


def _is_free(port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(socket.AF_INET, kind) as candidate:
        try:
            candidate.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _started(pid: int) -> str:
    """Return when *pid* started, in a form that only compares; empty where there is no such process."""
    stat = Path(f"/proc/{pid}/stat")
    if stat.parent.parent.joinpath("self").exists():
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            return ""
        return "" if fields[0] == "Z" else fields[19]
    found = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return found.stdout.strip().replace(" ", "_")
