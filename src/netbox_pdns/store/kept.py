"""What a run finds in the data directory, and leaves there for the next one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from netbox_pdns.store.adopted import Adopted
from netbox_pdns.store.refusals import Refusals
from netbox_pdns.store.removed import RemovedRecords

KEEP = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Kept:
    """What was removed, what servers refused, and with which SOAs zones were adopted."""

    removed: RemovedRecords
    refusals: Refusals
    adopted: Adopted

    @classmethod
    async def load(cls, directory: Path, now: float, keep: timedelta = KEEP) -> Kept:
        """Read what is in *directory*; what was removed is kept for as long as *keep*. *now* is in seconds since 1970."""
        removed = RemovedRecords(directory / "removed", keep)
        return cls(removed, await Refusals.load(directory, now), await Adopted.load(directory))

    async def save(self) -> None:
        """Write down what a run leaves; raises `ConfigurationError` where the data directory cannot be written."""
        await self.removed.prune()
        await self.refusals.save()
