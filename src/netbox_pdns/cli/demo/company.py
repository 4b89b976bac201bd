"""A small company's DNS: two views, forward and reverse zones, an RFC 2317 zone, an IDN, every kind of record; some wrong.

The text is what people would type into NetBox: names relative to the zone, `-` for the zone's default TTL, TXT without
quotes. Addresses and names are those of RFC 5737, RFC 3849 and RFC 2606.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

PUBLIC, INTERNAL = "_default_", "internal"
NAMESERVERS = ("ns1.example.com", "ns2.example.com")
DEFAULT_TTL = 3600


@dataclass(frozen=True, slots=True)
class CompanyRecord:
    """One record as it is typed into NetBox; `ttl` is None for the zone's default."""

    name: str
    ttl: int | None
    type: str
    value: str


@dataclass(frozen=True, slots=True)
class CompanyZone:
    """One zone of a view."""

    view: str
    name: str
    records: tuple[CompanyRecord, ...]


def company() -> tuple[CompanyZone, ...]:
    """Return every zone, reverse zones first, so that NetBox makes the PTR records as the addresses come."""
    return tuple(_zones(_TEXT.replace("{key}", _DKIM_KEY)))


def _zones(text: str) -> Iterator[CompanyZone]:
    for block in text.strip().split("\n\n"):
        (view, name), *lines = (line.split(maxsplit=3) for line in block.splitlines())
        records = (
            CompanyRecord(owner, None if ttl == "-" else int(ttl), type, value) for owner, ttl, type, value in lines
        )
        yield CompanyZone(view, name, (*records, *_hosts(view, name)))


def _hosts(view: str, zone: str) -> Iterator[CompanyRecord]:
    """Yield the many addresses that a company has: names of hosts, by number."""
    for owner, network, first, last in _POOLS.get((view, zone), ()):
        for number in range(first, last + 1):
            yield CompanyRecord(owner.format(number), None, "A", f"{network}.{number}")


_POOLS = {
    (PUBLIC, "example.net"): (("vm{:02d}", "198.51.100", 20, 79),),
    (INTERNAL, "example.com"): (("desk-{:03d}", "10.1.0", 10, 129), ("printer-{:03d}", "10.1.1", 10, 29)),
    (INTERNAL, "lab.example.com"): (("node-{:02d}", "10.2.0", 10, 29),),
}

_DKIM_KEY = (
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAxx4rp9J7W1oKX5pWmnvcLVYVvJ6pVLoLw0OxrDjL7aN3cYQ3wYs8zUSM"
    "zjT3hTzxH7mFHyMjGg4Ra8rYx4kq7Pq6lUuQq9j8tV1z8r8V5cY2mB4Y1t9hXQz5y9Yj3n5Uo2d0yJk5wHh9c1sQ0lV8m2r3n4p5"
    "q6r7s8t9u0v1w2x3y4z5A6B7C8D9E0F1G2H3I4J5K6L7M8N9O0P1Q2R3S4T5U6V7W8X9Y0Za1b2c3d4e5f6g7h8i9j0kQIDAQAB"
)
"""Longer than the 255 octets of one string."""

_TEXT = r"""
_default_ 2.0.192.in-addr.arpa

_default_ 100.51.198.in-addr.arpa

_default_ 8.b.d.0.1.0.0.2.ip6.arpa

_default_ 0-15.113.0.203.in-addr.arpa
1 - PTR cpe1.customer.example.net.
2 - PTR cpe2.customer.example.net.
3 - PTR cpe3.customer.example.net.

_default_ 113.0.203.in-addr.arpa
1 - CNAME 1.0-15
2 - CNAME 2.0-15
3 - CNAME 3.0-15

internal 10.in-addr.arpa

_default_ example.com
@ - A 192.0.2.10
@ - AAAA 2001:db8::10
@ - MX 10 mail
@ - MX 20 mail2
@ - TXT v=spf1 mx ip4:192.0.2.0/24 -all
@ - CAA 0 issue "ca.example.net"
@ - HTTPS 1 . alpn="h3,h2" ipv4hint="192.0.2.10"
ns1 - A 192.0.2.53
ns2 - A 198.51.100.53
www - A 192.0.2.10
www - AAAA 2001:db8::10
www - HTTPS 1 . alpn="h2"
mail - A 192.0.2.25
mail2 - A 198.51.100.25
shop 60 CNAME www
blog - CNAME pages.example.net.
api 30 A 192.0.2.20
api 30 A 192.0.2.21
* 300 A 192.0.2.99
_dmarc - TXT v=DMARC1; p=reject; rua=mailto:dmarc@example.com
s1._domainkey - TXT v=DKIM1; k=rsa; p={key}
_sip._tcp - SRV 10 60 5060 sip
_sip._tcp - SRV 20 10 5060 sip2
sip - A 192.0.2.60
sip2 - A 198.51.100.60
_443._tcp.www - TLSA 3 1 1 0c72ac70b745ac19998811b131d662c9ac69dbdbe7cb23e5b514b56664c5d3d6
office - LOC 52 22 23.000 N 4 53 32.000 E -2.00m 1m 10000m 10m
quote - TXT it "is" a\b so
branch - NS ns1.branch
ns1.branch - A 203.0.113.53
staging01 - A 192.0.2.101
staging02 - A 192.0.2.102

_default_ example.net
@ - A 198.51.100.10
pages - A 198.51.100.80
pages - AAAA 2001:db8:0:1::80
customer - TXT customers' equipment

_default_ example.org
@ - A 192.0.2.30
www - CNAME @
@ - MX 0 .
@ - TXT v=spf1 -all

_default_ xn--bcher-kva.example
@ - A 192.0.2.40
www - CNAME @
@ - TXT "B\195\188cher und Zeitschriften"

_default_ staging.example.com
app01 - A 192.0.2.111
app02 - A 192.0.2.112
app03 - A 192.0.2.113
app04 - A 192.0.2.114
app05 - A 192.0.2.115
app06 - A 192.0.2.116
db01 - A 192.0.2.121
db02 - A 192.0.2.122
queue - A 192.0.2.123
cache - A 192.0.2.124
www - CNAME app01
admin - CNAME app02

_default_ types.example.net
a - A 192.0.2.200
aaaa - AAAA 2001:db8::200
v4mapped - AAAA ::ffff:192.0.2.201
afsdb - AFSDB 1 afs.example.net.
amtrelay - AMTRELAY 10 0 1 192.0.2.202
apl - APL 1:192.0.2.0/24 !1:192.0.2.64/28
avc - AVC "app-name:WOLFGANG|app-class:OAM"
caa - CAA 128 iodef "mailto:security@example.com"
cert - CERT PKIX 12345 RSASHA256 MIICajCCAdOgAwIBAgICBEUwDQYJ
dhcid - DHCID AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=
dname - DNAME example.org.
child - NS ns1.example.com.
child - DS 12345 13 2 0c72ac70b745ac19998811b131d662c9ac69dbdbe7cb23e5b514b56664c5d3d6
eui48 - EUI48 00-00-5e-00-53-2a
eui64 - EUI64 00-00-5e-ef-10-00-00-2a
hinfo - HINFO "PC" "Linux"
hip - HIP 2 200100107B1A74DF365639CC39F1D578 AwEAAbdx
https - HTTPS 1 svc.example.com. alpn="h2" port="8443"
ipseckey - IPSECKEY 10 1 2 192.0.2.38 AQNRU3mG
kx - KX 10 kx.example.net.
l32 - L32 10 192.0.2.1
l64 - L64 10 2001:0DB8:1140:1000
loc - LOC 33 51 35.9 S 151 12 40 E 10m
lp - LP 10 l64-subnet1
naptr - NAPTR 100 10 "s" "SIP+D2U" "" _sip._udp.example.com.
nid - NID 10 0014:4fff:ff20:ee64
openpgpkey - OPENPGPKEY AwEAAaetidLzsKWUt4swWR8yu0wPHPiUi8LUsAD0QPWU
rp - RP admin.example.net. rp-text
smimea - SMIMEA 3 0 0 30303030
srv - SRV 0 5 5060 sip.example.com.
sshfp - SSHFP 4 2 0c72ac70b745ac19998811b131d662c9ac69dbdbe7cb23e5b514b56664c5d3d6
svcb - SVCB 1 svc.example.com. ipv6hint="2001:db8::1"
tlsa - TLSA 3 1 1 0c72ac70b745ac19998811b131d662c9ac69dbdbe7cb23e5b514b56664c5d3d6
txt - TXT "two" "strings; one record"
uri - URI 10 1 "https://example.net/a?b=c;d"

_default_ wrong.example.net
good - A 192.0.2.250
@ - DS 12345 13 2 0c72ac70b745ac19998811b131d662c9ac69dbdbe7cb23e5b514b56664c5d3d6
typed-in - RRSIG A 13 2 300 20300101000000 20200101000000 1 example.net. AwEAAaetidLz
nothing - NULL \# 2 abcd
no-issuer - CAA 0 issue ""
nowhere - NS .

internal example.com
www - A 10.0.0.10
ns1 - A 10.0.0.53
ns2 - A 10.0.1.53
intranet - A 10.0.0.11
wiki 60 CNAME intranet
_ldap._tcp - SRV 0 0 389 dc1
dc1 - A 10.0.0.5

internal lab.example.com
@ - TXT experiments; nothing here is served to the world
"""
