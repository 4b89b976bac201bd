"""Which record a 422 is about, from PowerDNS's words and from what was sent."""

from __future__ import annotations

import re
from collections.abc import Sequence

from netbox_pdns.dns.names import canonical_name
from netbox_pdns.dns.rrset import RRset
from netbox_pdns.errors import DataError, RefusedRecord
from netbox_pdns.planning.values import Change
from netbox_pdns.powerdns.forms import Form
from netbox_pdns.resilience.http import cut

_NAMED = (
    re.compile(r"^Record (?P<name>\S+)/(?P<type>\S+) '(?P<content>.*)': (?P<why>.*)$", re.DOTALL),
    re.compile(r'^Duplicate record in RRset (?P<name>\S+) IN (?P<type>\S+) with content "(?P<content>.*)"$', re.DOTALL),
    re.compile(r"^RRset (?P<name>\S+) IN (?P<type>[^\s:]+):? (?P<why>.*)$", re.DOTALL),
    re.compile(r"^Record (?P<name>\S+) IN (?P<type>[^\s:]+):? (?P<why>.*)$", re.DOTALL),
    re.compile(r"^Name '(?P<name>.*)' (?P<why>contains .*)$", re.DOTALL),
)


def refused_record(
    message: str, zone: str, changes: Sequence[Change], form: Form, *, own: bool = True, alone: bool = False
) -> RefusedRecord | None:
    """Return the refusal that *message* means, None where it names nothing that was sent in *form*.

    *own* tells whether it is PowerDNS's word. With *alone* the message is about *changes* whatever it says: they were sent
    by themselves.
    """
    who = "PowerDNS refuses it" if own else "refused in a form that is not PowerDNS's, perhaps by a proxy before it"
    for pattern in _NAMED:
        if (match := pattern.match(message)) and (rrset := _meant(match, changes, form)) is not None:
            rdata = _rdata(rrset, match.groupdict().get("content"), form)
            why = match.groupdict().get("why") or message
            return _refusal(f"{who}: {cut(why)}", zone, rrset, rdata, by_name=own)
    came = [change.after for change in changes if change.after is not None]
    if alone and came:
        rdata = came[0].rdatas[0] if len(came[0].rdatas) == 1 else None
        return _refusal(f"{who}: {cut(message)}", zone, came[0], rdata, by_name=False)
    return None


def _refusal(reason: str, zone: str, rrset: RRset, rdata: str | None, *, by_name: bool) -> RefusedRecord:
    hint = "correct the record in NetBox"
    return RefusedRecord(reason, zone=zone, name=rrset.name, type=rrset.type, rdata=rdata, hint=hint, by_name=by_name)


def _meant(match: re.Match[str], changes: Sequence[Change], form: Form) -> RRset | None:
    try:
        name = canonical_name(match["name"])
    except DataError:
        return None
    type = match.groupdict().get("type")
    for change in changes:
        rrset = change.after
        if (
            rrset is not None
            and rrset.name == name
            and type in {None, rrset.type, form.named(rrset.type, rrset.rdatas[0])[0]}
        ):
            return rrset
    return None


def _rdata(rrset: RRset, content: str | None, form: Form) -> str | None:
    for rdata in rrset.rdatas:
        if content is not None and form.named(rrset.type, rdata)[1] == content:
            return rdata
    return rrset.rdatas[0] if len(rrset.rdatas) == 1 else None
