"""PTR records that come of addresses, and the CNAME records that lead to them from above an RFC 2317 zone."""

from __future__ import annotations

import ipaddress

import msgspec

from netbox_pdns.sandbox.netbox.objects import Record, Zone
from netbox_pdns.sandbox.netbox.serials import touch
from netbox_pdns.sandbox.netbox.transaction import Transaction


def point(tx: Transaction, record: Record, *, touching: bool = True) -> int | None:
    """Return the id of the PTR record that *record* shall have, made or changed where it must be; None for none.

    Not *touching* leaves the serials of reverse zones alone, for an edit of the zones themselves.
    """
    zone = _reverse_zone(tx, record)
    if zone is None or record.disable_ptr or not tx.inventory.active(record) or record.name.startswith("*"):
        return None
    wanted = _pointer(record, zone)
    before = tx.inventory.records.get(record.ptr_record)
    if before is not None and _same(before, wanted) and before.ttl == wanted.ttl:
        return before.id
    found = _existing(tx, wanted)
    if found is None and before is not None and len(_addresses(tx, before)) == 1:
        found = before
    if found is None:
        return _made(tx, wanted, touching=touching).id
    if _same(found, wanted) and (before is None or found.id != before.id):
        return found.id
    return _changed(tx, found, wanted, touching=touching).id


def release(tx: Transaction, pointer: int | None, *, touching: bool = True) -> None:
    """Take out the PTR record *pointer* where no address has it any longer."""
    record = tx.inventory.records.get(pointer)
    if record is None or _addresses(tx, record):
        return
    tx.delete(tx.inventory.records, record)
    _drop_alias(tx, record.rfc2317_cname_record)
    if touching:
        touch(tx, record.zone)


def repoint(tx: Transaction, record: Record, *, touching: bool = True) -> None:
    """Look anew for the PTR record of an address, since a zone came, changed or went."""
    pointer = point(tx, record, touching=touching)
    if pointer == record.ptr_record:
        return
    tx.update(tx.inventory.records, record, msgspec.structs.replace(record, ptr_record=pointer), noted=False)
    release(tx, record.ptr_record, touching=touching)
    if touching:
        touch(tx, record.zone)


def pointed_from(tx: Transaction, zone: Zone) -> list[Record]:
    """Return the addresses whose PTR record is in *zone* or might be."""
    records = tx.inventory.records
    found = {number for number, reverse in records.reverse_names.items() if reverse.endswith(f".{zone.name.lower()}")}
    if zone.rfc2317_prefix is not None:
        network = ipaddress.ip_network(zone.rfc2317_prefix)
        below = (number for number in records.reverse_names if records[number].type == "A")
        found |= {number for number in below if ipaddress.ip_address(records[number].value) in network}
    for pointer in records.of_zone(zone.id):
        found |= {address.id for address in _addresses(tx, pointer)}
    rows = (records[number] for number in sorted(found))
    return [row for row in rows if tx.inventory.zones[row.zone].view == zone.view]


def lead(tx: Transaction, pointer: Record) -> None:
    """Give a PTR record its CNAME record in the parent of its RFC 2317 zone, or take one that is no longer due."""
    alias = _alias(tx, pointer)
    if alias != pointer.rfc2317_cname_record:
        after = msgspec.structs.replace(pointer, rfc2317_cname_record=alias)
        tx.update(tx.inventory.records, pointer, after, noted=False)
        _drop_alias(tx, pointer.rfc2317_cname_record)


def drop_pointers(tx: Transaction, zone: Zone) -> None:
    """Take out the PTR records that come of the addresses of *zone*, which goes."""
    for record in tx.inventory.records.of_zone(zone.id):
        pointer = tx.inventory.records.get(record.ptr_record)
        if pointer is not None:
            tx.keep(tx.inventory.records, record, msgspec.structs.replace(record, ptr_record=None))
            release(tx, pointer.id)


def drop_aliases(tx: Transaction, zone: Zone) -> None:
    """Take out the CNAME records that lead to *zone*, which goes."""
    for record in tx.inventory.records.of_zone(zone.id):
        if record.rfc2317_cname_record is not None:
            tx.keep(tx.inventory.records, record, msgspec.structs.replace(record, rfc2317_cname_record=None))
            _drop_alias(tx, record.rfc2317_cname_record)


def _reverse_zone(tx: Transaction, record: Record) -> Zone | None:
    """Return the zone of the record's view that its PTR record belongs to, None where there is none or others serve it."""
    view = tx.inventory.zones[record.zone].view
    address = ipaddress.ip_address(record.value)
    if address.version == 4:
        for zone in tx.inventory.zones.rfc2317:
            if zone.view == view and _counts(zone) and address in ipaddress.ip_network(zone.rfc2317_prefix or ""):
                return None if zone.status == "external" else zone
    name = address.reverse_pointer
    while name:
        above = tx.inventory.zones.named(view, name)
        if above is not None and _counts(above) and above.rfc2317_prefix is None:
            return None if above.status == "external" else above
        name = name.partition(".")[2]
    return None


def _counts(zone: Zone) -> bool:
    return zone.active or zone.status == "external"


def _pointer(record: Record, zone: Zone) -> Record:
    reverse = ipaddress.ip_address(record.value).reverse_pointer
    if zone.rfc2317_prefix is not None:
        name = record.value.rpartition(".")[2]
    else:
        name = reverse.removesuffix(zone.name.lower()).removesuffix(".") or "@"
    return Record(
        zone=zone.id,
        name=name,
        type="PTR",
        value=record.fqdn,
        fqdn=f"{zone.name}." if name == "@" else f"{name}.{zone.name}.",
        ttl=record.ttl,
        managed=True,
    )


def _same(one: Record, other: Record) -> bool:
    return (one.zone, one.name, one.value) == (other.zone, other.name, other.value)


def _existing(tx: Transaction, wanted: Record) -> Record | None:
    rows = tx.inventory.records.of_name(wanted.fqdn, wanted.zone)
    return next((row for row in rows if row.type == "PTR" and _same(row, wanted)), None)


def _addresses(tx: Transaction, pointer: Record) -> list[Record]:
    """Return the addresses that have the PTR record *pointer*."""
    rows = (tx.inventory.records[number] for number in tx.inventory.records.ids_of_name(pointer.value))
    return [row for row in rows if row.ptr_record == pointer.id]


def _made(tx: Transaction, wanted: Record, *, touching: bool) -> Record:
    made = tx.insert(tx.inventory.records, msgspec.structs.replace(wanted, rfc2317_cname_record=_alias(tx, wanted)))
    if touching:
        touch(tx, made.zone)
    return made


def _changed(tx: Transaction, before: Record, wanted: Record, *, touching: bool) -> Record:
    parts = {each: getattr(wanted, each) for each in ("zone", "name", "value", "fqdn", "ttl")}
    alias = _alias(tx, wanted)
    after = msgspec.structs.replace(before, managed=True, rfc2317_cname_record=alias, **parts)
    kept = tx.update(tx.inventory.records, before, after)
    if alias != before.rfc2317_cname_record:
        _drop_alias(tx, before.rfc2317_cname_record)
    if touching:
        touch(tx, kept.zone)
    return kept


def _alias(tx: Transaction, pointer: Record) -> int | None:
    """Return the id of the CNAME record that shall lead to *pointer*, made or changed where it must be; None for none."""
    zone = tx.inventory.zones[pointer.zone]
    parent = tx.inventory.zones.get(zone.rfc2317_parent_zone) if zone.rfc2317_parent_managed else None
    if parent is None or zone.rfc2317_prefix is None:
        return None
    records = tx.inventory.records
    octets = zone.rfc2317_prefix.split(".")[:3]
    fqdn = ".".join([pointer.name, *reversed(octets), "in-addr.arpa."])
    others = (row.ttl for row in records.of_name(pointer.fqdn, pointer.zone) if row.id != pointer.id)
    ttl = min((each for each in (*others, pointer.ttl) if each is not None), default=None)
    before = next((row for row in records.of_name(fqdn, parent.id) if row.type == "CNAME" and row.managed), None)
    if before is None:
        name = fqdn.removesuffix(f".{parent.name}.")
        alias = Record(zone=parent.id, name=name, type="CNAME", value=pointer.fqdn, fqdn=fqdn, ttl=ttl, managed=True)
        kept = tx.insert(records, alias)
    elif (before.value, before.ttl) == (pointer.fqdn, ttl):
        return before.id
    else:
        after = msgspec.structs.replace(before, value=pointer.fqdn, ttl=ttl)
        kept = tx.update(records, before, after, noted=False)
    touch(tx, parent.id)
    return kept.id


def _drop_alias(tx: Transaction, number: int | None) -> None:
    """Take out the CNAME record *number* where it leads to no PTR record any longer."""
    records = tx.inventory.records
    alias = records.get(number)
    if alias is None:
        return
    pointers = (records[each] for each in records.ids_of_name(alias.value))
    if not any(row.rfc2317_cname_record == alias.id for row in pointers):
        tx.delete(records, alias)
        touch(tx, alias.zone)
