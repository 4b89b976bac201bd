"""Looking again and again: what fails is said on the board and tried again, and never ends it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from netbox_pdns.errors import NetboxPdnsError, UnexpectedError
from netbox_pdns.triggers.standing import Standing

LONGEST = 60.0
"""Seconds between two looks while they fail, at most; an interval that is longer stays as it is."""


async def poll_for_ever(
    look: Callable[[], Awaitable[None]],
    standing: Standing,
    interval: float,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Look every *interval* seconds, less often while that fails."""
    failures = 0
    while True:
        try:
            await look()
        except NetboxPdnsError as error:
            standing.ill(str(error), error.hint)
            failures += 1
        except Exception as fault:  # noqa: BLE001  what one answer breaks the next may not; it is said on the board
            unexpected = UnexpectedError("the poll was broken off", fault)
            standing.ill(str(unexpected), unexpected.hint)
            failures += 1
        else:
            failures = 0
        await sleep(pause(interval, failures))


def pause(interval: float, failures: int) -> float:
    """Return the seconds until the next look, after so many that failed."""
    return max(interval, min(LONGEST, interval * 2.0 ** min(failures, 16)))
