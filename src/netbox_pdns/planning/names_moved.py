"""Whether a change moves what rectifying works out: which names exist, and what lies below a delegation. Pure.

A zone's empty non-terminals follow from the names that exist (RFC 4592, section 2.2.2), and what is authoritative from its
delegations. Where neither comes or goes, the zone is rectified as it was.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from netbox_pdns.dns.names import is_within
from netbox_pdns.dns.rrset import Key, RRset
from netbox_pdns.planning.values import Change

_CUTTING = frozenset({"NS", "DNAME", "DS"})


def moves_names(zone: str, changes: Iterable[Change], there: Mapping[Key, RRset], cuts: Collection[str]) -> bool:
    """Tell whether *changes* of *zone* need rectifying.

    *there* is all that the server has at their names, *cuts* are the owner names of delegations above which may be more.
    """
    changes = tuple(changes)
    before = {name for name, _ in there}
    left = dict.fromkeys(there)
    for change in changes:
        name, type = change.key
        if name != zone and (type in _CUTTING or any(is_within(name, cut) for cut in cuts)):
            return True
        if change.after is None:
            left.pop(change.key, None)
        else:
            left[change.key] = None
    after = {name for name, _ in left}
    return any((change.key[0] in before) is not (change.key[0] in after) for change in changes)


def delegations(zone: str, rrsets: Iterable[Key]) -> frozenset[str]:
    """Return the owner names at which *rrsets* of *zone* delegate."""
    return frozenset(name for name, type in rrsets if type == "NS" and name != zone)
