"""A zone as master-file text (RFC 1035, section 5), one record a line, loadable by every name server."""

from __future__ import annotations

from collections.abc import Iterable

from netbox_pdns.dns.rrset import RRset, Zone


def master_file(zone: Zone, header: Iterable[str] = ()) -> str:
    """Return *zone* as `NAME TTL IN TYPE RDATA` lines with absolute names, the SOA first, below *header* as comments."""
    comments = [f"; {line}" for text in header for line in text.splitlines()]
    rrsets = sorted(zone.rrsets.values(), key=_soa_first)
    records = [f"{rrset.name} {rrset.ttl} IN {rrset.type} {rdata}" for rrset in rrsets for rdata in rrset.rdatas]
    return "\n".join([*comments, *records, ""])


def _soa_first(rrset: RRset) -> tuple[bool, str, str]:
    return rrset.type != "SOA", rrset.name, rrset.type
