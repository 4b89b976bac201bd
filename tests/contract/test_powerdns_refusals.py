"""What every PowerDNS refuses, in the words by which the record is found, and that nothing of the request is applied."""

from __future__ import annotations

import pytest
import servers
from zone_at_hand import ZoneAtHand, soa_content

SHA256 = "ab" * 32
KEY = "AwEAAaetidLzsKWUt4swWR8yu0wPHPiUi8LUsAD0QPWU+wzt89epO6tHzkMBVDkC7qphQO2hTY4hHn9npWFRw5BYubE="


@pytest.mark.parametrize(
    ("type", "content", "why"),
    [
        pytest.param("A", "192.0.2.01", "Not in expected format (parsed as '192.0.2.1')", id="zeros-before-a-number"),
        pytest.param("A", "www", "expected digits at position 0 in 'www'", id="a-name-for-an-address"),
        pytest.param("A", "192.0.2", "not enough dots", id="a-short-address"),
        pytest.param("A", "192.0.2.256", "unable to parse IP address", id="an-octet-too-large"),
        pytest.param("A", "", "missing field at the end of record content ''", id="nothing"),
        pytest.param("A", "\\# 4 c0000207", "expected digits at position 0", id="octets-of-a-known-type"),
        pytest.param("AAAA", "::ffff:192.0.2.1", "Invalid IPv6 address", id="dots-in-ipv6"),
        pytest.param("AAAA", "2001:db8::g", "Invalid IPv6 address", id="no-address-of-ipv6"),
        pytest.param("CNAME", "www", "Not in expected format (parsed as 'www.')", id="a-relative-name"),
        pytest.param("CNAME", "a b.", "When parsing CNAME trailing data was not parsed: ' b.'", id="a-space-in-a-name"),
        pytest.param("CNAME", "a..b.", "Found . in wrong position in DNSName", id="an-empty-label"),
        pytest.param("CNAME", f"{'x' * 64}.", "label too long to append", id="a-long-label"),
        pytest.param("CNAME", "a\\@b.", "Not in expected format (parsed as 'a@b.')", id="a-needless-escape"),
        pytest.param(
            "MX", "70000 mail.", "Overflow reading 16 bit integer from record content", id="a-number-too-large"
        ),
        pytest.param("MX", "10", "missing field at the end of record content '10'", id="a-field-short"),
        pytest.param("MX", "10  mail.", "Not in expected format (parsed as '10 mail.')", id="two-spaces"),
        pytest.param("TXT", "v=spf1 -all", "Data field in DNS should start with quote", id="a-text-without-quotes"),
        pytest.param("TXT", '"open', "Data field in DNS should end on a quote", id="an-open-quote"),
        pytest.param("TXT", "word", "Not in expected format (parsed as '\"word\"')", id="a-word-without-quotes"),
        pytest.param("HINFO", "PC Linux", "Data field in DNS should start with quote", id="hinfo-without-quotes"),
        pytest.param("CAA", "0 issue ca.example.net", "Data field in DNS should start", id="caa-without-quotes"),
        pytest.param("CERT", "PKIX 1 RSASHA256 MIIC", "expected digits at position 0", id="a-mnemonic-in-cert"),
        pytest.param("DS", "1 RSASHA256 1 ab", "expected digits at position 2", id="a-mnemonic-in-ds"),
        pytest.param("DS", f"1 8 2 {SHA256} 00", "Not in expected format (parsed as '1 8 2", id="octets-in-two-parts"),
        pytest.param("TLSA", "3 1 1 xyz", "Unknown hexadecimal character '120'", id="no-octets"),
        pytest.param("OPENPGPKEY", "!!", "When parsing OPENPGPKEY trailing data was not parsed: '!!'", id="no-base64"),
        pytest.param("CSYNC", "1 0 NS A", "Not in expected format (parsed as '1 0 A NS')", id="types-out-of-order"),
        pytest.param("CSYNC", "1 0 AVC", "Unknown DNS type 'AVC'", id="a-type-that-it-does-not-know"),
        pytest.param("LOC", "1 2 3 N 4 5 6 E 0m", "Not in expected format (parsed as '1 2 3.000 N", id="a-short-place"),
        pytest.param("LOC", "somewhere", "Error decoding LOC content", id="no-place"),
        pytest.param(
            "APL", "1:10.1.2.3/8", "Not in expected format (parsed as '1:10.0.0.0/8')", id="bits-behind-a-prefix"
        ),
        pytest.param("EUI48", "00:00:5e:00:53:2a", "as an EUI48 address, but does not parse", id="colons-in-eui48"),
        pytest.param("L64", "1 1:2:3:4", "(parsed as '1 0001:0002:0003:0004')", id="a-short-locator"),
        pytest.param("IPSECKEY", "1 0 2 . AQNRU3mG", "trailing data was not parsed: '. AQNRU3mG'", id="no-gateway"),
        pytest.param("SVCB", '1 . alpn="h2"', "Not in expected format (parsed as '1 . alpn=h2')", id="quotes-in-svcb"),
        pytest.param("SVCB", "1 . port=1 alpn=h2", "(parsed as '1 . alpn=h2 port=1')", id="parameters-out-of-order"),
        pytest.param("SVCB", "1 . dohpath=x", "SvcParam 'dohpath' is not recognized", id="a-young-parameter"),
        pytest.param(
            "HTTPS", "0 a. port=1", "When parsing HTTPS trailing data was not parsed", id="an-alias-with-more"
        ),
        pytest.param(
            "TYPE65280", "\\# 0", "Not in expected format (parsed as '\\# 0 ')", id="no-octets-without-a-space"
        ),
        pytest.param("TYPE65280", "\\# 3 abcd", "size not equal to length field (4 != 2 * 3)", id="a-wrong-length"),
        pytest.param("TYPE65280", "abcd", "need 3 fields, got 1: abcd", id="no-generic-form"),
    ],
)
def test_content_in_another_form_is_refused(filled: ZoneAtHand, type: str, content: str, why: str) -> None:
    """The words name owner, type and content as they were sent, and say why."""
    answer = filled.replace("www", type, content)
    assert answer.status_code == 422
    assert answer.json()["error"].startswith(f"Record www.{filled.name}/{type} '{content}': ")
    assert why in answer.json()["error"]


def _not_a_host(type: str, name: str) -> tuple[str, str]:
    """Return the words up to 4.7, and those from 4.9 on."""
    return (
        f"RRset www.ZONE IN {type} non-hostname content {name}",
        f"RRset www.ZONE IN {type}: non-hostname content {name}",
    )


def _invalid(words: str) -> tuple[str, str]:
    return words, f"New RRsets are invalid: {words}"


@pytest.mark.parametrize(
    ("owner", "type", "contents", "words"),
    [
        pytest.param("www", "AVC", ['"x"'], "RRset www.ZONE IN AVC: unknown type given", id="a-type-it-does-not-know"),
        pytest.param("www", "NULL", ["\\# 1 00"], "RRset www.ZONE IN NULL: unknown type given", id="null"),
        pytest.param("www", "TYPE0", ["\\# 1 00"], "RRset www.ZONE IN TYPE0: unknown type given", id="type-0"),
        pytest.param("www", "OPT", ["\\# 1 00"], "RRset www.ZONE IN OPT: invalid type given", id="opt"),
        pytest.param("@", "DS", [f"1 8 2 {SHA256}"], "Record ZONE IN DS is not allowed at apex", id="a-ds-at-the-apex"),
        pytest.param(
            "www", "DNSKEY", [f"257 3 13 {KEY}"], "Record www.ZONE IN DNSKEY is only allowed at apex", id="a-key-below"
        ),
        pytest.param(
            "www", "SOA", [soa_content(7)], "Record www.ZONE IN SOA is only allowed at apex", id="an-soa-below"
        ),
        pytest.param(
            "www", "CNAME", ["a.", "b."], "RRset www.ZONE IN CNAME has more than one record", id="two-canonical-names"
        ),
        pytest.param(
            "@", "SOA", [soa_content(8), soa_content(9)], "RRset ZONE IN SOA has more than one record", id="two-soas"
        ),
        pytest.param(
            "www",
            "TXT",
            ['"a"', '"b"', '"a"'],
            'Duplicate record in RRset www.ZONE IN TXT with content ""a""',
            id="a-record-twice",
        ),
        pytest.param(
            "www",
            "AAAA",
            ["::1", "0:0:0:0:0:0:0:1"],
            'Duplicate record in RRset www.ZONE IN AAAA with content "::1"',
            id="an-address-in-two-spellings",
        ),
        pytest.param("www", "NS", ["."], _not_a_host("NS", "."), id="no-name-server"),
        pytest.param("www", "MX", ["1 _a."], _not_a_host("MX", "_a."), id="a-mail-host-no-host"),
        pytest.param("www", "SRV", ["1 1 1 a/b."], _not_a_host("SRV", "a/b."), id="no-host"),
        pytest.param(
            "@", "CNAME", ["a."], "RRset ZONE IN CNAME: Conflicts with pre-existing RRset", id="cname-at-apex"
        ),
    ],
)
def test_rrsets_that_may_not_be_there_are_refused(
    filled: ZoneAtHand, owner: str, type: str, contents: list[str], words: str | tuple[str, str]
) -> None:
    """The words name owner and type of the RRset."""
    answer = filled.replace(owner, type, *contents)
    assert (answer.status_code, answer.json()) == (422, {"error": filled.told(words)})


@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param("www.ZONE-", "DNS Name 'www.ZONE-' is not canonical", id="no-final-dot"),
        pytest.param("www.example.net.", "RRset www.example.net. IN A: Name is out of zone", id="out-of-zone"),
        pytest.param("a b.ZONE", "Name 'a\\032b.ZONE' contains unsupported characters", id="a-space"),
        pytest.param("a\\.b.ZONE", "Name 'a\\.b.ZONE' contains unsupported characters", id="a-dot-in-a-label"),
        pytest.param("a@b.ZONE", "Name 'a@b.ZONE' contains unsupported characters", id="an-at-sign"),
        pytest.param("x.*.ZONE", "Name 'x.*.ZONE' contains unsupported characters", id="a-star-within"),
        pytest.param("a..ZONE", "Unable to parse DNS Name 'a..ZONE'", id="an-empty-label"),
        pytest.param(f"{'x' * 64}.ZONE", f"Unable to parse DNS Name '{'x' * 64}.ZONE'", id="a-long-label"),
    ],
)
def test_owner_names_that_are_none_are_refused(filled: ZoneAtHand, name: str, words: str) -> None:
    """The words hold the name as PowerDNS prints it."""
    sent, expected = (
        text.replace("ZONE-", filled.name.rstrip(".")).replace("ZONE", filled.name) for text in (name, words)
    )
    answer = filled.replace("@", "A", "192.0.2.1", name=sent)
    assert (answer.status_code, answer.json()) == (422, {"error": expected})


@pytest.mark.parametrize("owner", ["_under", "0/28", "*", "*.sub", "xn--bcher-kva", "UPPER", "a\\b"])
def test_unusual_owner_names_are_taken(filled: ZoneAtHand, owner: str) -> None:
    """Underscores, slashes, wildcards and upper case are taken, and shown in lower case."""
    assert filled.replace(owner, "A", "192.0.2.1").status_code == 204
    rrsets = filled.read()["rrsets"]
    assert isinstance(rrsets, list)
    assert filled.owner(owner).lower().replace("\\", "") in [rrset["name"] for rrset in rrsets]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        pytest.param({"ttl": None}, _invalid("Key 'ttl' not an Integer or not present"), id="no-ttl"),
        pytest.param({"type": None}, "Key 'type' not present or not a String", id="no-type"),
        pytest.param({"name": None}, "Key 'name' not present or not a String", id="no-name"),
        pytest.param({"changetype": None}, "Key 'changetype' not present or not a String", id="no-changetype"),
        pytest.param(
            {"changetype": "OTHER"},
            ("Changetype not understood", "Changetype 'OTHER' is not a valid value"),
            id="no-such-changetype",
        ),
        pytest.param({"records": None}, "No change for RRset www.ZONE IN A", id="no-records"),
        pytest.param({"records": [{}]}, _invalid("Key 'content' not present or not a String"), id="no-content"),
    ],
)
def test_rrsets_without_what_they_need_are_refused(
    filled: ZoneAtHand, fields: dict[str, object], words: str | tuple[str, str]
) -> None:
    """The words name the key."""
    answer = filled.patch({**filled.rrset("www", "A", "192.0.2.1"), **fields})
    assert (answer.status_code, answer.json()) == (422, {"error": filled.told(words)})


@pytest.mark.parametrize("changetype", ["EXTEND", "PRUNE"])
def test_a_single_record_comes_or_goes_from_4_9_on_without_a_look_at_the_others(
    filled: ZoneAtHand, changetype: str
) -> None:
    """A second CNAME is let in beside the first, which is why we do not use it. Older releases know no such change."""
    assert filled.replace("www", "CNAME", "a.").status_code == 204
    answer = filled.replace("www", "CNAME", "b.", changetype=changetype)
    if servers.release(filled.server) < (4, 9):
        assert (answer.status_code, answer.json()) == (422, {"error": "Changetype not understood"})
        return
    assert answer.status_code == 204
    assert filled.contents("www", "CNAME") == (["a.", "b."] if changetype == "EXTEND" else ["a."])


def test_an_rrset_is_named_once_a_request(filled: ZoneAtHand) -> None:
    """Two replacements of one name and type are refused, also where the names differ in case alone."""
    answer = filled.patch(filled.rrset("www", "A", "192.0.2.1"), filled.rrset("WWW", "A", "192.0.2.2"))
    assert answer.status_code == 422
    words = f"Duplicate RRset www.{filled.name} IN A with changetype: REPLACE"
    assert answer.json()["error"].lower() == words.lower()


def test_nothing_of_a_refused_request_is_applied(filled: ZoneAtHand) -> None:
    """One record that is refused keeps all others of its PATCH out, removals too, and the serial where it was."""
    assert filled.replace("old", "A", "192.0.2.1").status_code == 204
    answer = filled.patch(
        filled.removal("old", "A"), filled.rrset("new", "A", "192.0.2.2"), filled.soa(9), filled.rrset("bad", "A", "x")
    )
    assert answer.status_code == 422
    assert (filled.contents("old", "A"), filled.contents("new", "A")) == (["192.0.2.1"], [])
    assert filled.read("?rrsets=false")["serial"] == 7


def test_a_cname_and_other_data_exclude_each_other(filled: ZoneAtHand) -> None:
    """Each is refused beside the other, unless the other goes before it in the same request."""
    assert filled.replace("www", "A", "192.0.2.1").status_code == 204
    alias, text = filled.rrset("www", "CNAME", "a."), filled.rrset("www", "TXT", '"a"')
    assert filled.patch(alias).json()["error"] == f"RRset www.{filled.name} IN CNAME: Conflicts with pre-existing RRset"
    assert filled.patch(alias, filled.removal("www", "A")).status_code == 422
    assert filled.patch(filled.removal("www", "A"), alias).status_code == 204
    assert filled.patch(text).json()["error"] == f"RRset www.{filled.name} IN TXT: Conflicts with pre-existing RRset"
    assert filled.patch(filled.removal("www", "CNAME"), text).status_code == 204


def test_a_disabled_record_excludes_nothing(filled: ZoneAtHand) -> None:
    """A CNAME is taken beside an address that is disabled, which only the whole zone shows."""
    disabled = [{"content": "192.0.2.1", "disabled": True}]
    assert filled.replace("www", "A", records=disabled).status_code == 204
    assert filled.replace("www", "CNAME", "a.").status_code == 204
    assert filled.contents("www", "A") == []
    rrsets = filled.read()["rrsets"]
    assert isinstance(rrsets, list)
    shown = [record for rrset in rrsets if rrset["type"] == "A" for record in rrset["records"]]
    assert [{key: record[key] for key in disabled[0]} for record in shown] == disabled


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        pytest.param(
            [("www", "A", "192.0.2.1"), ("www", "CNAME", "a.")],
            "RRset www.ZONE IN CNAME: Conflicts with another RRset",
            id="cname-and-other-data",
        ),
        pytest.param([("www", "A", "x")], "Record www.ZONE/A 'x'", id="content"),
        pytest.param([("@", "DS", f"1 8 2 {SHA256}")], "Record ZONE IN DS is not allowed at apex", id="ds-at-apex"),
    ],
)
def test_a_new_zone_with_what_is_refused_is_not_made(
    zone: ZoneAtHand, rows: list[tuple[str, str, str]], words: str
) -> None:
    """The whole zone is refused, in words that name the RRset."""
    answer = zone.create(*rows)
    assert answer.status_code == 422
    assert answer.json()["error"].startswith(words.replace("ZONE", zone.name))
    assert zone.api("GET", zone.path).status_code == 404
