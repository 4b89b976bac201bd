"""The JSON that zones and their changes are sent as; each RRset is encoded once, whatever batch it ends up in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from netbox_pdns.dns.rrset import RRset
from netbox_pdns.planning.values import Change
from netbox_pdns.powerdns.forms import Form

ENVELOPE = 512
"""Bytes of a request around its RRsets: braces, and the SOA."""


def changed(change: Change, form: Form) -> bytes:
    """Return one change as an element of a PATCH."""
    if change.after is not None:
        return replaced(change.after, form)
    assert change.before is not None
    name, type = change.key
    shown = form.sent(type, change.before.rdatas[0])[0]
    return msgspec.json.encode({"name": name, "type": shown, "changetype": "DELETE"})


def replaced(rrset: RRset, form: Form) -> bytes:
    """Return *rrset* as an element of a PATCH that sets it."""
    return msgspec.json.encode({**_rrset(rrset, form), "changetype": "REPLACE"})


def created(rrset: RRset, form: Form) -> bytes:
    """Return *rrset* as an element of a new zone."""
    return msgspec.json.encode(_rrset(rrset, form))


def patch(parts: Sequence[bytes]) -> bytes:
    """Return the body of a PATCH; the server works through *parts* in their order."""
    return b'{"rrsets":[' + b",".join(parts) + b"]}"


def new_zone(fields: Mapping[str, object], parts: Sequence[bytes] = ()) -> bytes:
    """Return the body that makes a zone with *parts* for its content."""
    return msgspec.json.encode(fields)[:-1] + b',"rrsets":[' + b",".join(parts) + b"]}"


def _rrset(rrset: RRset, form: Form) -> dict[str, object]:
    contents = [form.sent(rrset.type, rdata) for rdata in rrset.rdatas]
    return {
        "name": rrset.name,
        "type": contents[0][0],
        "ttl": rrset.ttl,
        "records": [{"content": content, "disabled": False} for _, content in contents],
    }
