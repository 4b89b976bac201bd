"""Which zones of a server are wanted, ours, or others'."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from netbox_pdns.planning.values import TargetZone, ZoneRef


@dataclass(frozen=True, slots=True)
class ZonePairs:
    """Both sides' zone lists, matched by name.

    `wanted` are NetBox's zones, each with the server's zone of that name or None. `orphaned` are zones of ours that NetBox
    does not want (any more), `foreign` zones of others that it does not want either. All sorted by name.
    """

    wanted: tuple[tuple[ZoneRef, TargetZone | None], ...]
    orphaned: tuple[TargetZone, ...]
    foreign: tuple[TargetZone, ...]


def pair(refs: Sequence[ZoneRef], listed: Sequence[TargetZone], mark: str) -> ZonePairs:
    """Match NetBox's zones with the server's; *mark* is what the `account` of our zones says."""
    by_name = {zone.name: zone for zone in listed}
    names = {ref.name for ref in refs}
    unwanted = sorted((zone for zone in listed if zone.name not in names), key=lambda zone: zone.name)
    return ZonePairs(
        wanted=tuple((ref, by_name.get(ref.name)) for ref in sorted(refs, key=lambda ref: ref.name)),
        orphaned=tuple(zone for zone in unwanted if zone.account == mark),
        foreign=tuple(zone for zone in unwanted if zone.account != mark),
    )
