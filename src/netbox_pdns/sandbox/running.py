"""How the servers are reached that were started for the demo, a test or a developer."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class RunningPowerDNS:
    """A PowerDNS that answers: its API's base URL (without a trailing slash and `/api`), key and DNS address."""

    url: str
    api_key: str = field(repr=False)
    server_id: str
    dns_host: str
    dns_port: int

    @property
    def dns_address(self) -> str:
        """`HOST:PORT` where DNS is asked, over UDP and TCP."""
        return f"{self.dns_host}:{self.dns_port}"


@dataclass(frozen=True, slots=True)
class RunningNetBox:
    """A NetBox that answers: its base URL (without a trailing slash and `/api`) and two tokens of an administrator."""

    url: str
    token: str = field(repr=False)
    """Version 1: `Authorization: Token KEY`."""
    token_v2: str = field(repr=False)
    """Version 2: `Authorization: Bearer nbt_KEY.SECRET`; this is the whole `nbt_KEY.SECRET`."""
