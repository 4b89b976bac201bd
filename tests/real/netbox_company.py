"""A view of its own in the real NetBox, to be filled, edited and read."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr
from servers import NetBoxServer

from netbox_pdns.netbox.source import NetBoxSource
from netbox_pdns.planning.values import Desired, Explanations, RecordKey, ZoneRef
from netbox_pdns.settings import NetBoxSettings, Selection

_DNS = "plugins/netbox-dns"


@dataclass
class Company:
    """A view of its own in the real NetBox, with a nameserver, and zones as they are made."""

    netbox: NetBoxServer
    word: str
    view: int
    nameserver: int

    @property
    def settings(self) -> NetBoxSettings:
        """How NetBox is reached."""
        return NetBoxSettings(url=self.netbox.url, token=SecretStr(self.netbox.token))

    @property
    def selection(self) -> Selection:
        """The zones of the view."""
        return Selection(view=self.word)

    def zone(self, name: str, **more: Any) -> int:
        """Make a zone and return its id."""
        body = {
            "name": name,
            "view": self.view,
            "nameservers": [self.nameserver],
            "soa_mname": self.nameserver,
            "soa_rname": f"hostmaster.{self.word}.example",
            "default_ttl": 3600,
        }
        return int(self.netbox.request("POST", f"{_DNS}/zones/", json={**body, **more})["id"])

    def record(self, zone: int, name: str, type: str, value: str, **more: Any) -> int:
        """Make a record and return its id."""
        body = {"zone": zone, "name": name, "type": type, "value": value, **more}
        return int(self.netbox.request("POST", f"{_DNS}/records/", json=body)["id"])

    def edit(self, kind: str, number: int, **more: Any) -> None:
        """Change an object."""
        self.netbox.request("PATCH", f"{_DNS}/{kind}/{number}/", json=more)

    def delete(self, kind: str, number: int) -> None:
        """Delete an object."""
        self.netbox.request("DELETE", f"{_DNS}/{kind}/{number}/")

    def read(self) -> dict[str, Desired]:
        """Read every zone of the view."""

        async def work() -> dict[str, Desired]:
            async with NetBoxSource(self.settings) as source:
                refs = await source.zones(self.selection)
                return {desired.zone.name: desired async for desired in source.read(refs)}

        return asyncio.run(work())

    def explain(self, ref: ZoneRef, *removed: RecordKey) -> Explanations:
        """Ask why records went."""

        async def work() -> Explanations:
            async with NetBoxSource(self.settings) as source:
                return await source.explain(ref, removed)

        return asyncio.run(work())

    def explain_zones(self, *names: str) -> dict[str, str]:
        """Ask why zones went."""

        async def work() -> dict[str, str]:
            async with NetBoxSource(self.settings) as source:
                return {name: gone.why for name, gone in (await source.explain_zones(names, self.selection)).items()}

        return asyncio.run(work())


@contextmanager
def company_in(netbox_server: NetBoxServer) -> Iterator[Company]:
    """Have a view of one's own; it and its zones are deleted at the end of the block."""
    word = f"c{secrets.token_hex(4)}"
    view = netbox_server.request("POST", f"{_DNS}/views/", json={"name": word})["id"]
    nameserver = netbox_server.request("POST", f"{_DNS}/nameservers/", json={"name": f"ns1.{word}.example"})["id"]
    try:
        yield Company(netbox_server, word, view, nameserver)
    finally:
        zones = netbox_server.request("GET", f"{_DNS}/zones/?view_id={view}&limit=1000&fields=id")["results"]
        if zones:
            netbox_server.request("DELETE", f"{_DNS}/zones/", json=[{"id": zone["id"]} for zone in zones])
        netbox_server.request("DELETE", f"{_DNS}/views/{view}/")
        netbox_server.request("DELETE", f"{_DNS}/nameservers/{nameserver}/")
