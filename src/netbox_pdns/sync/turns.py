"""Whose turn a zone is: a pass over all zones and the queue of hints never work on one zone at once."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Protocol


class Turns(Protocol):
    """What a pass asks before it works on a zone."""

    def turn(self, target: str, zone: str) -> AbstractAsyncContextManager[bool]:
        """Yield, while the zone is nobody else's, whether the pass may work on it.

        It may not where the zone was, or is to be, looked at since the pass read NetBox: it holds what is older then.
        """


class _Unshared:
    """Nobody else is there."""

    def turn(self, target: str, zone: str) -> AbstractAsyncContextManager[bool]:
        return nullcontext(True)


UNSHARED: Turns = _Unshared()
