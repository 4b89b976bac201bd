"""`netbox-pdns serve` as a process of its own, with stand-ins in the place of the keeper."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from program import NOWHERE

HERE = Path(__file__).parent
PATIENCE = 120.0


@dataclass
class Program:
    """The process, where it serves, and what it logged so far."""

    process: subprocess.Popen[str]
    url: str = ""
    lines: list[str] = field(default_factory=list)

    def signalled(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def said(self, words: str) -> str:
        """Wait until it logs *words* and return that line."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            for line in list(self.lines):
                if words in line:
                    return line
            if self.process.poll() is not None and not any(words in line for line in self.lines):
                break
            time.sleep(0.01)
        raise AssertionError(f"it never said {words!r}: {self.lines}")

    def ended(self) -> int:
        """Wait for its end and return its exit status."""
        return self.process.wait(PATIENCE)


@contextmanager
def serving_program(home: Path, variables: Mapping[str, str], *arguments: str) -> Iterator[Program]:
    """Start it on a free port and yield it when it serves."""
    with started(home, variables, ["serve", "--port", "0", *arguments]) as program:
        found = re.search(r"url=(\S+)", program.said("serving url="))
        assert found is not None
        program.url = found[1]
        yield program


@contextmanager
def started(home: Path, variables: Mapping[str, str], arguments: Sequence[str]) -> Iterator[Program]:
    """Start it; it is killed at the end of the block where it still runs."""
    tests = str(HERE.parent)  # where what the stand-ins are made of is
    environment = {
        **NOWHERE,
        "PYTHONPATH": tests,
        "HOME": str(home),
        "NETBOX_PDNS_DATA_DIR": str(home / "data"),
        **variables,
    }
    command = [sys.executable, str(HERE / "serving_alone.py"), *arguments]
    with subprocess.Popen(command, cwd=home, env=environment, stderr=subprocess.PIPE, text=True) as process:
        program = Program(process)
        stream = process.stderr
        assert stream is not None
        reader = threading.Thread(target=_read, args=(stream, program.lines))
        reader.start()
        try:
            yield program
        finally:
            process.kill()
            reader.join()


def _read(stream: Iterator[str], lines: list[str]) -> None:
    for line in stream:
        lines.append(line)  # noqa: PERF402  one by one: somebody waits for each
