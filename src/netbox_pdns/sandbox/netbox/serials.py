"""What the plugin makes of a zone's own attributes: its serial, its SOA record and its NS records."""

from __future__ import annotations

import math
import time

import msgspec

from netbox_pdns.sandbox.netbox.objects import Record, Zone
from netbox_pdns.sandbox.netbox.transaction import Transaction

_HALF, _WHOLE = 2**31, 2**32


def touch(tx: Transaction, zone: int) -> None:
    """Give the zone the serial of now and write its SOA; nothing where its serial is set by hand."""
    before = tx.inventory.zones[zone]
    if not before.soa_serial_auto:
        return
    serial = math.ceil(time.time())
    if serial == before.soa_serial:
        tx.keep(tx.inventory.zones, before, msgspec.structs.replace(before, last_updated=time.time()))
        return
    write_soa(tx, tx.update(tx.inventory.zones, before, msgspec.structs.replace(before, soa_serial=serial)))


def serial_of_edit(tx: Transaction, zone: Zone) -> int:
    """Return the serial that an edit of the zone itself gives it: the time of what was edited last *before*, if anything.

    So the edit of a default TTL leaves the serial where it was.
    """
    times = [record.last_updated for record in tx.inventory.records.of_zone(zone.id) if record.type != "SOA"]
    latest = max(times, default=time.time())
    return math.ceil(max(latest, zone.last_updated))


def grows(before: int, after: int) -> bool:
    """Tell whether the serial *after* is no step back from *before* (RFC 1982)."""
    return (after - before) % _WHOLE < _HALF


def write_soa(tx: Transaction, zone: Zone) -> None:
    """Make the zone's SOA record say what the zone's attributes say."""
    mname = tx.inventory.nameservers[zone.soa_mname].name
    numbers = f"{zone.soa_refresh} {zone.soa_retry} {zone.soa_expire} {zone.soa_minimum}"
    value = f"{mname}. {zone.soa_rname.removesuffix('.')}. {zone.soa_serial} {numbers}"
    fqdn = f"{zone.name}."
    before = _soa(tx, zone)
    if before is None:
        soa = Record(zone=zone.id, name="@", type="SOA", value=value, fqdn=fqdn, ttl=zone.soa_ttl, managed=True)
        tx.insert(tx.inventory.records, soa)
    elif (before.value, before.ttl, before.fqdn) != (value, zone.soa_ttl, fqdn):
        after = msgspec.structs.replace(before, value=value, ttl=zone.soa_ttl, fqdn=fqdn)
        tx.update(tx.inventory.records, before, after)


def write_nameservers(tx: Transaction, zone: int) -> None:
    """Make the zone's managed NS records those of its nameservers."""
    row = tx.inventory.zones[zone]
    wanted = [f"{tx.inventory.nameservers[each].name}." for each in row.nameservers]
    there = _nameservers(tx, row)
    for record in there:
        if record.value not in wanted:
            tx.delete(tx.inventory.records, record)
            touch(tx, zone)
    for value in wanted:
        if value not in {record.value for record in there}:
            record = Record(zone=zone, name="@", type="NS", value=value, fqdn=f"{row.name}.", managed=True)
            tx.insert(tx.inventory.records, record)
            touch(tx, zone)


def drop_nameserver(tx: Transaction, zone: Zone, name: str) -> None:
    """Take the managed NS record of the nameserver *name* out, which leaves the serial alone."""
    for record in _nameservers(tx, zone):
        if record.value == f"{name}.":
            tx.delete(tx.inventory.records, record)


def _soa(tx: Transaction, zone: Zone) -> Record | None:
    # Made with its zone, it is the first of its records, all but always; while a zone is renamed no name finds it.
    ids = tx.inventory.records.ids_of_zone(zone.id)
    first = tx.inventory.records[ids[0]] if ids else None
    if first is None or (first.type == "SOA" and first.managed):
        return first
    rows = tx.inventory.records.of_zone(zone.id)
    return next((row for row in rows if row.type == "SOA" and row.managed), None)


def _nameservers(tx: Transaction, zone: Zone) -> list[Record]:
    rows = tx.inventory.records.of_name(f"{zone.name}.", zone.id)
    return [row for row in rows if row.type == "NS" and row.managed]
