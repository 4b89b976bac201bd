"""Serials that the server makes itself (SOA-EDIT-API, SOA-EDIT), judged on what is served.

What is sent is always greater than what is served, so every rule that adds to it, or raises it to a date, makes the served
serial grow. Two rules follow the clock instead, and need waiting: SOA-EDIT-API EPOCH stores the second of the PATCH, and
SOA-EDIT EPOCH answers with the second of the query. See https://doc.powerdns.com/authoritative/domainmetadata.html.
"""

from __future__ import annotations

import asyncio
import time

from netbox_pdns.dns.serial import serial_gt
from netbox_pdns.errors import DataError
from netbox_pdns.powerdns.client import PowerDNSClient
from netbox_pdns.powerdns.wire import ZoneWire

_LONGEST_WAIT = 10.0
_POLL = 0.2
_COARSE = 0.05
"""Seconds that the clock of a server may lag behind ours; `time(2)` by itself lags some milliseconds."""
_EPOCH = "EPOCH"


def served_serial(zone: ZoneWire) -> int:
    """Return the serial that a secondary sees, 0 without an SOA."""
    return zone.serial if zone.edited_serial is None else zone.edited_serial


def makes_its_own(zone: ZoneWire) -> bool:
    """Tell whether what is served may be another serial than the one that is sent."""
    return bool(zone.soa_edit_api or zone.soa_edit) or served_serial(zone) != zone.serial


async def until_it_can_grow(zone: ZoneWire) -> None:
    """Wait where the server stores its clock as the serial, until that is past what is stored.

    Raises `DataError` where that would take too long: the next change would set the serial back.
    """
    if zone.soa_edit_api.upper() != _EPOCH or not zone.serial:
        return
    wait = zone.serial + 1 + _COARSE - time.time()
    if wait > _LONGEST_WAIT:
        raise DataError(
            f"{zone.name}: its serial {zone.serial} is ahead of the clock, and SOA-EDIT-API EPOCH would set it back",
            hint=f'switch it off: pdnsutil set-meta {zone.name.rstrip(".")} SOA-EDIT-API ""',
        )
    if wait > 0:
        await asyncio.sleep(wait)


async def until_it_grew(client: PowerDNSClient, zone: ZoneWire) -> ZoneWire:
    """Return *zone* as it is after a change; where it is served with the clock (SOA-EDIT EPOCH), in the next second.

    Else a secondary that asked in the very second of the change, and before it, would not see a greater serial.
    """
    after = await client.zone(zone.name, content=False)
    if after.soa_edit.upper() != _EPOCH:
        return after
    deadline, first = time.monotonic() + _LONGEST_WAIT, served_serial(after)
    while not serial_gt(served_serial(after), first) and time.monotonic() < deadline:
        await asyncio.sleep(_POLL)
        after = await client.zone(zone.name, content=False)
    return after


def grew(before: ZoneWire, after: ZoneWire) -> bool:
    """Tell whether secondaries see a greater serial than before; the first one always is."""
    was = served_serial(before)
    return not was or serial_gt(served_serial(after), was)


def growth_notes(before: ZoneWire, after: ZoneWire) -> tuple[str, ...]:
    """Return what the operator should know where a change did not make the served serial grow."""
    if grew(before, after):
        return ()
    rules = {"SOA-EDIT": after.soa_edit, "SOA-EDIT-API": after.soa_edit_api}
    named = " and ".join(f"{name} {value}" for name, value in rules.items() if value) or "`default-soa-edit`"
    was, now = served_serial(before), served_serial(after)
    return (f"secondaries do not see this change: {named} made the served serial {now}, it was {was}",)
