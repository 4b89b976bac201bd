"""Our short ways to the wire and back, held against dnspython."""

from __future__ import annotations

import random

import dns.message
import dns.name
import dns.rdata
import dns.rdatatype
import dns.rrset
import pytest
from fidelity import ROWS, Row
from hypothesis import example, given
from hypothesis import strategies as st

from netbox_pdns.dns.message import MessageError, answers, query, question_of, read_answer
from netbox_pdns.dns.names import ancestors, canonical_name
from netbox_pdns.dns.rdata import canonical_rdata, canonical_type, rdata_wire
from netbox_pdns.dns.wire import canonical_wire, name_wire
from netbox_pdns.errors import DataError

ZONE = "example.com."


def _readable(row: Row) -> bool:
    try:
        canonical_rdata(canonical_type(row.type.replace("_", "-")), row.means, ZONE)
    except DataError:
        return False
    return True


READABLE = [row for row in ROWS if _readable(row)]


@pytest.mark.parametrize("row", READABLE, ids=lambda row: row.id)
def test_rdata_is_written_as_dnspython_writes_it(row: Row) -> None:
    """The short ways give the same octets."""
    type = canonical_type(row.type.replace("_", "-"))
    rdata = canonical_rdata(type, row.means, ZONE)
    assert canonical_wire(type, rdata) == rdata_wire(type, rdata)


@pytest.mark.parametrize("row", READABLE, ids=lambda row: row.id)
def test_an_answer_is_read_as_it_was_written(row: Row) -> None:
    """Owner, TTL and rdata come out of a compressed message as they went in, names in lower case."""
    type = canonical_type(row.type.replace("_", "-"))
    rdata = canonical_rdata(type, row.means, ZONE)
    owner = canonical_name("Host.Example.COM")
    question = question_of((owner, type))
    response = dns.message.make_response(dns.message.from_wire(query(7, question)))
    response.answer.append(dns.rrset.from_text("HOST.example.COM.", 300, "IN", type, rdata))
    (record,) = read_answer(response.to_wire(max_size=65535), question).answer
    assert (record.owner, record.ttl, record.type) == (name_wire(owner), 300, dns.rdatatype.from_text(type))
    assert record.rdata == canonical_wire(type, rdata)


def test_a_query_is_what_dnspython_reads() -> None:
    """Its id and question, no recursion, and an EDNS payload that passes everywhere."""
    message = dns.message.from_wire(query(0xABCD, question_of(("www.example.com.", "TYPE65280"))))
    assert (message.id, message.flags, message.edns, message.payload) == (0xABCD, 0, 0, 1232)
    assert [each.to_text() for each in message.question] == ["www.example.com. IN TYPE65280"]


def test_a_soa_is_written_as_dnspython_writes_it() -> None:
    """The two names in their order, then five numbers; NetBox makes it, so the table has none."""
    rdata = "ns1.example. hostmaster.example. 4294967295 3600 600 86400 300"
    assert canonical_wire("SOA", rdata) == rdata_wire("SOA", rdata)


def test_names_are_read_in_lower_case() -> None:
    """Owners and the names in rdata, compressed or not: DNS compares them without case (RFC 4343)."""
    question = question_of(("www.example.com.", "MX"))
    response = dns.message.make_response(dns.message.from_wire(query(7, question)))
    response.answer.append(dns.rrset.from_text("MAIL.Example.NET.", 300, "IN", "MX", "1 Mail.EXAMPLE.net."))
    (record,) = read_answer(response.to_wire(), question).answer
    assert record.owner == name_wire("mail.example.net.")
    assert record.rdata == canonical_wire("MX", "1 mail.example.net.")


@pytest.mark.parametrize("pointer", [b"\xc0\x13", b"\xc0\x30"], ids=["to-itself", "forward"])
def test_a_name_that_leads_forward_is_refused(pointer: bytes) -> None:
    """A pointer leads to a prior occurrence (RFC 1035, section 4.1.4); one that does not would be followed for ever."""
    question = question_of(("a.", "A"))
    message = b"\0\7\x84\0\0\1\0\1\0\0\0\0" + question + pointer + b"\0\1\0\1\0\0\0\1\0\4abcd" + b"\0" * 40
    assert message[19:21] == pointer
    with pytest.raises(MessageError, match="leads forward"):
        read_answer(message, question)


@given(st.lists(st.binary(min_size=1, max_size=63), max_size=3))
@example([b"a.b", b"\\", b"\0\xff"])
@example([])
def test_a_name_is_written_as_dnspython_writes_it(labels: list[bytes]) -> None:
    """Whatever octets its labels have."""
    name = dns.name.Name([*labels, b""]).canonicalize()
    assert name_wire(canonical_name(name.to_text())) == name.to_wire()


@given(st.binary(max_size=80), st.binary(max_size=200))
def test_octets_that_are_no_answer_are_named_so(before: bytes, after: bytes) -> None:
    """Nothing that comes from the network ends in another error."""
    question = question_of(("a.example.", "A"))
    for message in (before + after, b"\0\0\x84\0\0\1\0\2\0\2\0\2" + question + after):
        try:
            read_answer(message, question)
        except MessageError:
            continue


def test_an_answer_that_was_changed_anywhere_is_read_or_named(sampled: random.Random) -> None:
    """An ordinary answer with octets put in the place of others: a value, or `MessageError`."""
    question = question_of(("www.example.com.", "MX"))
    response = dns.message.make_response(dns.message.from_wire(query(7, question)))
    response.answer.append(
        dns.rrset.from_text("www.example.com.", 300, "IN", "MX", "1 a.example.com.", "2 b.www.example.com.")
    )
    whole = response.to_wire()
    for _ in range(2_000):
        message = bytearray(whole)
        for _ in range(sampled.randint(1, 4)):
            message[sampled.randrange(len(message))] = sampled.randrange(256)
        try:
            read_answer(bytes(message), question)
        except MessageError:
            continue


@pytest.mark.parametrize(
    ("question", "belongs"),
    [
        pytest.param(("www.example.com.", "A"), True, id="the-same"),
        pytest.param(("WWW.Example.com.", "A"), True, id="case-aside"),
        pytest.param(("wwx.example.com.", "A"), False, id="another-name"),
        pytest.param(("www.example.com.", "AAAA"), False, id="another-type"),
    ],
)
def test_an_answer_repeats_its_question(question: tuple[str, str], belongs: bool) -> None:
    """Name and type must be those that were asked for (RFC 5452, section 9.1)."""
    response = dns.message.make_response(dns.message.make_query(*question)).to_wire()
    assert answers(response, question_of(("www.example.com.", "A"))) is belongs


def test_lower_case_is_for_names_alone() -> None:
    """Type 97 is no HTTPS (65), though as letters they would be `a` and `A`."""
    response = dns.message.make_response(dns.message.make_query("www.example.com.", "HTTPS")).to_wire()
    assert not answers(response, question_of(("www.example.com.", "TYPE97")))


@pytest.mark.parametrize(
    ("name", "zone", "names"),
    [
        pytest.param("example.com.", "example.com.", [], id="the-zone-itself"),
        pytest.param("a.b.example.com.", "example.com.", ["b.example.com.", "a.b.example.com."], id="two-below"),
        pytest.param("a.b.", ".", ["b.", "a.b."], id="below-the-root"),
        pytest.param(
            r"a\.b.c.example.com.", "example.com.", ["c.example.com.", r"a\.b.c.example.com."], id="escaped-dot"
        ),
        pytest.param(
            r"a\\.c.example.com.", "example.com.", ["c.example.com.", r"a\\.c.example.com."], id="escaped-backslash"
        ),
        pytest.param(r"\000x.example.com.", "example.com.", [r"\000x.example.com."], id="escaped-octet"),
    ],
)
def test_ancestors(name: str, zone: str, names: list[str]) -> None:
    """From just below the zone down to the name itself."""
    assert list(ancestors(name, zone)) == names
