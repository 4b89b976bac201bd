"""Records as the plugin makes, changes and deletes them, with the checks that it makes before."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from netbox_pdns.sandbox.netbox.objects import RECORD_ACTIVE, Record, Zone, printed_record
from netbox_pdns.sandbox.netbox.pointers import point, release
from netbox_pdns.sandbox.netbox.refusals import detail, invalid
from netbox_pdns.sandbox.netbox.serials import touch
from netbox_pdns.sandbox.netbox.transaction import Transaction
from netbox_pdns.sandbox.netbox.values import SINGLETONS, owner_name, record_value


def create_record(tx: Transaction, given: Record) -> Record:
    """Make the record *given* and all that comes of it."""
    record = _checked(tx, given)
    if record.is_address:
        record = msgspec.structs.replace(record, ptr_record=point(tx, record))
    made = tx.insert(tx.inventory.records, record)
    touch(tx, made.zone)
    return made


def update_record(tx: Transaction, before: Record, given: Record) -> Record:
    """Change the record *before* to what is *given*, and all that comes of it."""
    if before.managed:
        raise invalid("__all__", f"{printed_record(before)} is managed, refusing update")
    after = _checked(tx, given)
    after = msgspec.structs.replace(after, ptr_record=point(tx, after) if after.is_address else None)
    if after == before:
        return before
    _align_ttls(tx, after)
    kept = tx.update(tx.inventory.records, before, after)
    if before.ptr_record != kept.ptr_record:
        release(tx, before.ptr_record)
    touch(tx, kept.zone)
    return kept


def delete_record(tx: Transaction, record: Record) -> None:
    """Delete the record and what came of it."""
    if record.managed:
        raise detail(400, f"{printed_record(record)} is managed, refusing deletion")
    tx.delete(tx.inventory.records, record)
    release(tx, record.ptr_record)
    touch(tx, record.zone)


def renamed(tx: Transaction, record: Record, zone: Zone) -> None:
    """Give a record the absolute name that it has in its renamed *zone*."""
    fqdn = f"{zone.name}." if record.name == "@" else f"{record.name}.{zone.name}."
    after = msgspec.structs.replace(record, fqdn=fqdn)
    if record.is_address:
        after = msgspec.structs.replace(after, ptr_record=point(tx, after))
    if after != record:
        tx.update(tx.inventory.records, record, after, noted=False)


def _checked(tx: Transaction, given: Record) -> Record:
    """Return *given* as it is kept; raises `Refusal` where the plugin would not take it."""
    zone = tx.inventory.zones[given.zone]
    name, fqdn = owner_name(given.name, given.type, zone.name)
    _check_zone_cut(tx, given.type, fqdn, zone)
    record = msgspec.structs.replace(
        given,
        name=name,
        fqdn=fqdn,
        value=record_value(given.type, given.value),
        status="expired" if _is_expired(given) else given.status,
        disable_ptr=given.disable_ptr and given.is_address,
    )
    others = [row for row in tx.inventory.records.of_name(fqdn, zone.id) if row.id != record.id]
    if others and tx.inventory.active(record):
        _check_beside(tx, record, [row for row in others if row.status in RECORD_ACTIVE], zone)
    if record.type == "SOA" and record.name != "@":
        raise invalid("name", "SOA records are only allowed with name @ and are created automatically by NetBox DNS")
    return record if record.id else _with_ttl(tx, record, others, zone)


def _check_zone_cut(tx: Transaction, type: str, fqdn: str, zone: Zone) -> None:
    name = fqdn.lower().removesuffix(".")
    while len(name) > len(zone.name):
        child = tx.inventory.zones.named(zone.view, name)
        if child is not None and child.active and not _belongs_above(tx, type, fqdn, child):
            raise invalid("name", f"{fqdn.removesuffix('.')} is masked by child zone {child.name}")
        name = name.partition(".")[2]


def _belongs_above(tx: Transaction, type: str, fqdn: str, child: Zone) -> bool:
    """Tell whether a record at or below a zone cut is one of the delegation."""
    if type in {"NS", "DS"}:
        return fqdn.lower() == f"{child.name.lower()}."
    names = {f"{tx.inventory.nameservers[each].name.lower()}." for each in child.nameservers}
    return type in {"A", "AAAA"} and fqdn.lower() in names


def _check_beside(tx: Transaction, record: Record, others: list[Record], zone: Zone) -> None:
    printed = tx.inventory.printed(zone)
    if any(row.type == record.type and row.value == record.value for row in others):
        where = f"for name {record.name} in zone {printed} with value {record.value}"
        raise invalid("value", f"There is already an active {record.type} record {where}.")
    types = {row.type for row in others if row.name == record.name}
    where = f"for name {record.name} in zone {printed}"
    if record.type == "CNAME":
        if types - {"NSEC"}:
            raise invalid("type", f"There is already an active record {where}, CNAME is not allowed.")
    elif "CNAME" in types and record.type != "NSEC":
        raise invalid("type", f"There is already an active CNAME record {where}, no other record allowed.")
    elif record.type in SINGLETONS and record.type in types:
        raise invalid(
            "type", f"There is already an active {record.type} record {where}, more than one are not allowed."
        )


def _with_ttl(tx: Transaction, record: Record, others: list[Record], zone: Zone) -> Record:
    """Return the new *record* with the TTL of its RRset; raises `Refusal` where it brings another."""
    ttls = {row.ttl for row in others if _is_of_rrset(row, record) and row.ttl != record.ttl}
    if not ttls:
        return record
    if len(ttls) == 1 and record.ttl is None:
        return msgspec.structs.replace(record, ttl=ttls.pop())
    where = f"for name {record.name} in zone {tx.inventory.printed(zone)}"
    different = ", ".join(str(ttl) for ttl in ttls)
    raise invalid(
        "ttl", f"There is at least one active {record.type} record {where} and TTL is different ({different})."
    )


def _align_ttls(tx: Transaction, record: Record) -> None:
    """Give the other records of the RRset the TTL that *record* was given."""
    for row in tx.inventory.records.of_name(record.fqdn, record.zone):
        if row.id != record.id and _is_of_rrset(row, record) and row.ttl != record.ttl:
            tx.update(tx.inventory.records, row, msgspec.structs.replace(row, ttl=record.ttl), noted=False)


def _is_of_rrset(row: Record, record: Record) -> bool:
    is_pointer = row.type == "PTR" and row.managed
    return (row.name, row.type) == (record.name, record.type) and row.status != "inactive" and not is_pointer


def _is_expired(record: Record) -> bool:
    today = datetime.now(UTC).date().isoformat()
    return record.expiration_date is not None and record.expiration_date < today
