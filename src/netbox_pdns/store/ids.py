"""Ids that grow with time and need nobody to hand them out: milliseconds, a count within them, and chance."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from netbox_pdns.store.values import Clock


@dataclass(slots=True)
class Ids:
    """Makes ids of 32 hexadecimal digits; within one process each is greater than the last, whatever the clock does."""

    clock: Clock
    chance: Callable[[int], int] = random.getrandbits
    _last: tuple[int, int] = (0, 0)

    def next(self) -> str:
        """Return a new id."""
        now, (then, count) = int(self.clock() * 1000), self._last
        self._last = (now, 0) if now > then else (then, count + 1)
        milliseconds, count = self._last
        return f"{milliseconds:012x}{count:08x}{self.chance(48):012x}"
