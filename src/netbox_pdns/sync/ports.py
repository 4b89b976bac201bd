"""What the reconciler needs of a source and of a target: the only things that it knows of either.

`netbox.source.NetBoxSource` and `powerdns.target.PowerDNSTarget` have these methods; another source or target is
another room beside them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from typing import Protocol

from netbox_pdns.planning.values import (
    Applied,
    Desired,
    Explanations,
    Gone,
    Observed,
    RecordKey,
    TargetZone,
    ZonePlan,
    ZoneRef,
)
from netbox_pdns.settings import Selection, ZoneTemplate


class Source(Protocol):
    """Where zones and records are kept."""

    async def zones(self, selection: Selection, names: Sequence[str] = ()) -> tuple[ZoneRef, ...]:
        """Return the zones that *selection* picks: active ones, sorted by view and name.

        Where each of *names* is one of them those alone may be returned.
        Raises `ConfigurationError` where two views give one zone name, and for a list that cannot be trusted.
        """

    async def begin(self, selection: Selection) -> None:
        """Begin to read all zones of *selection* beside their list, where that is the cheapest way: they come at its end.

        `read` takes it up where it is asked for just these zones; who began says in the end that he gives it up.
        """

    async def give_up(self) -> None:
        """Give up what was begun and has not been read."""

    async def zone(self, selection: Selection, name: str) -> ZoneRef | None:
        """Return the active zone *name* (canonical) where *selection* picks it, None where it does not."""

    def read(self, zones: Sequence[ZoneRef]) -> AsyncIterator[Desired]:
        """Yield each zone's desired content, in any order, in bulk requests, with bounded memory.

        A zone that an edit overtook is read again before it is yielded. A zone that went meanwhile is not yielded.
        """

    async def read_names(self, zone: ZoneRef, names: Collection[str]) -> Desired | None:
        """Return what is wanted at the owner *names* (canonical) and at the apex, as it was at one moment.

        None where the zone is no longer as *zone* says (renamed, moved, out of service), or has too much there for one page.
        """

    async def explain(self, zone: ZoneRef, removed: Sequence[RecordKey]) -> Explanations:
        """Return for those of *removed* that NetBox explains why they are no longer wanted."""

    async def explain_zones(self, names: Sequence[str], selection: Selection) -> Mapping[str, Gone]:
        """Return for those of the canonical zone *names* that NetBox explains why they are no longer wanted."""


class Removals(Protocol):
    """What went lately that the guard counts: many small steps are to trip it as a large one does.

    A removal is reserved before it is sent, so that it counts after a crash too; one that is neither settled nor taken back
    is in doubt, and counts as far as it is not what is to be removed now.
    """

    def records_gone(self, target: str, zone: str, wanted: Iterable[RecordKey] = ()) -> int:
        """Return how many records went from the zone without an explanation in the last 24 hours; *wanted* are to go now."""

    def zones_gone(self, target: str, wanted: Iterable[str] = ()) -> int:
        """Return how many zones of ours were deleted on the target in the last 24 hours; *wanted* are to go now."""

    async def reserve(
        self, target: str, zone: str, records: Iterable[RecordKey] = (), *, whole_zone: bool = False
    ) -> str:
        """Note that *records*, or the zone, are about to go; returns what the others ask for."""

    def settle(self, removal_id: str) -> None:
        """Take note that it was applied."""

    def take_back(self, removal_id: str) -> None:
        """Take note that it was not."""


class Target(Protocol):
    """A server that serves zones."""

    name: str
    mark: str

    async def zones(self) -> tuple[TargetZone, ...]:
        """Return every zone of the server."""

    async def read(self, zone: str) -> Observed | None:
        """Return what the server has of *zone* (canonical name), or None without such a zone."""

    async def read_names(self, zone: str, names: Collection[str]) -> Observed | None:
        """Return the same of the owner *names* (canonical) and the apex alone; disabled records are not seen so."""

    async def line(self, zone: str) -> TargetZone | None:
        """Return the zone's line of the list, None without such a zone."""

    async def apply(self, plan: ZonePlan, template: ZoneTemplate) -> Applied:
        """Carry *plan* out: create, change, mark or delete the zone, and tell its secondaries.

        Raises `netbox_pdns.errors.RefusedRecord` where the server refuses one record: nothing of that batch is applied.
        """
