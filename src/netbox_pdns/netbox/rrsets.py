"""What NetBox's rows mean as DNS: values, TTLs, RRsets. Pure.

- An unquoted TXT or SPF value is *one* string, quotes and backslashes in it are literal; one that begins with a quote is
  in master-file form. Relative names are below the zone, for every type.
- An empty TTL is the zone's default; 0 is 0. Where the TTLs of an RRset differ the lowest holds (RFC 2181, section 5.2):
  no record is cached for longer than somebody asked for.
- Owner names are compared without case; records that mean the same are one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from types import MappingProxyType

import msgspec

from netbox_pdns.dns.names import canonical_name, is_within
from netbox_pdns.dns.rdata import canonical_rdata, canonical_type
from netbox_pdns.dns.rrset import Key, RRset, Zone
from netbox_pdns.errors import DataError
from netbox_pdns.netbox.wire import RecordRow
from netbox_pdns.planning.values import Desired, LeftOut, ZoneRef

_LONGEST_STRING = 255
"""Octets of a character-string (RFC 1035, section 3.3)."""
_PLAIN_TEXT = re.compile(r"[ !#-\[\]-~]{0,255}")
"""What stands between quotes as it is."""


def meant(type: str, value: str, zone: str) -> str:
    """Return the canonical rdata that NetBox means by *value* in *zone*; raises `DataError` where it is none."""
    if type in {"TXT", "SPF"} and not value.startswith('"'):
        value = _one_text(value)
    return canonical_rdata(type, value, zone)


class Meaning(msgspec.Struct, frozen=True, gc=False):
    """What a record is in DNS: canonical owner name, type and rdata; `ttl` in seconds, None being the zone's default."""

    name: str
    type: str
    rdata: str
    ttl: int | None
    id: int


def meaning(row: RecordRow, zone: str, record_url: str) -> Meaning | LeftOut:
    """Return what *row* means in *zone* (canonical name), or why it cannot be served; *record_url* has one `{id}`."""
    try:
        (name, type), rdata = _record(row, zone)
    except DataError as error:
        return _left_out(zone, row, str(error), record_url)
    return Meaning(name, type, rdata, row.ttl, row.id)


def desired_zone(ref: ZoneRef, rows: Iterable[RecordRow], default_ttl: int, record_url: str) -> Desired:
    """Return what NetBox wants of a zone, from all its active records; *record_url* has one `{id}`."""
    return desired_of(ref, (meaning(row, ref.name, record_url) for row in rows), default_ttl, record_url)


def desired_of(ref: ZoneRef, found: Iterable[Meaning | LeftOut], default_ttl: int, record_url: str) -> Desired:
    """Return what NetBox wants of a zone, from what all its active records mean, in the order of their ids."""
    records: defaultdict[Key, dict[str, int]] = defaultdict(dict)
    ttls: dict[Key, int] = {}
    left_out = []
    for each in found:
        if isinstance(each, LeftOut):
            left_out.append(each)
            continue
        key = each.name, each.type
        ttl = default_ttl if each.ttl is None else each.ttl
        ttls[key] = min(ttl, ttls.get(key, ttl))
        records[key].setdefault(each.rdata, each.id)
    rrsets = {key: RRset.of(*key, ttls[key], ids) for key, ids in records.items()}
    return Desired(
        ref=ref,
        zone=Zone(ref.name, MappingProxyType(rrsets)),
        record_ids={
            key: tuple(ids.values()) if len(ids) == 1 else tuple(ids[rdata] for rdata in rrsets[key].rdatas)
            for key, ids in records.items()
        },
        left_out=tuple(left_out),
        record_url=record_url,
    )


def _record(row: RecordRow, zone: str) -> tuple[Key, str]:
    if not row.fqdn:
        raise DataError("NetBox has no absolute name of it (its FQDN is empty)", hint="save the record once more there")
    name, type = canonical_name(row.fqdn), canonical_type(row.type)
    if not is_within(name, zone):
        raise DataError(f"its name {name} is not in the zone {zone}")
    return (name, type), meant(type, row.value, zone)


def _left_out(zone: str, row: RecordRow, reason: str, record_url: str) -> LeftOut:
    name, type = row.fqdn or row.name, row.type
    with suppress(DataError):
        name, type = canonical_name(name), canonical_type(type)
    return LeftOut(zone, name, type, row.value, reason, row.id, record_url.format(id=row.id))


def _one_text(value: str) -> str:
    if _PLAIN_TEXT.fullmatch(value):
        return f'"{value}"'
    octets = value.encode("utf-8")
    strings = [octets[i : i + _LONGEST_STRING] for i in range(0, len(octets), _LONGEST_STRING)] or [b""]
    return " ".join('"' + "".join(f"\\{octet:03d}" for octet in string) + '"' for string in strings)
