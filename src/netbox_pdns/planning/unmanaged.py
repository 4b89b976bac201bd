"""Content in our zones that others keep: it stays, and is no difference.

A record of NetBox beats a pattern: what NetBox holds is managed, whatever its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

from netbox_pdns.dns.rrset import Key, RRset
from netbox_pdns.planning.values import Desired, Observed, PlanContext

SIGNERS_TYPES = frozenset({"RRSIG", "NSEC", "NSEC3", "NSEC3PARAM", "DNSKEY", "CDS", "CDNSKEY"})
"""What the signing of a zone adds to it (RFC 4034, RFC 5155, RFC 7344)."""


def is_unmanaged(key: Key, context: PlanContext) -> bool:
    """Tell whether a pattern gives the RRset to others; patterns fit owner names without the final dot."""
    name, type = key[0].rstrip("."), key[1]
    return any(
        pattern.type in {"*", type} and fnmatchcase(name, pattern.name.rstrip(".").lower())
        for pattern in context.unmanaged
    )


def managed_part(
    desired: Desired | None, wanted: Mapping[Key, RRset], observed: Observed, context: PlanContext
) -> Mapping[Key, RRset]:
    """Return the observed RRsets that NetBox is to decide about: not the SOA, not what others keep.

    *wanted* are the RRsets of *desired* that are to be served: what stands in the way of one of them is NetBox's too.
    """
    held_by_netbox = set(wanted)
    if desired is not None:
        held_by_netbox |= {*desired.zone.rrsets, *(record.key for record in desired.left_out)}
    in_the_way = _in_the_way(wanted, observed.zone.rrsets)
    return {
        key: rrset
        for key, rrset in observed.zone.content.items()
        if key not in observed.disabled
        and (
            key in held_by_netbox or key in in_the_way or not (is_unmanaged(key, context) or _by_signer(key, observed))
        )
    }


def _in_the_way(wanted: Mapping[Key, RRset], there: Mapping[Key, RRset]) -> set[Key]:
    """Return the keys of *there* that a name's data in *wanted* cannot stand beside: a CNAME stands alone."""
    names = {name for name, _ in wanted}
    aliases = {name for name, type in wanted if type == "CNAME"}
    return {
        key for key in there if key not in wanted and (key[0] in aliases or (key[1] == "CNAME" and key[0] in names))
    }


def _by_signer(key: Key, observed: Observed) -> bool:
    """Tell whether the RRset belongs to the signing of a zone that PowerDNS signs."""
    return observed.listed.dnssec and key[1] in SIGNERS_TYPES


def others_dynamic(
    desired: Desired, wanted: Mapping[Key, RRset], managed: Mapping[Key, RRset], context: PlanContext
) -> dict[Key, RRset]:
    """Return what of *managed* is others' in a zone of status `dynamic`: records NetBox neither holds nor explains.

    An RRset that NetBox holds is NetBox's as a whole, and so is what stands in its way. Of the others the records whose
    going NetBox explains do go.
    """
    if not desired.ref.dynamic:
        return {}
    in_the_way = _in_the_way(wanted, managed)
    theirs: dict[Key, RRset] = {}
    for key, rrset in managed.items():
        rdatas = [rdata for rdata in rrset.rdatas if (*key, rdata) not in context.explanations]
        if rdatas and key not in desired.zone.rrsets and key not in in_the_way:
            theirs[key] = RRset.of(*key, rrset.ttl, rdatas)
    return theirs
