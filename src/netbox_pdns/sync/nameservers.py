"""The addresses of zones' name servers: as NetBox's own zones have them, else as the system resolves them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping

from netbox_pdns.dns.names import ancestors
from netbox_pdns.dns.rrset import RRset
from netbox_pdns.errors import TransientError
from netbox_pdns.planning.values import ZoneRef
from netbox_pdns.sync.ports import Source


class NameServers:
    """Looks names up, each once. *zones* are the zones of NetBox that may hold addresses, by name."""

    def __init__(self, source: Source, zones: Mapping[str, ZoneRef]) -> None:
        self._source = source
        self._zones = zones
        self._found: dict[str, asyncio.Task[tuple[str, ...]]] = {}

    async def addresses(self, name: str) -> tuple[str, ...]:
        """Return the addresses of a name server, those of IPv4 where it has any.

        Raises `TransientError` where nobody knows any.
        """
        if name not in self._found:
            self._found[name] = asyncio.create_task(self._look_up(name))
        return await self._found[name]

    async def _look_up(self, name: str) -> tuple[str, ...]:
        zone = next((self._zones[each] for each in reversed(ancestors(name, ".")) if each in self._zones), None)
        if zone is not None:
            async for desired in self._source.read([zone]):
                held = [desired.zone.rrsets.get((name, type)) for type in ("A", "AAAA")]
                if found := _first_family(held):
                    return found
        return await _resolved(name)


def _first_family(rrsets: list[RRset | None]) -> tuple[str, ...]:
    return next((rrset.rdatas for rrset in rrsets if rrset is not None), ())


async def _resolved(name: str) -> tuple[str, ...]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(name.rstrip("."), None, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError) as error:
        raise TransientError(
            f"the address of the name server {name} is not known: {error}",
            hint="NetBox's zones have none, and neither has this machine's resolver",
        ) from error
    by_family = {
        family: [str(each[4][0]) for each in found if each[0] == family] for family in (socket.AF_INET, socket.AF_INET6)
    }
    return tuple(dict.fromkeys(by_family[socket.AF_INET] or by_family[socket.AF_INET6]))
