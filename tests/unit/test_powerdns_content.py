"""The two forms of rdata: what PowerDNS is sent, and what is compared."""

from __future__ import annotations

import pytest
from fidelity import KEY, ROWS
from hypothesis import given
from hypothesis import strategies as st

from netbox_pdns.dns.rdata import canonical_rdata, canonical_type
from netbox_pdns.powerdns.content import UNKNOWN_TO_POWERDNS, compared, sent

ZONE = "example.com."
SENT = [row for row in ROWS if row.left_out is None]


@pytest.mark.parametrize("row", SENT, ids=lambda row: row.id)
def test_what_is_sent_is_read_back_as_the_same(row) -> None:
    """compared(*sent(type, rdata)) is type and rdata, for every row of the fidelity table."""
    rdata = canonical_rdata(row.type, row.means, ZONE)
    type = canonical_type(row.type)
    assert compared(*sent(type, rdata)) == (type, rdata)


@pytest.mark.parametrize(
    ("type", "rdata", "content"),
    [
        pytest.param("A", "192.0.2.1", "192.0.2.1", id="as it is"),
        pytest.param("AAAA", "::ffff:192.0.2.1", "0:0:0:0:0:ffff:c000:201", id="AAAA without dots"),
        pytest.param("CNAME", r"a\@b\;c\(d\).x.", "a@b;c(d).x.", id="names raw but for dots and backslashes"),
        pytest.param("CNAME", r"a\.b\\c.x.", r"a\.b\\c.x.", id="dots and backslashes of a name escaped"),
        pytest.param("MX", r"10 a\032b.x.", r"10 a\032b.x.", id="a space in a name as a number"),
        pytest.param("TXT", r'"a\"b\\c;" "\228"', r'"a\"b\\c;" "\228"', id="TXT quoted"),
        pytest.param("CERT", "PKIX 1 RSASHA256 AQID", "1 1 8 AQID", id="CERT in numbers"),
        pytest.param("DNSKEY", f"257 3 8 {KEY[:32]} {KEY[32:]}", f"257 3 8 {KEY}", id="base64 in one word"),
        pytest.param(
            "LOC", "0 0 0 N 0 0 0 E 0m", "0 0 0.000 S 0 0 0.000 W 0.00m 1.00m 10000.00m 10.00m", id="LOC at zero"
        ),
        pytest.param("NID", "10 0014:4fff:ff20:ee64", "10 0014:4fff:ff20:ee64", id="NID in groups of four digits"),
        pytest.param(
            "HTTPS", '1 . port="443" alpn="h2,h3"', "1 . alpn=h2,h3 port=443", id="SVCB keys by number, unquoted"
        ),
        pytest.param(
            "SVCB", '1 x. dohpath="/q{?dns}"', '1 x. key7="/q{?dns}"', id="SVCB key without a name for PowerDNS"
        ),
        pytest.param("IPSECKEY", "10 0 2 . AQID", "10 0 2 AQID", id="IPSECKEY without a gateway"),
    ],
)
def test_the_form_that_powerdns_takes(type: str, rdata: str, content: str) -> None:
    """Content is what PowerDNS prints itself; anything else it refuses."""
    canonical = canonical_rdata(type, rdata)
    assert sent(type, canonical) == (type, content)
    assert compared(type, content) == (type, canonical)


@pytest.mark.parametrize(
    ("type", "rdata", "as_sent"),
    [
        pytest.param("X25", '"311061700956"', ("TYPE19", r"\# 13 0c333131303631373030393536"), id="known to us alone"),
        pytest.param("TYPE65280", r"\# 3 010203", ("TYPE65280", r"\# 3 010203"), id="known to nobody"),
        pytest.param("TYPE65280", r"\# 0", ("TYPE65280", "\\# 0 "), id="no octets: PowerDNS prints a final space"),
    ],
)
def test_types_that_powerdns_does_not_know(type: str, rdata: str, as_sent: tuple[str, str]) -> None:
    """They go as TYPEnnn with the content of RFC 3597, and come back as what they are."""
    assert sent(type, canonical_rdata(type, rdata)) == as_sent
    assert compared(*as_sent) == (type, canonical_rdata(type, rdata))
    assert type in UNKNOWN_TO_POWERDNS or type.startswith("TYPE")


@pytest.mark.parametrize(
    ("type", "content", "rdata"),
    [
        pytest.param("CNAME", "Target.Example.NET.", "target.example.net.", id="case of names"),
        pytest.param("TXT", '"a\\065b"', '"aAb"', id="gsqlite3 keeps escapes as they were sent"),
        pytest.param("TXT", '"ä"', r'"\195\164"', id="and octets"),
        pytest.param("AAAA", "::ffff:192.0.2.1", "::ffff:192.0.2.1", id="AAAA with dots"),
        pytest.param("LUA", "A \"'192.0.2.1'\"", "A \"'192.0.2.1'\"", id="PowerDNS's own type"),
        pytest.param("ALIAS", "Target.", "target.", id="ALIAS is a name"),
        pytest.param("URI", "10 1 ", "10 1 ", id="what is no rdata stays as it is"),
        pytest.param("TYPE99999", "\\# 1 00", "\\# 1 00", id="what is no type stays as it is"),
    ],
)
def test_what_others_wrote_is_compared_by_its_meaning(type: str, content: str, rdata: str) -> None:
    """Spelling is no difference; what cannot be understood is kept as text."""
    assert compared(type, content) == (type, rdata)


LABELS = st.binary(min_size=1, max_size=8).map(lambda octets: "".join(f"\\{octet:03d}" for octet in octets))
NAMES = st.lists(LABELS, min_size=1, max_size=4).map(lambda labels: ".".join(labels) + ".")
STRINGS = st.binary(max_size=30).map(lambda octets: '"' + "".join(f"\\{octet:03d}" for octet in octets) + '"')
VALUES = st.one_of(
    st.tuples(st.sampled_from(["CNAME", "NS", "PTR", "DNAME"]), NAMES),
    st.tuples(st.sampled_from(["MX", "KX", "LP", "AFSDB"]), NAMES.map(lambda name: f"10 {name}")),
    st.tuples(st.just("SRV"), NAMES.map(lambda name: f"1 2 3 {name}")),
    st.tuples(
        st.just("NAPTR"), st.tuples(STRINGS, STRINGS, STRINGS, NAMES).map(lambda parts: " ".join(["1 2", *parts]))
    ),
    st.tuples(st.sampled_from(["SVCB", "HTTPS"]), NAMES.map(lambda name: f"1 {name} port=53")),
    st.tuples(
        st.just("IPSECKEY"), NAMES.map(lambda name: f"10 3 2 {name} AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==")
    ),
    st.tuples(st.just("TXT"), st.lists(STRINGS, min_size=1, max_size=4).map(" ".join)),
    st.tuples(st.just("AAAA"), st.ip_addresses(v=6).map(str)),
    st.tuples(st.just("CAA"), STRINGS.map(lambda value: f"0 issue {value}")),
    st.tuples(st.just("TYPE65280"), st.binary(max_size=30).map(lambda octets: f"\\# {len(octets)} {octets.hex()}")),
)


@given(VALUES)
def test_any_names_and_octets_are_read_back_as_the_same(value: tuple[str, str]) -> None:
    """The law holds for every octet in names and strings."""
    type, text = value
    rdata = canonical_rdata(type, text)
    assert compared(*sent(type, rdata)) == (type, rdata)
