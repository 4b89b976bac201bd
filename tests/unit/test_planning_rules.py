"""What is left out, why, and what stays in service in its place."""

from __future__ import annotations

import pytest
from planning_text import ZONE, absolute, context, desired, observed, text

from netbox_pdns.dns.rrset import RRset, Zone
from netbox_pdns.planning.rules import NEVER_SENT, servable

TOO_MANY = "\n".join(f'big 300 TXT "{number:04d}{"x" * 200}"' for number in range(400))


@pytest.mark.parametrize(
    ("wanted", "there", "served", "reasons"),
    [
        pytest.param("@ 60 DS 1 8 2 " + "ab" * 32, "", [], ["apex"], id="ds-at-the-apex"),
        pytest.param("sub 60 DS 1 8 2 " + "ab" * 32, "", ["sub 60 DS 1 8 2 " + "ab" * 32], [], id="ds-at-a-delegation"),
        pytest.param("@ 60 CNAME a.net.", "", [], ["SOA"], id="cname-at-the-apex"),
        pytest.param("www 60 NULL \\# 1 00", "", [], ["master files"], id="null"),
        pytest.param("www 60 CNAME a.net.\nwww 60 A 192.0.2.1", "", ["www 60 A 192.0.2.1"], ["other data"], id="cname"),
        pytest.param(
            "www 60 CNAME a.net.\nwww 60 A 192.0.2.1",
            "www 60 CNAME b.net.",
            ["www 60 CNAME a.net."],
            ["has a CNAME"],
            id="the-cname-in-service-stays",
        ),
        pytest.param(
            "www 60 CNAME a.net.\nwww 60 CNAME b.net.",
            "www 60 CNAME b.net.",
            ["www 60 CNAME b.net."],
            ["b.net. is served"],
            id="of-two-cnames-the-one-in-service",
        ),
        pytest.param(
            "d 60 DNAME b.net.\nd 60 DNAME a.net.",
            "",
            ["d 60 DNAME a.net."],
            ["one DNAME"],
            id="of-two-dnames-the-first",
        ),
        pytest.param(
            "d 60 DNAME a.net.\nd 60 A 192.0.2.1", "", ["d 60 A 192.0.2.1", "d 60 DNAME a.net."], [], id="dname-and-a"
        ),
        pytest.param("www.example.net. 60 A 192.0.2.1", "", [], ["not in the zone"], id="out-of-zone"),
        pytest.param("www -1 A 192.0.2.1", "", [], ["TTL"], id="negative-ttl"),
        pytest.param("www 2147483648 A 192.0.2.1", "", [], ["TTL"], id="ttl-too-large"),
        pytest.param("www 0 A 192.0.2.1", "", ["www 0 A 192.0.2.1"], [], id="ttl-of-0"),
        pytest.param("@ 60 NS .", "", [], ["root"], id="ns-of-the-root"),
        pytest.param('@ 60 CAA 0 issue ""', "", [], ["empty"], id="empty-caa"),
        pytest.param("a\\032b 60 A 192.0.2.1", "", [], ["characters"], id="a-space-in-a-name"),
        pytest.param(
            "a 60 NS .\na 60 NS x.net.", "", ["a 60 NS x.net."], ["root"], id="the-others-of-its-rrset-are-served"
        ),
        pytest.param(
            "a 60 NS .", "a 60 NS old.net.", ["a 60 NS old.net."], ["root"], id="the-last-good-one-stays-in-service"
        ),
        pytest.param(
            "a 60 NS .\na 60 NS new.net.",
            "a 300 NS old.net.",
            ["a 60 NS new.net.", "a 60 NS old.net."],
            ["root"],
            id="the-last-good-one-stays-beside-what-comes",
        ),
        pytest.param(
            "www 60 CNAME .\nwww 60 NULL \\# 0", "www 60 A 192.0.2.1", ["www 60 CNAME ."], ["files"], id="a-goes"
        ),
    ],
)
def test_left_out(wanted: str, there: str, served: list[str], reasons: list[str]) -> None:
    """A record that cannot be served is left out alone, its reason is named, and the last good one stays."""
    zone, left_out = servable(desired(wanted), observed(there), context())
    assert text(zone) == served
    assert len(left_out) == len(reasons), left_out
    for record, words in zip(left_out, reasons, strict=True):
        assert words in record.reason
        assert record.url is not None


@pytest.mark.parametrize("type", sorted(NEVER_SENT))
def test_never_sent(type: str) -> None:
    """Of a type on the list nothing is sent, wherever it stands."""
    content = Zone.of(ZONE, [RRset.of(absolute("www"), type, 60, [r"\# 1 00"])])
    zone, left_out = servable(desired(content), None, context())
    assert not zone.rrsets
    assert [record.reason for record in left_out] == [NEVER_SENT[type]]


@pytest.mark.parametrize(
    ("dnssec", "signs", "new"),
    [
        pytest.param(True, False, False, id="signed-on-the-server"),
        pytest.param(False, True, True, id="a-new-zone-that-will-be-signed"),
    ],
)
def test_keys_in_a_signed_zone(dnssec: bool, signs: bool, new: bool) -> None:
    """Keys are left out of a zone that PowerDNS signs, and served in one that it does not."""
    wanted = desired("@ 60 CDS 1 8 2 " + "ab" * 32)
    zone, left_out = servable(wanted, None if new else observed("", dnssec=dnssec), context(signs=signs))
    assert not zone.rrsets
    assert "signs" in left_out[0].reason
    assert len(servable(wanted, observed(""), context())[0].rrsets) == 1


def test_refused_by_the_server() -> None:
    """A record that the server refused is left out with the server's reason, and its predecessor stays."""
    refused = {(absolute("www"), "A", "192.0.2.2"): "the server says no"}
    zone, left_out = servable(desired("www 60 A 192.0.2.2"), observed("www 60 A 192.0.2.1"), context(refused=refused))
    assert text(zone) == ["www 60 A 192.0.2.1"]
    assert [record.reason for record in left_out] == ["the server says no"]


def test_an_rrset_past_64_kib() -> None:
    """An RRset that no DNS message can hold is left out as a whole, and the observed one stays."""
    zone, left_out = servable(desired(TOO_MANY), observed('big 300 TXT "old"'), context())
    assert text(zone) == ['big 300 TXT "old"']
    assert len(left_out) == 400
