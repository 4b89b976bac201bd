"""One run at a time in one data directory: a cron job that overtakes the last one must not sync beside it.

The lock is the kernel's (`flock`), so it ends with its process, however that ends.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TextIO

from netbox_pdns.errors import ConflictError
from netbox_pdns.resilience.locks import LockAcquired, LockListener, LockReleased, LockTimedOut, LockWanted, silent

_POLL = 0.1


@asynccontextmanager
async def run_lock(
    directory: Path, *, patience: float = 30.0, operation: str = "sync", listener: LockListener = silent
) -> AsyncIterator[None]:
    """Hold the lock of *directory* within the block; wait at most *patience* seconds for it.

    *listener* is told how *operation* fares with it. Raises `ConflictError` that names the process which has it.
    """
    listener(LockWanted(operation))
    started = time.monotonic()
    with (directory / "run.lock").open("a+", encoding="ascii") as file:
        while not _taken(file):
            if time.monotonic() - started >= patience:
                listener(LockTimedOut(operation, patience))
                raise ConflictError(
                    f"another run holds {directory}/run.lock since more than {patience:.0f} s (process {_owner(file)})",
                    hint="wait for it, or look why it takes so long; a run that ended has let go of it by itself",
                )
            await asyncio.sleep(_POLL)
        began = time.monotonic()
        waited = began - started
        listener(LockAcquired(operation, waited))
        _sign(file)
        try:
            yield
        finally:
            listener(LockReleased(operation, waited, time.monotonic() - began))


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
