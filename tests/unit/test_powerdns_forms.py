"""What PowerDNS 5.1 is sent: what is left when one level of escapes is taken off must be its own print."""

from __future__ import annotations

import pytest

from netbox_pdns.dns.rdata import canonical_rdata
from netbox_pdns.powerdns.capabilities import Capabilities
from netbox_pdns.powerdns.forms import SINCE_51, UP_TO_50, Form


@pytest.mark.parametrize(
    ("type", "rdata", "content"),
    [
        pytest.param("A", "192.0.2.1", "192.0.2.1", id="nothing-to-escape"),
        pytest.param("TXT", r'"a\\b"', r'"a\\\\b"', id="a-backslash"),
        pytest.param("TXT", r'"say \"hi\""', r'"say \\\"hi\\\""', id="quotes-in-a-string"),
        pytest.param("TXT", r'"a;b (c)" "\255"', r'"a;b (c)" "\\255"', id="strings-keep-what-is-special-outside"),
        pytest.param("CNAME", r"a\.b.example.", r"a\\.b.example.", id="a-dot-in-a-label"),
        pytest.param("CNAME", r"a\"b\;c\(d\).example.", r"a\"b\;c\(d\).example.", id="what-a-name-has-bare"),
        pytest.param("NAPTR", r'1 1 "u" "x" "!^\\+49!" r.example.', r'1 1 "u" "x" "!^\\\\+49!" r.example.', id="both"),
        pytest.param("SVCB", r'1 . key65280="a b\"c"', r'1 . key65280="a b\\\"c"', id="a-string-after-a-key"),
        pytest.param("SVCB", '1 . dohpath="/q{?dns}"', '1 . dohpath="/q{?dns}"', id="a-parameter-with-a-name-by-now"),
        pytest.param("SVCB", "1 . alpn=h2 ohttp", "1 . alpn=h2 ohttp", id="a-parameter-without-a-value"),
        pytest.param("LOC", "0 0 0 N 0 0 0 E 0m", "0 0 0.000 N 0 0 0.000 E 0.00m 1.00m 10000.00m 10.00m", id="nowhere"),
        pytest.param(
            "LOC", "90 0 0 S 180 0 0 W 0m", "90 0 0.000 S 180 0 0.000 W 0.00m 1.00m 10000.00m 10.00m", id="somewhere"
        ),
        pytest.param("WALLET", '"BTC" "1A"', '"BTC" "1A"', id="a-type-known-by-now"),
        pytest.param("TYPE65280", r"\# 2 abcd", r"\# 2 abcd", id="octets-are-not-unescaped"),
        pytest.param("TYPE65280", r"\# 0", r"\# 0", id="no-octets"),
    ],
)
def test_content_is_escaped_once_more_for_5_1(type: str, rdata: str, content: str) -> None:
    """Measured with 5.1.5: what it prints, and what it refuses, is this with one level of escapes less."""
    assert SINCE_51.sent(type, canonical_rdata(type, rdata)) == (type, content)


def test_a_refusal_names_content_without_the_escapes_that_were_added() -> None:
    """That is how the record is found."""
    assert SINCE_51.named("TXT", r'"a\\b"') == ("TXT", r'"a\\b"')


@pytest.mark.parametrize(
    ("release", "form"),
    [
        (None, UP_TO_50),
        ((4, 7), UP_TO_50),
        ((4, 9), UP_TO_50),
        ((5, 0), UP_TO_50),
        ((5, 1), SINCE_51),
        ((6, 0), SINCE_51),
    ],
)
def test_the_release_decides(release: tuple[int, int] | None, form: Form) -> None:
    """A server that does not tell is taken for one of those that were long the only ones."""
    assert Capabilities(release).form == form
