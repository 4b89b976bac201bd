"""Content in our zones that others keep: it stays, and is no difference.

A record of NetBox beats a pattern: what NetBox holds is managed, whatever its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

from netbox_pdns.dns.rrset import Key, RRset
from netbox_pdns.planning.values import Desired, Observed, PlanContext


def is_unmanaged(key: Key, context: PlanContext) -> bool:
    """Tell whether a pattern gives the RRset to others; patterns fit owner names without the final dot."""
    name, type = key[0].rstrip("."), key[1]
    return any(
        pattern.type in {"*", type} and fnmatchcase(name, pattern.name.rstrip(".").lower())
        for pattern in context.unmanaged
    )


def managed_part(desired: Desired | None, observed: Observed, context: PlanContext) -> Mapping[Key, RRset]:
    """Return the observed RRsets that NetBox is to decide about: not the SOA, not what others keep."""
    held_by_netbox = set() if desired is None else {*desired.zone.rrsets, *(record.key for record in desired.left_out)}
    return {
        key: rrset
        for key, rrset in observed.zone.content.items()
        if key not in observed.disabled and (key in held_by_netbox or not is_unmanaged(key, context))
    }


def without_dynamic(desired: Desired, managed: Mapping[Key, RRset], context: PlanContext) -> Mapping[Key, RRset]:
    """Return *managed* less what is others' in a zone of status `dynamic`: RRsets NetBox neither holds nor explains."""
    if not desired.ref.dynamic:
        return managed
    return {
        key: rrset
        for key, rrset in managed.items()
        if key in desired.zone.rrsets or all((*key, rdata) in context.explanations for rdata in rrset.rdatas)
    }
