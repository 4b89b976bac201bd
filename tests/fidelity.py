"""The fidelity table: for every record type that netbox-plugin-dns can hold, values as they are met, and what DNS must say.

A row is one record. `value` is what NetBox holds, `means` the master-file text whose wire form must be served (as dnspython
makes it, relative names below the zone); it is the value itself where it says nothing else. A row with `left_out` is never
sent, and the reason contains those words. `typed_in` tells whether NetBox's own form and API take the record with this
meaning; others come there by SQL, by a laxer configuration (`tolerate_non_rfc1035_types`) or from another release of the
plugin. The plugin 1.7.3 answers 500 to the TXT values `;`, `x"` and `"open` and keeps them all the same: from then on it
answers 500 to every list with `absolute_value`, and cannot delete the zone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype

SHA256 = "ab" * 32
KEY = "AwEAAcNEU67LJI5GEgF9QLNqLO1SMq1EdoQ6E9f85ha0k0ewQGCblyW2836GiVsm6k8Kr5ECIoMJ6fZWf3CQSQ9ycWfTyOHfmI3eQ/1Covhb2y4b"
RSA = "AwEAAaetidLzsKWUt4swWR8yu0wPHPiUi8LUsAD0QPWU+wzt89epO6tHzkMBVDkC7qphQO2hTY4hHn9npWFRw5BYubE="


@dataclass(frozen=True, slots=True)
class Row:
    """One record of the table; `name` is relative to the zone, `@` its apex."""

    name: str
    type: str
    value: str
    means: str
    left_out: str | None = None
    typed_in: bool = True

    @property
    def id(self) -> str:
        """A name for the row."""
        return f"{self.type}-{self.name}"

    def wire(self, zone: str) -> bytes:
        """Return the rdata in wire form as dnspython makes it of `means`."""
        rdata = dns.rdata.from_text(
            dns.rdataclass.IN,
            dns.rdatatype.from_text(self.type),
            self.means,
            origin=dns.name.from_text(zone),
            relativize=False,
        )
        wire = rdata.to_wire(origin=dns.name.root)
        assert wire is not None
        return wire


class _Table:
    """Rows in the making: each gets a name of its own unless it has one."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def add(self, type: str, *values: str | tuple[str, str], names: str | None = None, **more: object) -> None:
        """Add a row for each value, or for each pair of a value and what it means."""
        for each in values:
            value, means = (each, each) if isinstance(each, str) else each
            name = names or f"{type.lower().replace('_', '-')}-{len(self.rows)}"
            self.rows.append(replace(Row(name, type, value, means), **more))  # type: ignore[arg-type]  # fields of Row


def _addresses_and_names(t: _Table) -> None:
    t.add("A", "192.0.2.1", "0.0.0.0", "255.255.255.255", "\\# 4 c0000207")  # noqa: S104 - rdata, nothing is bound
    t.add("A", "192.0.2.2", names="*.wild")
    t.add("A", "192.0.2.3", names="UPPER")
    t.add("A", "192.0.2.4", names="xn--bcher-kva")
    t.add("A", "192.0.2.5", names="_under", typed_in=False)
    t.add("A", "192.0.2.6", names="a\\.b", typed_in=False, left_out="characters")
    t.add("A", "192.0.2.8", names="a\\064b", typed_in=False, left_out="characters")
    t.add("A", "192.0.2.9", names="a.deep.name.below")
    t.add("A", "192.0.2.10", names="a\\032b", typed_in=False, left_out="characters")
    t.add("A", "192.0.2.256", "", "www", typed_in=False, left_out="no valid A rdata")
    t.add("AAAA", "2001:db8::1", "2001:DB8:0:0:0:0:0:2", "::", "::1", "2001:db8:0:1:1:1:1:1", "fe80::1:0:0:1")
    t.add("AAAA", "::ffff:192.0.2.1", "::192.0.2.1", "::ffff:0:0", "::1:2", "64:ff9b::c000:201", "::ffff:c000:202")
    t.add("CNAME", "www", "www.example.net.", "a.b.c", "_dmarc.example.net.", "xn--bcher-kva.example.")
    t.add("CNAME", ("WWW.Example.NET.", "www.example.net."), "@", ".")
    t.add(
        "CNAME",
        "a\\.b.example.net.",
        'a\\"b\\;c\\(d\\)\\@\\$.example.net.',
        "a\\032b\\255.example.net.",
        typed_in=False,
    )
    t.add("NS", "ns1", "ns.example.net.", names="delegated")
    t.add("NS", ".", names="no-delegation", left_out="no name server")
    t.add("PTR", "host", typed_in=False)
    t.add("PTR", "host.example.net.", ("Host.Example.NET.", "host.example.net."))
    t.add("PTR", "host.example.net.", names="1.0/28", typed_in=False)
    t.add("DNAME", "example.net.", "sub")
    t.add("MX", "10 mail", "0 .", "65535 mail.example.net.", ("10 Mail.Example.NET.", "10 mail.example.net."))
    t.add("MX", "70000 mail", "mail", typed_in=False, left_out="no valid MX rdata")
    t.add("SRV", "0 5 5060 sip", "0 0 0 .", names="_sip._tcp")
    t.add("SRV", ("1 2 3 Sip.Example.NET.", "1 2 3 sip.example.net."), names="_xmpp._tcp")
    t.add("KX", "10 kx", "0 kx.example.net.")
    t.add("AFSDB", "1 afs", "2 afs.example.net.")
    t.add("RP", "admin.example.net. info", ". .")
    t.add("RP", "first\\.last.example.net. .", typed_in=False)
    t.add("LP", "10 l64-subnet1", "0 l32.example.net.")
    t.add("RT", "10 relay", "0 relay.example.net.")
    t.add("PX", "50 ab.net2.it. o-ab.prmd-net2.admdb.c-it.", "0 a b")
    t.add("NSAP_PTR", "host.example.net.", "foo.bar.example.")


def _texts(t: _Table) -> None:
    long, words = "x" * 300, "lorem ipsum " * 40
    for type in ("TXT", "SPF"):
        t.add(
            type,
            ("v=spf1 -all", '"v=spf1 -all"'),
            '"v=spf1 -all"',
            '"two" "strings"',
            '"a\\"b\\\\c;d"',
            ("a;b", '"a;b"'),
        )
        t.add(type, ("a\\b", '"a\\\\b"'), ('it "is" so', '"it \\"is\\" so"'), '""', '"" ""', '"a" ""')
    t.add("TXT", (long, f'"{"x" * 255}" "{"x" * 45}"'), f'"{"k" * 255}" "{"k" * 200}"')
    t.add("TXT", (words.strip(), f'"{words[:255]}" "{words[255:].strip()}"'), typed_in=False)
    t.add("TXT", f'"{words[:252]}" "{words[252:].strip()}"')
    t.add("TXT", ("v=DKIM1; k=rsa; p=" + KEY, f'"v=DKIM1; k=rsa; p={KEY}"'), names="s1._domainkey")
    t.add(
        "TXT",
        '"\\000\\127\\128\\255"',
        '"\\065\\066"',
        '"$ORIGIN ( ) @ ; $"',
        '"  spaces  "',
        '"tab\\009"',
        ("\\# 3 026869", '"\\\\# 3 026869"'),
    )
    t.add(
        "TXT",
        ("(a)", '"(a)"'),
        ("@", '"@"'),
        ("$", '"$"'),
        ("'", '"\'"'),
        ("a  b", '"a  b"'),
    )
    t.add(
        "TXT",
        ("grün", '"gr\\195\\188n"'),
        ("日本", '"\\230\\151\\165\\230\\156\\172"'),
        ("", '""'),
        ("a\tb", '"a\\009b"'),
        typed_in=False,
    )
    t.add("TXT", (";", '";"'), ('x"', '"x\\""'), typed_in=False)
    t.add("TXT", '"open', f'"{"x" * 256}"', typed_in=False, left_out="no valid TXT rdata")
    t.add("HINFO", '"PC" "Linux"', "PC Linux", '"" ""', '"a b" "c\\"d;e"', '"\\255" "\\\\"')
    t.add("AVC", '"app-name:WOLFGANG|app-class:OAM"', '"a" "b"')
    t.add("NINFO", '"zone status: fine"', '"a" "b\\"c"')
    t.add("RESINFO", '"qnamemin" "exterr=15,16,17"', '"infourl=https://example.net/guide"')
    t.add("WALLET", '"BTC" "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"')
    t.add("X25", '"311061700956"', "1")
    t.add("ISDN", '"150862028003217" "004"', '"150862028003217"')
    t.add("GPOS", "-32.6882 116.8652 10.0", "90 -180 0", '"1.5" "2.5" "-3"')
    t.add("URI", '10 1 "https://example.net/a?b=c;d"', '0 0 "ftp://x/%20\\"q\\""', '65535 65535 "sip:a@example.net"')
    t.add("URI", f'10 1 "https://example.net/{"p" * 300}"')
    t.add("URI", '10 1 ""', typed_in=False, left_out="no valid URI rdata")
    t.add("CAA", '0 issue "ca.example.net"', '128 issuewild ";"', '0 iodef "mailto:a@example.net"', '0 issue "ca; k=v"')
    t.add("CAA", "0 issue ca.example.net", '255 tbs "Unknown"', '0 ISSUE "x\\"y\\\\z"', '0 contactphone "\\255\\000"')
    t.add("CAA", '0 issue ""', left_out="empty")
    t.add(
        "NAPTR",
        '0 0 "" "" "" repl',
        '100 50 "s" "z3950+I2L" "" _z._tcp',
        '65535 65535 "a" "b" "c;d\\"e" repl.example.net.',
    )
    t.add(
        "NAPTR",
        '1 1 "u" "E2U+x" "!^\\\\+49(.*)$!sip:\\\\1@example.net!" repl',
        ('1 1 "" "" "" Re.pl.', '1 1 "" "" "" re.pl.'),
    )
    t.add("NAPTR", '100 10 "U" "E2U+sip" "!^.*$!sip:info@example.net!" .', typed_in=False)


def _services(t: _Table) -> None:
    t.add(
        "SVCB",
        "0 alias",
        "0 .",
        "1 svc port=8004",
        "1 . alpn=h2,h3",
        "16 foo.example.net. mandatory=alpn,port alpn=h2 port=53",
    )
    t.add(
        "SVCB",
        "1 svc key667=hello",
        '1 svc key667="hello\\210qoo"',
        '1 svc key65280="a bc\\"d\\\\e,f"',
        "1 svc key65281",
    )
    t.add(
        "SVCB",
        '1 svc alpn="f\\\\\\\\oo\\\\,bar,h2"',
        '1 dns alpn=dot dohpath="/dns-query{?dns}"',
        "1 odoh ohttp alpn=h2",
    )
    t.add("SVCB", '1 svc key65280="a;b"', '1 svc key65280="(a)"', left_out="PowerDNS refuses it")
    t.add("SVCB", ("1 Svc.Example.NET. port=1", "1 svc.example.net. port=1"))
    t.add("HTTPS", "0 www", "1 .", '1 . alpn="h3,h2" no-default-alpn port=443', "1 . ipv4hint=192.0.2.1,192.0.2.2")
    t.add(
        "HTTPS",
        "1 . ipv6hint=2001:db8::1,::ffff:192.0.2.1 ipv4hint=192.0.2.1",
        '1 . ech="AAj+DQAEESIzRA=="',
        "1 . key7=x key65535=y",
    )
    t.add(
        "HTTPS",
        '1 h mandatory=ipv4hint,alpn,ipv6hint alpn="h2" ipv4hint=192.0.2.1 ipv6hint=2001:db8::2 ech="AAj+DQAEESIzRA=="',
    )
    t.add(
        "HTTPS",
        "1 . ipv4hint=auto",
        "1 . port=x",
        "1 . mandatory=port",
        typed_in=False,
        left_out="no valid HTTPS rdata",
    )
    t.add("DSYNC", "CDS NOTIFY 5359 cds-scanner", "CSYNC NOTIFY 5360 csync.example.net.", names="dsync")
    t.add("DSYNC", "CDS NOTIFY 5361 cds-scanner", names="_dsync", typed_in=False)
    t.add("LOC", "52 22 23.5 N 4 53 32.123 E -2m 1m 10000m 10m", "52 22 23.5 S 4 53 32.123 W 10.25m 0.5m 20m 3m")
    t.add(
        "LOC",
        "1 2 3.004 N 5 6 7.008 W 0m",
        "1 2 3.004 S 5 6 7.008 E 0m",
        "42 N 71 W 0m",
        "0 0 0 N 0 0 0 E 0m",
        "0 0 0 S 0 0 0 W 0m",
    )
    t.add(
        "LOC",
        "90 S 180 W -100000m",
        "90 N 180 E 21000000m 40000000m 40000000m 0m",
        "0 0 0.001 N 0 0 0.001 W 0.01m 0.01m 0.01m 0.01m",
    )
    t.add("LOC", "91 0 0 N 0 0 0 E 0m", typed_in=False, left_out="no valid LOC rdata")
    t.add(
        "APL",
        "1:192.168.32.0/21 !1:192.168.38.0/28",
        "2:ff00:0:0:0:0:0:0:0/8",
        "1:0.0.0.0/0",
        "!2:2001:db8::/32 1:10.0.0.0/8",
    )
    t.add("WKS", "192.0.2.1 6 25 80", "192.0.2.1 17 53", "192.0.2.1 tcp 25")
    t.add("EUI48", "00-00-5E-00-53-2A", "ff-ff-ff-ff-ff-ff")
    t.add("EUI64", "00-00-5e-ef-10-00-00-2a")
    t.add("L32", "10 10.1.2.0", "65535 255.255.255.255")
    t.add("L64", "10 2001:0DB8:1140:1000", "0 ffff:0000:0001:ABCD")
    t.add("NID", "10 0014:4fff:ff20:ee64", "0 0000:0000:0000:0001")
    t.add("NSAP", "0x47.0005.80.005a00.0000.0001.e133.ffffff000162.00", "0x00")
    t.add("AMTRELAY", "0 0 0 .", "10 1 1 192.0.2.1", "10 0 2 2001:db8::1", "128 1 3 amt", "10 0 3 amt.example.net.")
    t.add(
        "HIP",
        "2 200100107B1A74DF365639CC39F1D578 AwEAAbdx",
        "2 200100107B1A74DF365639CC39F1D578 AwEAAbdx rvs1.example.net. rvs2",
    )
    t.add(
        "IPSECKEY",
        "10 1 2 192.0.2.38 AQNRU3mG",
        "10 0 2 . AQNRU3mG",
        "10 2 2 2001:db8::1 AQNRU3mG",
        "10 3 2 gw AQNRU3mG",
    )
    t.add("IPSECKEY", "10 3 2 mygateway.example.net. AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==")


def _keys_and_digests(t: _Table) -> None:
    t.add(
        "CERT",
        "PKIX 12345 RSASHA256 MIIC",
        "1 0 8 MIIC",
        "PGP 0 0 MIIC",
        "URI 65535 13 " + RSA,
        "IPKIX 1 ED25519 AAAA",
        "65534 1 253 AAAA",
    )
    t.add("DS", f"12345 8 2 {SHA256}", f"65535 13 4 {'CD' * 48}", f"1 RSASHA256 1 {'01' * 20}", names="signed")
    t.add("NS", "ns.example.net.", names="signed")
    t.add("DS", f"12345 8 2 {SHA256}", names="@", left_out="apex")
    t.add("DLV", f"12345 8 2 {SHA256}")
    t.add("DNSKEY", f"257 3 13 {RSA}", f"256 3 RSASHA256 {RSA}", names="@")
    t.add("DNSKEY", f"257 3 13 {RSA}", left_out="apex")
    t.add("CDS", f"12345 8 2 {SHA256}", names="@")
    t.add("CDNSKEY", f"257 3 13 {RSA}", names="@")
    t.add("CDS", "0 0 0 00")
    t.add("CDNSKEY", "0 3 0 AA==")
    t.add("CSYNC", "66 3 A NS AAAA", names="@")
    t.add("CSYNC", "4294967295 0 TYPE65280 A")
    t.add("ZONEMD", f"2018031500 1 1 {'ab' * 48}", names="@")
    t.add("ZONEMD", f"2018031500 1 2 {'CD' * 64}", f"1 240 1 {'ab' * 48}")
    t.add("NSEC3PARAM", "1 0 12 aabbccdd", "1 0 0 -", names="@")
    t.add("KEY", f"256 3 5 {RSA}", f"512 255 RSASHA1 {RSA}")
    t.add(
        "DHCID", "AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=", "AAEBOSD+XR3Os/0LozeXVqcNc7FwCfQdWL3b/NaiUDlW2No="
    )
    t.add("OPENPGPKEY", RSA, "mQENBF0=")
    t.add("SSHFP", f"1 1 {'ab' * 20}", f"4 2 {'AB' * 32}")
    t.add("TLSA", f"3 1 1 {SHA256}", f"0 0 2 {'CD' * 64}", "3 1 0 " + "3059" * 40, names="_443._tcp")
    t.add("SMIMEA", f"3 0 0 {'30' * 60}")
    t.add("SMIMEA", f"3 1 1 {SHA256}", names=f"{'c9' * 28}._smimecert", typed_in=False)
    t.add("HHIT", RSA)
    t.add("BRID", RSA)


def _old_and_generic(t: _Table) -> None:
    name = "\\# 13 03626f78076578616d706c6500"
    t.add("MB", name, "\\# 5 0341424300".replace("414243", "616263"))
    t.add("MB", ("box.example.", name), typed_in=False, names="mb-native")
    t.add("MG", name)
    t.add("MR", name)
    t.add("MINFO", "\\# 6 016100016200")
    t.add("MD", name)
    t.add("MF", name)
    t.add("A6", "\\# 17 0020010db8000000000000000000000001")
    t.add("TA", "\\# 8 1234080200112233")
    t.add("UNSPEC", "\\# 2 abcd", "\\# 0")
    t.add("TYPE65280", "\\# 4 0a000001", "\\# 0", "\\# 2 AB CD", typed_in=False)
    t.add("TYPE1", "10.0.0.1", "\\# 4 0a000001", typed_in=False)


def _never_sent(t: _Table) -> None:
    t.add("RRSIG", f"A 13 2 300 20300101000000 20200101000000 1 example.net. {RSA}", left_out="bogus")
    t.add("SIG", f"A 5 2 300 20300101000000 20200101000000 1 example.net. {RSA}", left_out="obsolete")
    t.add("NSEC", "a.example.net. A RRSIG", left_out="bogus")
    t.add("NSEC3", "1 1 12 aabbccdd 2vptu5timamqttgl4luu9kg21e0aor3s A RRSIG", left_out="bogus")
    t.add("NXT", "\\# 6 016100406000", left_out="obsolete")
    t.add("NULL", "\\# 2 abcd", left_out="master files")
    t.add("TYPE0", "\\# 2 abcd", left_out="RFC 6895")
    t.add("NOSUCHTYPE", "1", typed_in=False, left_out="no record type")
    t.add("LUA", "A \"ifportup(443, {'192.0.2.1'})\"", typed_in=False, left_out="no record type")
    t.add("CNAME", "www", names="@", typed_in=False, left_out="SOA")


def _table() -> Iterator[Row]:
    table = _Table()
    for part in (_addresses_and_names, _texts, _services, _keys_and_digests, _old_and_generic, _never_sent):
        part(table)
    yield from table.rows


ROWS = tuple(_table())
MADE_BY_NETBOX = frozenset({"SOA"})
"""Types that NetBox makes for every zone by itself, and so are met in every test."""
