"""The fidelity table on every PowerDNS: what is sent is taken, read back in the same form, and answered."""

from __future__ import annotations

from collections.abc import Iterator

import dns.message
import dns.name
import dns.query
import dns.rdatatype
import pytest
import servers
from fidelity import ROWS, Row
from zone_at_hand import ZoneAtHand, soa_content

from netbox_pdns.dns.rdata import canonical_rdata, canonical_type
from netbox_pdns.powerdns.capabilities import Capabilities
from netbox_pdns.powerdns.content import compared
from netbox_pdns.powerdns.forms import Form
from netbox_pdns.sandbox.running import RunningPowerDNS

ZONE = "fidelity.contract.example."
_BATCH = 60


SENT = tuple(row for row in ROWS if row.left_out is None and row.name != "@")
AT_APEX = tuple(row for row in ROWS if row.left_out is None and row.name == "@")


@pytest.fixture(scope="module")
def table(powerdns: RunningPowerDNS) -> Iterator[ZoneAtHand]:
    """A zone with every row that is sent, each at a name of its own."""
    zone = ZoneAtHand(powerdns, ZONE)
    zone.api("DELETE", zone.path)
    made = zone.create(("@", "SOA", soa_content(7)), ("@", "NS", "ns1.example.net."), api_rectify=False)
    assert made.status_code == 201, made.text
    rrsets = [zone.rrset(f"r{number}", *_sent(zone, row)) for number, row in enumerate(SENT)]
    for start in range(0, len(rrsets), _BATCH):
        answer = zone.patch(*rrsets[start : start + _BATCH])
        assert answer.status_code == 204, answer.text
    yield zone
    zone.api("DELETE", zone.path)


def _rdata(row: Row) -> tuple[str, str]:
    """Return type and canonical rdata of the row."""
    type = canonical_type(row.type.replace("_", "-"))
    return type, canonical_rdata(type, row.means, ZONE)


def _form(zone: ZoneAtHand) -> Form:
    """Return the form that the server wants."""
    return Capabilities(servers.release(zone.server)).form


def _sent(zone: ZoneAtHand, row: Row) -> tuple[str, str]:
    """Return type and content as we send the row."""
    return _form(zone).sent(*_rdata(row))


NUMBERED = [pytest.param(number, row, id=row.id) for number, row in enumerate(SENT)]


@pytest.mark.parametrize(("number", "row"), NUMBERED)
def test_what_is_sent_is_read_back_in_the_same_form(table: ZoneAtHand, number: int, row: Row) -> None:
    """Content in PowerDNS's own form is printed as it was sent (from 5.1 on without what was escaped for it), case aside.

    Only IPv6 addresses that embed one of IPv4 are sent without dots and come back with them.
    """
    type, content = _form(table).named(*_rdata(row))
    shown = table.read(f"?rrset_name=r{number}.{ZONE}")["rrsets"]
    assert isinstance(shown, list)
    (rrset,) = shown
    assert [record["content"].lower() for record in rrset["records"]] == [content.lower()] or type == "AAAA"
    assert [compared(rrset["type"], record["content"]) for record in rrset["records"]] == [_rdata(row)]


@pytest.mark.parametrize(("number", "row"), NUMBERED)
def test_what_is_sent_is_answered(table: ZoneAtHand, number: int, row: Row) -> None:
    """DNS answers each row with the octets that dnspython makes of what it means."""
    owner = dns.name.from_text(f"r{number}.{ZONE}")
    query = dns.message.make_query(owner, row.type.replace("_", "-"), use_edns=0)
    answer = dns.query.tcp(query, table.server.dns_host, port=table.server.dns_port, timeout=10.0)
    sections = (*answer.answer, *answer.authority)  # a delegation's NS are in the authority section
    wires = [rdata.to_wire(origin=dns.name.root) for rrset in sections if rrset.name == owner for rdata in rrset]
    assert row.wire(ZONE) in wires


@pytest.mark.parametrize("row", AT_APEX, ids=lambda row: row.id)
def test_what_belongs_to_the_apex_is_taken_there(filled: ZoneAtHand, row: Row) -> None:
    """Keys, digests and parameters of a zone are taken at its apex and answered."""
    type, content = _sent(filled, row)
    assert filled.replace("@", type, content).status_code == 204
    assert filled.contents("@", type) == [content]
    query = dns.message.make_query(filled.name, row.type, use_edns=0)
    answer = dns.query.tcp(query, filled.server.dns_host, port=filled.server.dns_port, timeout=10.0)
    assert row.wire(filled.name) in [rdata.to_wire() for rrset in answer.answer for rdata in rrset]
