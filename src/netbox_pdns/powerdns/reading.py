"""What a PowerDNS server has, in the form in which it is compared."""

from __future__ import annotations

from collections.abc import Sequence

from netbox_pdns.dns.names import canonical_name, name_or_text
from netbox_pdns.dns.rrset import RRset, Zone
from netbox_pdns.planning.values import Observed, TargetZone
from netbox_pdns.powerdns.content import compared
from netbox_pdns.powerdns.wire import Record, RRsetWire, ZoneWire


def listed(zone: ZoneWire) -> TargetZone:
    """Return one line of the zone list."""
    return TargetZone(
        name=name_or_text(zone.name),
        kind=zone.kind,
        account=zone.account,
        serial=zone.serial,
        served_serial=zone.edited_serial,
        dnssec=zone.dnssec,
        catalog=zone.catalog,
    )


def observed(zone: ZoneWire, *, presigned: bool = False, rectifies: bool = True) -> Observed:
    """Return a zone with its content; parses every rdata, so call it off the event loop.

    Empties `zone.rrsets`: a large zone is in memory in one form, not in both.

    *rectifies* is False for a zone of ours of which we owe the rectification (`netbox_pdns.powerdns.rectifying`).
    """
    name = canonical_name(zone.name)
    enabled: list[RRset] = []
    disabled: list[RRset] = []
    zone.rrsets.reverse()
    while zone.rrsets:
        wire = zone.rrsets.pop()  # comments keep empty RRsets in some backends' lists
        if len(wire.records) == 1:
            (disabled if wire.records[0].disabled else enabled).append(_rrset(wire, wire.records))
            continue
        on = [record for record in wire.records if not record.disabled]
        if on:
            enabled.append(_rrset(wire, on))
        if len(on) < len(wire.records):
            disabled.append(_rrset(wire, [record for record in wire.records if record.disabled]))
    return Observed(
        listed=listed(zone),
        zone=Zone.of(name, enabled),
        disabled={rrset.key: rrset for rrset in disabled},
        soa_edit_api=zone.soa_edit_api,
        soa_edit=zone.soa_edit,
        presigned=presigned,
        rectifies=rectifies,
    )


def _rrset(wire: RRsetWire, records: Sequence[Record]) -> RRset:
    if len(records) == 1:
        type, rdata = compared(wire.type, records[0].content)
        return RRset(canonical_name(wire.name), type, wire.ttl, (rdata,))
    both = [compared(wire.type, record.content) for record in records]
    return RRset.of(canonical_name(wire.name), both[0][0], wire.ttl, (rdata for _, rdata in both))
