"""A zone as master-file text (RFC 1035, section 5), one record a line, that every name server loads.

That is the canonical text but for three things: types that not every server knows are written by number and octets
(RFC 3597), CERT with numbers for its mnemonics, and the parameters of SVCB and HTTPS by number where their names are young,
a port without quotes. A test loads every type with dnspython and with PowerDNS's `pdnsutil load-zone`; only IPSECKEY without
a gateway is not read by both, since PowerDNS leaves out the dot that RFC 4025 (section 3.1) asks for.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import dns.rdatatype

from netbox_pdns.dns.rdata import parse_rdata, rdata_wire
from netbox_pdns.dns.rrset import RRset, Zone

_RARE = frozenset(
    [
        "A6",
        "AMTRELAY",
        "ATMA",
        "AVC",
        "BRID",
        "CLA",
        "DOA",
        "DSYNC",
        "EID",
        "GID",
        "GPOS",
        "HHIT",
        "HIP",
        "ISDN",
        "MD",
        "MF",
        "NIMLOC",
        "NINFO",
        "NSAP",
        "NSAP-PTR",
        "NULL",
        "NXNAME",
        "NXT",
        "PX",
        "RESINFO",
        "RT",
        "SIG",
        "SINK",
        "TA",
        "TALINK",
        "UID",
        "UINFO",
        "UNSPEC",
        "WALLET",
        "WKS",
        "X25",
    ]
)
"""Types that one or another of the common servers has no name or no text for."""
_OLD_PARAMETERS = 6
"""The largest SvcParamKey that RFC 9460 names (ipv6hint)."""
_MANDATORY, _NO_DEFAULT_ALPN, _PORT = 0, 2, 3


def master_file(zone: Zone, header: Iterable[str] = (), disabled: Iterable[RRset] = ()) -> str:
    """Return *zone* as `NAME TTL IN TYPE RDATA` lines with absolute names, the SOA first, below *header* as comments.

    Master files know no *disabled* records: they come last, as comments.
    """
    off = [f"Disabled: {line}" for rrset in disabled for line in _lines(rrset)]
    above, below = ([f"; {line}" for text in texts for line in text.splitlines()] for texts in (header, off))
    records = [line for rrset in sorted(zone.rrsets.values(), key=_soa_first) for line in _lines(rrset)]
    return "\n".join([*above, *records, *below, ""])


def _lines(rrset: RRset) -> list[str]:
    return [f"{rrset.name} {rrset.ttl} IN {_data(rrset.type, rdata)}" for rdata in rrset.rdatas]


def _soa_first(rrset: RRset) -> tuple[bool, str, str]:
    return rrset.type != "SOA", rrset.name, rrset.type


def _data(type: str, rdata: str) -> str:
    """Return type and rdata in the form that is read most widely."""
    if type in _RARE:
        wire = rdata_wire(type, rdata)
        return f"TYPE{int(dns.rdatatype.from_text(type))} \\# {len(wire)} {wire.hex()}".rstrip()
    writer = None if rdata.startswith("\\# ") else _WRITERS.get(type)
    return f"{type} {rdata.rstrip() if writer is None else writer(parse_rdata(type, rdata))}"


def _cert(rdata: Any) -> str:
    key = rdata.to_text().split(" ", 3)[3].replace(" ", "")
    return f"{int(rdata.certificate_type)} {rdata.key_tag} {int(rdata.algorithm)} {key}"


def _service(rdata: Any) -> str:
    parameters = (_parameter(int(key), rdata.params[key]) for key in sorted(rdata.params))
    return " ".join([str(rdata.priority), rdata.target.to_text(), *parameters])


def _parameter(key: int, value: Any) -> str:
    if key == _MANDATORY:
        return "mandatory=" + ",".join(_parameter_name(int(each)) for each in value.keys)
    if key == _NO_DEFAULT_ALPN:
        return "no-default-alpn"
    if key == _PORT:
        return f"port={value.port}"
    if key <= _OLD_PARAMETERS:
        return f"{_parameter_name(key)}={value.to_text()}"
    return f'{_parameter_name(key)}="{_escaped(value)}"'


def _parameter_name(key: int) -> str:
    names = {1: "alpn", 2: "no-default-alpn", 3: "port", 4: "ipv4hint", 5: "ech", 6: "ipv6hint"}
    return names.get(key, f"key{key}")


def _escaped(value: Any) -> str:
    octets = io.BytesIO()
    if value is not None:
        value.to_wire(octets)
    return "".join(
        chr(octet) if chr(octet).isalnum() and octet < 0x80 else f"\\{octet:03d}" for octet in octets.getvalue()
    )


_WRITERS: Mapping[str, Callable[[Any], str]] = {"CERT": _cert, "HTTPS": _service, "SVCB": _service}
