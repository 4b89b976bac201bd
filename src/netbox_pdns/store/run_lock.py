"""One run at a time in one data directory: a cron job that overtakes the last one must not sync beside it.

The lock is the kernel's (`flock`), so it ends with its process, however that ends.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TextIO

from netbox_pdns.errors import ConflictError

_POLL = 0.1


@asynccontextmanager
async def run_lock(
    directory: Path, *, patience: float = 30.0, waited: Callable[[float], None] = lambda seconds: None
) -> AsyncIterator[None]:
    """Hold the lock of *directory* within the block; wait at most *patience* seconds for it.

    *waited* is told the seconds that it took. Raises `ConflictError` that names the process which has it.
    """
    started = time.monotonic()
    with (directory / "run.lock").open("a+", encoding="ascii") as file:
        while not _taken(file):
            if time.monotonic() - started >= patience:
                raise ConflictError(
                    f"another run holds {directory}/run.lock since more than {patience:.0f} s (process {_owner(file)})",
                    hint="wait for it, or look why it takes so long; a run that ended has let go of it by itself",
                )
            await asyncio.sleep(_POLL)
        waited(time.monotonic() - started)
        _sign(file)
        yield


def _taken(file: TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sign(file: TextIO) -> None:
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()


def _owner(file: TextIO) -> str:
    file.seek(0)
    return file.read().strip() or "unknown"
