"""Where a target's DNS answers, and what it says there: over UDP and TCP, like any resolver or secondary."""

from __future__ import annotations

import asyncio
import socket
from urllib.parse import urlsplit

import dns.asyncquery
import dns.exception
import dns.message
import dns.rcode
import dns.rdatatype

from netbox_pdns.errors import ConfigurationError, TransientError
from netbox_pdns.settings import TargetSettings

_PORT = 53
_PATIENCE = 5.0
_PAYLOAD = 1232
"""EDNS buffer size that passes everywhere (DNS Flag Day 2020)."""


def dns_endpoint(settings: TargetSettings) -> tuple[str, int]:
    """Return host and port where DNS is asked: `dns_address`, else the URL's host and port 53.

    Raises `ConfigurationError` for an address that is none.
    """
    setting = settings.setting("dns_address")
    address = settings.dns_address
    if address is None:
        return urlsplit(settings.url).hostname or "", _PORT
    host, port = _split(address)
    if not host:
        raise ConfigurationError(
            f"{setting} is {address!r}, which is no address",
            hint="write HOST, HOST:PORT or [IPv6]:PORT",
            setting=setting,
        )
    return host, port or _PORT


def _split(address: str) -> tuple[str, int | None]:
    """Return host and port, an empty host where *address* is none; an IPv6 address may come without brackets."""
    bare = address.count(":") > 1 and "[" not in address
    try:
        parts = urlsplit(f"//[{address}]" if bare else f"//{address}")
        port = parts.port
    except ValueError:
        return "", None
    return ("" if parts.path or parts.query else parts.hostname or ""), port


async def asked(settings: TargetSettings, name: str, type: str, *, tcp: bool = False) -> dns.message.Message:
    """Return what the target's DNS answers.

    Raises `TransientError` that names address and transport where nothing comes within five seconds.
    """
    host, port = dns_endpoint(settings)
    query = dns.message.make_query(name, type, use_edns=0, payload=_PAYLOAD)
    ask = dns.asyncquery.tcp if tcp else dns.asyncquery.udp
    try:
        async with asyncio.timeout(_PATIENCE):
            return await ask(query, await _address(host, port, tcp=tcp), port=port)
    except (dns.exception.DNSException, OSError, EOFError) as error:
        transport = "TCP" if tcp else "UDP"
        raise TransientError(
            f"DNS at {host} port {port} does not answer over {transport}: {str(error) or error.__class__.__name__}",
            hint=f"set {settings.setting('dns_address')} to where PowerDNS answers queries (`local-address`, `local-port`)",
        ) from error


async def _address(host: str, port: int, *, tcp: bool) -> str:
    kind = socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=kind)
    # A server that listens on one family alone is nearly always one of IPv4.
    return str(min(found, key=lambda each: each[0] != socket.AF_INET)[4][0])


def soa_serial_of(answer: dns.message.Message) -> int | None:
    """Return the SOA serial in *answer*, None where it has none."""
    if answer.rcode() != dns.rcode.NOERROR:
        return None
    found = [rdata for rrset in answer.answer if rrset.rdtype == dns.rdatatype.SOA for rdata in rrset]
    return int(found[0].serial) if found else None
