"""What NetBox's rows mean as DNS."""

from __future__ import annotations

import pytest

from netbox_pdns.dns.rdata import rdata_wire
from netbox_pdns.netbox.rrsets import desired_zone, meant
from netbox_pdns.netbox.selection import named
from netbox_pdns.netbox.wire import RecordRow
from netbox_pdns.planning.values import Desired, ZoneRef
from netbox_pdns.settings import Selection

ZONE = "example.com."


@pytest.mark.parametrize(
    ("value", "strings"),
    [
        pytest.param("v=spf1 -all", [b"v=spf1 -all"], id="unquoted-is-one-string"),
        pytest.param('say "hi" \\ ; ok', [b'say "hi" \\ ; ok'], id="quotes-and-backslashes-are-literal"),
        pytest.param('"one" "two"', [b"one", b"two"], id="quoted-is-master-file-form"),
        pytest.param('"a\\"b\\065"', [b'a"bA'], id="escapes-in-master-file-form"),
        pytest.param("grün", ["grün".encode()], id="utf-8"),
        pytest.param("x" * 255, [b"x" * 255], id="255-octets-are-one-string"),
        pytest.param("x" * 256, [b"x" * 255, b"x"], id="256-octets-are-two"),
        pytest.param("", [b""], id="empty"),
    ],
)
@pytest.mark.parametrize("type", ["TXT", "SPF"])
def test_a_text_means_these_strings(type: str, value: str, strings: list[bytes]) -> None:
    """A TXT or SPF value in NetBox means these character-strings on the wire (RFC 1035, section 3.3)."""
    wire = b"".join(bytes([len(string)]) + string for string in strings)
    assert rdata_wire(type, meant(type, value, ZONE)) == wire


@pytest.mark.parametrize(
    ("type", "value", "rdata"),
    [
        pytest.param("CNAME", "www", "www.example.com.", id="a-relative-name-is-below-the-zone"),
        pytest.param("MX", "10 Mail.Example.NET.", "10 mail.example.net.", id="names-have-no-case"),
        pytest.param("AAAA", "::ffff:192.0.2.1", "::ffff:192.0.2.1", id="v4-mapped"),
        pytest.param("TYPE65400", "\\# 2 abcd", "\\# 2 abcd", id="a-type-without-a-mnemonic"),
    ],
)
def test_a_value_means_this_rdata(type: str, value: str, rdata: str) -> None:
    """What NetBox holds, in canonical form."""
    assert meant(type, value, ZONE) == rdata


def _desired(*rows: tuple[str, str, str, int | None], default_ttl: int = 3600) -> Desired:
    records = [RecordRow(number, "", fqdn, type, value, ttl) for number, (fqdn, type, value, ttl) in enumerate(rows, 1)]
    return desired_zone(ZoneRef(1, ZONE, "_default_", ""), records, default_ttl, "https://nb/records/{id}/")


@pytest.mark.parametrize(
    ("ttls", "ttl"),
    [
        pytest.param([None], 3600, id="none-is-the-zone's"),
        pytest.param([0], 0, id="zero-is-zero"),
        pytest.param([300, 60], 60, id="the-lowest-of-an-rrset"),
        pytest.param([60, 300], 60, id="the-lowest-whatever-the-order"),
        pytest.param([7200, None], 3600, id="the-zone's-is-one-of-them"),
    ],
)
def test_an_rrset_has_one_ttl(ttls: list[int | None], ttl: int) -> None:
    """One TTL an RRset, the lowest (RFC 2181, section 5.2)."""
    rows = [("www.example.com.", "A", f"192.0.2.{number}", each) for number, each in enumerate(ttls)]
    assert _desired(*rows).zone.rrsets["www.example.com.", "A"].ttl == ttl


def test_names_without_case_and_values_that_mean_the_same_are_one() -> None:
    """`UPPER` and `upper` are one RRset; of two records that mean the same the first is named."""
    desired = _desired(
        ("UPPER.example.com.", "AAAA", "2001:DB8::1", None),
        ("upper.example.com.", "AAAA", "2001:db8:0::1", None),
        ("upper.example.com.", "AAAA", "2001:db8::2", None),
    )
    key = ("upper.example.com.", "AAAA")
    assert desired.zone.rrsets[key].rdatas == ("2001:db8::1", "2001:db8::2")
    assert desired.record_ids[key] == (1, 3)
    assert desired.source_of(key, "2001:db8::1") == (1, "https://nb/records/1/")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        pytest.param(("www.example.net.", "A", "192.0.2.1", None), "not in the zone", id="out-of-zone"),
        pytest.param(("www.example.com.", "A", "192.0.2.256", None), "no valid A rdata", id="no-rdata"),
        pytest.param(("www.example.com.", "NOTYPE", "x", None), "no record type", id="no-type"),
        pytest.param(("a..example.com.", "A", "192.0.2.1", None), "no domain name", id="no-name"),
    ],
)
def test_a_bad_record_is_left_out_alone(row: tuple[str, str, str, int | None], reason: str) -> None:
    """It is named with its id, URL and reason; the others of its name stay."""
    desired = _desired(("good.example.com.", "A", "192.0.2.7", None), row)
    assert list(desired.zone.rrsets) == [("good.example.com.", "A")]
    (left_out,) = desired.left_out
    assert reason in left_out.reason
    assert (left_out.record_id, left_out.url) == (2, "https://nb/records/2/")


@pytest.mark.parametrize(
    ("include", "exclude", "wanted"),
    [
        pytest.param((), (), True, id="none-means-all"),
        pytest.param(("*.com",), (), True, id="included"),
        pytest.param(("*.net",), (), False, id="not-included"),
        pytest.param(("*.COM.",), (), True, id="without-case-and-final-dot"),
        pytest.param(("*",), ("example.*",), False, id="exclude-wins"),
    ],
)
def test_a_zone_is_picked_by_its_name(include: tuple[str, ...], exclude: tuple[str, ...], wanted: bool) -> None:
    """Patterns hold for the name without its final dot and without case; `exclude` wins."""
    assert named("Example.com", Selection(include=include, exclude=exclude)) is wanted
