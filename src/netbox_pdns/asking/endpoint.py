"""Where DNS is asked."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from netbox_pdns.errors import ConfigurationError, TransientError
from netbox_pdns.settings import TargetSettings

PORT = 53


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A host (name or address) and port that answer DNS; `hint` says what to do where they do not."""

    host: str
    port: int = PORT
    hint: str | None = None

    @property
    def text(self) -> str:
        """`HOST port PORT`, for messages."""
        return f"{self.host} port {self.port}"

    async def address(self, *, tcp: bool = False) -> str:
        """Return the host's IP address, one of IPv4 where it has one; raises `TransientError` where it has none."""
        kind = socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM
        try:
            found = await asyncio.get_running_loop().getaddrinfo(self.host, self.port, type=kind)
        except OSError as error:
            raise self.silent("TCP" if tcp else "UDP", str(error)) from error
        # A server that listens on one family alone is nearly always one of IPv4.
        return str(min(found, key=lambda each: each[0] != socket.AF_INET)[4][0])

    def silent(self, transport: str, reason: str) -> TransientError:
        """Return the error that says that nothing answers here."""
        return TransientError(f"DNS at {self.text} does not answer over {transport}: {reason}", hint=self.hint)


def dns_endpoint(settings: TargetSettings) -> Endpoint:
    """Return where a target's DNS is asked: `dns_address`, else the URL's host and port 53.

    Raises `ConfigurationError` for an address that is none.
    """
    setting = settings.setting("dns_address")
    hint = f"set {setting} to where PowerDNS answers queries (`local-address`, `local-port`)"
    address = settings.dns_address
    if address is None:
        return Endpoint(urlsplit(settings.url).hostname or "", PORT, hint)
    host, port = _split(address)
    if not host:
        raise ConfigurationError(
            f"{setting} is {address!r}, which is no address",
            hint="write HOST, HOST:PORT or [IPv6]:PORT",
            setting=setting,
        )
    return Endpoint(host, port or PORT, hint)


def _split(address: str) -> tuple[str, int | None]:
    """Return host and port, an empty host where *address* is none; an IPv6 address may come without brackets."""
    bare = address.count(":") > 1 and "[" not in address
    try:
        parts = urlsplit(f"//[{address}]" if bare else f"//{address}")
        port = parts.port
    except ValueError:
        return "", None
    return ("" if parts.path or parts.query else parts.hostname or ""), port
