"""What differs between what is wanted and what is there."""

from __future__ import annotations

from collections.abc import Mapping

from netbox_pdns.dns.rrset import Key, RRset, Zone
from netbox_pdns.planning.values import Change


def diff(desired: Zone, observed: Zone) -> tuple[Change, ...]:
    """Return the changes that make *observed* into *desired*, sorted by key; the SOA is not looked at."""
    return diff_content(desired.content, observed.content)


def diff_content(desired: Mapping[Key, RRset], observed: Mapping[Key, RRset]) -> tuple[Change, ...]:
    """Return the changes that make the RRsets *observed* into *desired*, sorted by key."""
    differing = [key for key, after in desired.items() if observed.get(key) != after]
    differing += observed.keys() - desired.keys()
    return tuple(Change(observed.get(key), desired.get(key)) for key in sorted(differing))
