"""What the DNS plugin takes as a name and as a value, and the form in which it keeps them."""

from __future__ import annotations

import ipaddress
import re
import textwrap
from collections.abc import Callable, Mapping

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype

from netbox_pdns.sandbox.netbox.refusals import Refusal, invalid

TYPES = frozenset(type.name for type in dns.rdatatype.RdataType if not dns.rdatatype.is_metatype(type))
"""Types that a record can have."""
SINGLETONS = frozenset(type.name for type in dns.rdatatype.RdataType if dns.rdatatype.is_singleton(type))
_LEADING_UNDERSCORE = frozenset({"CNAME", "DNAME", "SRV", "SVCB", "TLSA", "TXT"})
_TEXTS = frozenset({"TXT", "SPF"})
_LONGEST_STRING = 255

_STRICT = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_UNDERSCORE = r"[a-z0-9_](?:[a-z0-9-]*[a-z0-9])?"
_TOLERANT = r"(?:[a-z0-9_][a-z0-9_-]*)?[a-z0-9]"


def _owner(label: str) -> re.Pattern[str]:
    return re.compile(rf"[*@]|(?:\*\.)?{label}(?:\.{label})*\.?", re.IGNORECASE)


_OWNER, _OWNER_UNDERSCORE, _GENERIC = _owner(_STRICT), _owner(_UNDERSCORE), _owner(_TOLERANT)
_DOMAIN = re.compile(rf"{_STRICT}(?:\.{_STRICT})*\.?", re.IGNORECASE)
_DOMAIN_TOLERANT = re.compile(rf"{_TOLERANT}(?:\.{_TOLERANT})*\.?", re.IGNORECASE)
_HOST = re.compile(rf"(?:\*|{_STRICT})(?:\.{_STRICT})+\.?", re.IGNORECASE)
_HOST_TOLERANT = re.compile(rf"(?:\*|{_TOLERANT})(?:\.{_TOLERANT})+\.?", re.IGNORECASE)
_MAILBOX = re.compile(rf"(?:\*|{_STRICT})(?:\\\.{_STRICT})*(?:\.{_STRICT}){{2,}}\.?", re.IGNORECASE)
_DOUBLE_DASH = re.compile(r"(?:^|\.)(?!xn)..--", re.IGNORECASE)
_ORDINARY = re.compile(r"[a-z0-9_*-]{1,63}(?:\.[a-z0-9_*-]{1,63})*", re.IGNORECASE)
_IPV4 = re.compile(r"(?:(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(?:\.(?!$)|$)){4}")

_TARGETS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("CNAME", "DNAME", "NS", "HTTPS", "SRV", "SVCB"), ("target",)),
    **dict.fromkeys(("MX", "RT", "KX"), ("exchange",)),
    "RP": ("mbox", "txt"),
    "NAPTR": ("replacement",),
    "PX": ("map822", "mapx400"),
}
"""The names in rdata that the plugin makes absolute in `absolute_value`."""
_CHECKED: Mapping[str, tuple[str, ...]] = {
    **_TARGETS,
    **dict.fromkeys(("PTR", "NSAP_PTR"), ("target",)),
    "NSEC": ("next",),
}


def zone_name(name: str) -> str:
    """Return a zone's name as it is kept, without a final dot; raises `Refusal`."""
    kept = _normal(name)
    if not _fits(_DOMAIN, kept) or _is_ipv4(kept):
        raise invalid("name", f"{kept} is not a valid DNS domain name")
    return kept


def nameserver_name(name: str) -> str:
    """Return a nameserver's name as it is kept, without a final dot; raises `Refusal`."""
    kept = _normal(name)
    if not _fits(_HOST, kept):
        raise invalid("name", f"{kept} is not a valid fully qualified DNS host name")
    return kept


def check_mailbox(name: str) -> None:
    """Raise `Refusal` where *name* is no RNAME of an SOA."""
    if not _fits(_MAILBOX, name):
        raise invalid("soa_rname", f"{name} is not a valid RName")


def owner_name(name: str, type: str, zone: str) -> tuple[str, str]:
    """Return a record's name below *zone* and its absolute name, as they are kept; raises `Refusal`."""
    kept, fqdn = _below(name, zone)
    if not _fits(_OWNER_UNDERSCORE if type in _LEADING_UNDERSCORE else _OWNER, kept):
        raise invalid("name", f"{kept} is not a valid DNS host name")
    return kept, fqdn


def record_value(type: str, value: str) -> str:
    """Return a record's value as it is kept; raises `Refusal` with the plugin's words where it is none of *type*."""
    if type == "A" and _IPV4.fullmatch(value):
        return value
    if type in _TEXTS:
        if not (value.isascii() and value.isprintable()):
            raise invalid("value", f"Record value {value} for a type {type} record is not a printable ASCII string.")
        if len(value) <= _LONGEST_STRING:
            return value
        value = _in_strings(type, value)
    rdata = _parsed(type, value)
    _check_names(type, rdata)
    return value if type in _TEXTS else rdata.to_text()


def absolute_value(type: str, value: str, zone: str) -> str:
    """Return a kept value with its names made absolute below *zone*."""
    targets = _TARGETS.get(type)
    if targets is None:
        return value
    rdata = dns.rdata.from_text(dns.rdataclass.IN, type, value)
    origin = dns.name.from_text(zone)
    return rdata.replace(**{each: getattr(rdata, each).derelativize(origin) for each in targets}).to_text()


def _normal(name: str) -> str:
    try:
        return dns.name.from_text(name, origin=dns.name.root).relativize(dns.name.root).to_text()
    except (dns.exception.DNSException, UnicodeError) as error:
        raise invalid("name", "") from error


def _below(name: str, zone: str) -> tuple[str, str]:
    fqdn = f"{zone}." if name == "@" else f"{name}.{zone}."
    if len(fqdn) <= 254 and (name == "@" or (_ORDINARY.fullmatch(name) and "xn--" not in name.lower())):
        return name, fqdn
    try:
        origin = dns.name.from_text(zone)
        relative, absolute = dns.name.from_text(name, origin=None), dns.name.from_text(name, origin=origin)
        relative.to_unicode()
    except (dns.exception.DNSException, UnicodeError) as error:
        raise invalid("name", str(error)) from error
    if not absolute.is_subdomain(origin):
        raise invalid("name", f"{name} is not a name in {zone}")
    return relative.relativize(origin).to_text(), absolute.to_text()


def _parsed(type: str, value: str) -> dns.rdata.Rdata:
    try:
        return dns.rdata.from_text(dns.rdataclass.IN, type, value)
    except dns.exception.SyntaxError as error:
        raise invalid("value", f"Record value {value} is not a valid value for a {type} record: {error}.") from error
    except (dns.exception.DNSException, ValueError, UnicodeError) as error:
        raise Refusal(500, {"error": str(error), "exception": error.__class__.__name__}) from error


def _check_names(type: str, rdata: dns.rdata.Rdata) -> None:
    for attribute in _CHECKED.get(type, ()):
        name: dns.name.Name = getattr(rdata, attribute)
        text = name.to_text()
        try:
            name.to_unicode()
        except dns.exception.DNSException as error:
            raise invalid("value", f"{text} is not a valid IDN: {error}.") from error
        fits, what = _VALUE_RULES.get(type, (_is_domain, "DNS domain name"))
        if not fits(text):
            raise invalid("value", f"{text} is not a valid {what}")


def _is_domain(name: str) -> bool:
    return name == "." or (_fits(_DOMAIN_TOLERANT, name) and not _is_ipv4(name))


def _is_host(name: str) -> bool:
    return _fits(_HOST_TOLERANT, name)


def _is_generic(name: str) -> bool:
    return _fits(_GENERIC, name)


def _is_alias(name: str) -> bool:
    return name == "@" or _is_domain(name)


_VALUE_RULES: Mapping[str, tuple[Callable[[str], bool], str]] = {
    "CNAME": (_is_alias, "DNS domain name"),
    "PTR": (_is_host, "fully qualified DNS host name"),
    "NSAP_PTR": (_is_host, "fully qualified DNS host name"),
    "NAPTR": (_is_generic, "DNS host name"),
}


def _fits(pattern: re.Pattern[str], name: str) -> bool:
    return pattern.fullmatch(name) is not None and _DOUBLE_DASH.search(name) is None


def _is_ipv4(name: str) -> bool:
    try:
        ipaddress.IPv4Address(name)
    except ValueError:
        return False
    return True


def _in_strings(type: str, value: str) -> str:
    """Return a text that is too long for one string in several; what can be read as it is stays so."""
    bare = value.strip('"')
    try:
        dns.rdata.from_text(dns.rdataclass.IN, type, f'"{bare}"')
    except dns.exception.SyntaxError as error:
        if str(error) != "string too long":
            return value
    else:
        return value
    whole = "".join(re.findall(r'"([^"]+)"', value)) or value
    return " ".join(f'"{part}"' for part in textwrap.wrap(whole, _LONGEST_STRING, drop_whitespace=False))


def arpa_network(name: str) -> str | None:
    """Return the network of a reverse zone's name in CIDR form, None where the name is of none."""
    lowered = name.lower()
    try:
        if lowered.endswith(".in-addr.arpa"):
            octets = lowered.removesuffix(".in-addr.arpa").split(".")[::-1]
            address = ".".join([*octets, *["0"] * (4 - len(octets))])
            return str(ipaddress.IPv4Network(f"{address}/{8 * len(octets)}"))
        if lowered.endswith(".ip6.arpa"):
            digits = lowered.removesuffix(".ip6.arpa").split(".")[::-1]
            return str(ipaddress.IPv6Network((int("".join(digits).ljust(32, "0"), 16), 4 * len(digits))))
    except ValueError:
        return None
    return None


def address_of(fqdn: str) -> str | None:
    """Return the address of a reverse name, None where it is of none or of a network."""
    network = arpa_network(fqdn.removesuffix("."))
    if network is None:
        return None
    address, _, length = network.partition("/")
    return address if int(length) == (128 if ":" in address else 32) else None
