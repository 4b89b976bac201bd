"""Canonical rdata: one meaning has one text, and whatever cannot be read is named."""

from __future__ import annotations

import re

import dns.rdatatype
import pytest
from fidelity import ROWS, Row
from hypothesis import given
from hypothesis import strategies as st

from netbox_pdns.dns.names import canonical_name
from netbox_pdns.dns.rdata import canonical_rdata, canonical_text, canonical_type, parse_rdata, rdata_wire
from netbox_pdns.dns.short_ways import SHORT_WAYS
from netbox_pdns.errors import DataError
from netbox_pdns.netbox.rrsets import meant

ZONE = "zone.example."
TYPES = sorted(dns.rdatatype.to_text(number) for number in dns.rdatatype.RdataType)
UNREADABLE = [row for row in ROWS if row.left_out and re.search("no valid|no record type", row.left_out)]
READABLE = [row for row in ROWS if row not in UNREADABLE]
"""Rows with a value that is rdata, whether it is sent or not."""

octets = st.one_of(
    st.binary(max_size=24),
    st.lists(st.one_of(st.binary(max_size=5), st.just(b"\x03Abc\x02D.\x00"), st.just(b"\x00"))).map(b"".join),
)
words = st.sampled_from(
    [
        *'0 1 65536 -1 a A.b. . @ "x" "" "a \\ \\300 \\# 4 0a000001 :: 192.0.2.1 A N 10m nan 1e400 ( ) ; - é \u0661'.split(),  # noqa: SIM905 - words read better so
        *"alpn=h2 mandatory=alpn key0=a port= AQ== ab zz 20240101000000 !1:1.2.3.4/32 RSASHA1 PKIX".split(),  # noqa: SIM905 - as above
        *("\x00", "\n", "9" * 30, "x" * 300, "\ud800"),
    ]
)


@pytest.mark.parametrize("row", READABLE, ids=lambda row: row.id)
def test_what_netbox_means_has_the_wire_form_that_dnspython_makes(row: Row) -> None:
    """For every row of the fidelity table the canonical rdata has the expected octets, and is canonical already."""
    type = canonical_type(row.type)
    rdata = meant(type, row.value, ZONE)
    assert rdata_wire(type, rdata) == row.wire(ZONE)
    assert canonical_rdata(type, rdata) == rdata


@pytest.mark.parametrize("row", UNREADABLE, ids=lambda row: row.id)
def test_what_is_no_rdata_is_named_with_the_reason(row: Row) -> None:
    """What is no rdata of its type raises an error that says so."""
    assert row.left_out is not None
    with pytest.raises(DataError, match=row.left_out):
        meant(canonical_type(row.type), row.value, ZONE)


@pytest.mark.parametrize(
    ("type", "text", "canonical"),
    [
        pytest.param("A", "\\# 4 0a000001", "10.0.0.1", id="rfc-3597-form-of-a-known-type"),
        pytest.param("MX", "10 Mail", "10 mail.zone.example.", id="relative-and-upper-case"),
        pytest.param("SVCB", "1 Svc.Example. port=1", '1 svc.example. port="1"', id="svcb-target"),
        pytest.param("RP", "A.b. C.d.", "a.b. c.d.", id="both-names-of-rp"),
        pytest.param("PX", "1 A.b. C.d.", "1 a.b. c.d.", id="both-names-of-px"),
        pytest.param("IPSECKEY", "1 3 2 GW.Net. AQ==", "1 3 2 gw.net. AQ==", id="gateway-of-ipseckey"),
        pytest.param("AMTRELAY", "1 0 3 GW.Net.", "1 0 3 gw.net.", id="relay-of-amtrelay"),
        pytest.param("HIP", "2 AB AQ== R1.Net. R2.Net.", "2 ab AQ== r1.net. r2.net.", id="servers-of-hip"),
        pytest.param("NSEC", "Next.Net. A", "next.net. A", id="next-name-of-nsec"),
        pytest.param("MINFO", "A.b. C.d.", "a.b. c.d.", id="both-names-of-minfo"),
        pytest.param("NAPTR", '1 1 "U" "X" "" Repl.Net.', '1 1 "U" "X" "" repl.net.', id="naptr-strings-keep-case"),
        pytest.param("TXT", '"a" "b"', '"a" "b"', id="two-strings-stay-two"),
        pytest.param("TXT", '"\\065\\b"', '"Ab"', id="needless-escapes"),
        pytest.param("AAAA", "::ffff:c000:201", "::ffff:192.0.2.1", id="v4-mapped"),
        pytest.param("DS", "\\# 4 a8750c05", "\\# 4 a8750c05", id="empty-digest-has-no-text-of-its-own"),
        pytest.param("OPENPGPKEY", "\\# 0", "\\# 0 ", id="no-octets-at-all"),
        pytest.param("MB", "\\# 5 0341424300", "abc.", id="name-in-an-old-type"),
        pytest.param("ALIAS", "www", "www.zone.example.", id="alias"),
        pytest.param("TYPE65280", "\\# 2 AB cd", "\\# 2 abcd", id="unknown-type"),
    ],
)
def test_spellings_of_one_rdata_have_one_text(type: str, text: str, canonical: str) -> None:
    """Names are absolute and in lower case wherever they stand, and each rdata has one text."""
    assert canonical_rdata(type, text, ZONE) == canonical


@given(type=st.sampled_from(TYPES), wire=octets)
def test_canonical_text_and_wire_form_stand_for_each_other(type: str, wire: bytes) -> None:
    """The canonical text of any octets is canonical, and has those octets again (letters of names in lower case)."""
    try:
        rdata = canonical_rdata(type, f"\\# {len(wire)} {wire.hex()}")
    except DataError:
        return
    assert canonical_rdata(type, rdata) == rdata
    assert rdata_wire(type, rdata).lower() == wire.lower()


@given(type=st.sampled_from(TYPES), text=st.one_of(st.text(), st.lists(words, max_size=8).map(" ".join)))
def test_any_text_is_rdata_or_a_data_error(type: str, text: str) -> None:
    """No text of any type raises anything but `DataError`."""
    try:
        rdata = canonical_rdata(type, text, ZONE)
    except DataError:
        return
    assert canonical_rdata(type, rdata) == rdata


PLAIN = st.one_of(
    st.ip_addresses().map(str),
    st.ip_addresses(v=6).map(lambda address: address.exploded),
    st.lists(st.sampled_from(["0", "1", "ffff", "", "00a", "192.0.2.1"]), min_size=2, max_size=9).map(":".join),
    st.from_regex(r"((0|[1-9][0-9]{0,5}|00) ){0,3}([A-Za-z0-9_-]{1,64}\.){0,3}", fullmatch=True),
    st.from_regex(
        r"([A-Za-z0-9_-]{1,64}\.?){1,2}( [A-Za-z0-9_-]{1,64}\.?){1,2}( (0|[1-9][0-9]{0,10}|00)){4,6}", fullmatch=True
    ),
    st.from_regex(r"([0-9]{1,3}\.){2,4}[0-9]{1,3}", fullmatch=True),
    st.from_regex(r'"[ -~]{0,20}"', fullmatch=True),
    st.integers(240, 260).map(lambda size: '"' + "x" * size + '"'),
    st.integers(120, 130).map(lambda labels: "a." * labels),
    st.text(max_size=12),
)


@given(type=st.sampled_from(sorted(SHORT_WAYS)), text=PLAIN)
def test_a_short_way_says_what_the_parser_says(type: str, text: str) -> None:
    """Where a short way answers, the parser gives the same text."""
    short = SHORT_WAYS[type](text, ZONE)
    if short is not None:
        assert short == canonical_text(parse_rdata(type, text, ZONE))


@pytest.mark.parametrize(
    ("type", "text"),
    [
        pytest.param("MX", "65535 a.example.", id="largest-number"),
        pytest.param("MX", "65536 a.example.", id="number-too-large"),
        pytest.param("SRV", "1 2 65536 a.example.", id="last-number-too-large"),
        pytest.param("MX", "010 a.example.", id="leading-zero"),
        pytest.param("AAAA", "0:0:0:0:0:ffff:c000:201", id="v4-mapped-in-full"),
        pytest.param("AAAA", "0:0:0:0:0:0:c000:201", id="v4-compatible-in-full"),
        pytest.param("AAAA", "2001:db8:0:1:0:0:0:1", id="the-longest-run-of-zeros"),
        pytest.param("AAAA", "2001:db8:0:1:1:1:1:1", id="a-single-zero-stays"),
        pytest.param("AAAA", "fe80::1%eth0", id="scope"),
        pytest.param("A", "192.0.2.01", id="leading-zero-in-an-address"),
        pytest.param("CNAME", "a." * 127, id="longest-name"),
        pytest.param("CNAME", "a." * 128, id="name-too-long"),
        pytest.param("CNAME", "x" * 64 + ".", id="label-too-long"),
        pytest.param("CNAME", "www", id="relative-name"),
        pytest.param("CNAME", "WWW.sub", id="relative-name-of-two-labels"),
        pytest.param("CNAME", "x" * 64, id="relative-label-too-long"),
        pytest.param("CNAME", "a." * 120 + "a", id="relative-name-too-long"),
        pytest.param("A", "192.0.2.256", id="octet-too-large"),
        pytest.param("SOA", "ns hostmaster 4294967295 1 2 3 4", id="serial-past-31-bits"),
        pytest.param("SOA", "Ns. Host.Master 2147483647 1 2 3 2147483647", id="largest-numbers"),
        pytest.param("SOA", "ns. host. 1 1h 2 3 4", id="time-with-a-unit"),
        pytest.param("TXT", f'"{"x" * 255}"', id="longest-string"),
        pytest.param("TXT", f'"{"x" * 256}"', id="string-too-long"),
    ],
)
def test_a_short_way_is_right_at_the_edges(type: str, text: str) -> None:
    """At the limits of a type the short way gives the parser's text, or leaves the answer to the parser."""
    short = SHORT_WAYS[type](text, ZONE)
    if short is not None:
        assert short == canonical_text(parse_rdata(type, text, ZONE))


@pytest.mark.parametrize(
    ("text", "type"),
    [
        pytest.param("TYPE1", "A", id="number-of-a-known-type"),
        pytest.param("a", "A", id="lower-case"),
        pytest.param("NSAP_PTR", "NSAP-PTR", id="netbox-writes-an-underscore"),
        pytest.param("TYPE65280", "TYPE65280", id="no-mnemonic"),
        pytest.param("ALIAS", "ALIAS", id="powerdns-own"),
        pytest.param("TYPE65401", "ALIAS", id="powerdns-own-by-number"),
        pytest.param("TYPE7", "MB", id="old-type"),
    ],
)
def test_a_type_has_one_name(text: str, type: str) -> None:
    """Mnemonic, number and NetBox's spelling are one type."""
    assert canonical_type(text) == type


@pytest.mark.parametrize("text", ["", "NOSUCH", "TYPE65536", "TYPE-1", "TYPE", "A A"])
def test_what_is_no_type_is_named(text: str) -> None:
    """A text that is no type raises `DataError`."""
    with pytest.raises(DataError, match="no record type"):
        canonical_type(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        pytest.param("WWW.Example.COM", "www.example.com.", id="case-and-final-dot"),
        pytest.param("a\\.b.example.", "a\\.b.example.", id="escaped-dot"),
        pytest.param("\\097.example.", "a.example.", id="needless-decimal-escape"),
        pytest.param("a\\032b.example.", "a\\032b.example.", id="space"),
        pytest.param("bücher.example.", "xn--bcher-kva.example.", id="idn"),
        pytest.param(".", ".", id="root"),
        pytest.param("0/28.2.0.192.in-addr.arpa.", "0/28.2.0.192.in-addr.arpa.", id="rfc-2317"),
    ],
)
def test_a_name_has_one_text(text: str, name: str) -> None:
    """Spellings of one name have one text, which is canonical."""
    assert canonical_name(text) == name
    assert canonical_name(name) == name


@pytest.mark.parametrize("text", ["a..b.", "x" * 64 + ".", "a." * 128, "\\300.", "..", "\ud800."])
def test_what_is_no_name_is_named(text: str) -> None:
    """A text that is no domain name raises `DataError`."""
    with pytest.raises(DataError, match="no domain name"):
        canonical_name(text)


@given(text=st.one_of(st.text(), st.text("aB0._*/-\\\\9", max_size=20)))
def test_any_text_is_a_name_or_a_data_error(text: str) -> None:
    """No text raises anything but `DataError`, and a canonical name stays as it is."""
    try:
        name = canonical_name(text)
    except DataError:
        return
    assert canonical_name(name) == name
