"""NetBox as its users edit it: a few calls of its API, which the sandbox has and the real one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import httpx2

from netbox_pdns.cli.demo.company import DEFAULT_TTL, NAMESERVERS, PUBLIC, CompanyZone
from netbox_pdns.errors import ConfigurationError
from netbox_pdns.sandbox.running import RunningNetBox

_DNS = "/api/plugins/netbox-dns"
_PATIENCE = 60.0


class NetBoxUser:
    """Somebody who edits NetBox; use it as an asynchronous context manager."""

    def __init__(self, reached: RunningNetBox) -> None:
        self._http = httpx2.AsyncClient(
            base_url=reached.url,
            headers={"Authorization": f"Token {reached.token}"},
            timeout=_PATIENCE,
            trust_env=False,
        )
        self._zones: dict[tuple[str, str], int] = {}

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.__aexit__(kind, error, trace)

    async def enter(self, zones: Sequence[CompanyZone]) -> int:
        """Type in the whole company and return how many records that were."""
        views = await self._views({zone.view for zone in zones})
        servers = [row["id"] for row in await self._post("nameservers", [{"name": name} for name in NAMESERVERS])]
        common = {"nameservers": servers, "soa_mname": servers[0], "default_ttl": DEFAULT_TTL}
        rows = [
            {"name": zone.name, "view": views[zone.view], "soa_rname": f"hostmaster.{NAMESERVERS[0]}", **common}
            for zone in zones
        ]
        for zone, row in zip(zones, await self._post("zones", rows), strict=True):
            self._zones[zone.view, zone.name] = row["id"]
        records = [
            {"zone": self._zones[zone.view, zone.name], "name": each.name, "type": each.type, "value": each.value}
            | ({} if each.ttl is None else {"ttl": each.ttl})
            for zone in zones
            for each in zone.records
        ]
        await self._post("records", records)
        return len(records)

    async def add(self, zone: str, name: str, type: str, value: str, *, view: str = PUBLIC) -> None:
        """Add a record to a zone of a view."""
        await self._post("records", [{"zone": self._zones[view, zone], "name": name, "type": type, "value": value}])

    async def change(self, zone: str, name: str, type: str, **fields: Any) -> None:
        """Change the record of that name and type; the first, where there are several."""
        (row, *_) = await self._records(zone, name=name, type=type)
        await self._send("PATCH", f"{_DNS}/records/{row['id']}/", fields)

    async def remove(self, zone: str, **which: str) -> int:
        """Delete the records of a zone that *which* picks (name, type; none: all typed in), and return how many."""
        rows = await self._records(zone, **which)
        await self._send("DELETE", f"{_DNS}/records/", [{"id": row["id"]} for row in rows])
        return len(rows)

    async def rename(self, zone: str, name: str) -> None:
        """Give a zone of the default view another name."""
        number = self._zones.pop((PUBLIC, zone))
        await self._send("PATCH", f"{_DNS}/zones/{number}/", {"name": name})
        self._zones[PUBLIC, name] = number

    async def _views(self, names: set[str]) -> Mapping[str, int]:
        there = {row["name"]: row["id"] for row in await self._list("views")}
        new = sorted(names - there.keys())
        made = await self._post("views", [{"name": name} for name in new]) if new else []
        return there | {row["name"]: row["id"] for row in made}

    async def _records(self, zone: str, **which: str) -> list[dict[str, Any]]:
        return await self._list("records", zone_id=str(self._zones[PUBLIC, zone]), managed="false", **which)

    async def _list(self, kind: str, **query: str) -> list[dict[str, Any]]:
        answer = await self._send("GET", f"{_DNS}/{kind}/", None, {"limit": "1000", **query})
        return list(answer["results"])

    async def _post(self, kind: str, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        return list(await self._send("POST", f"{_DNS}/{kind}/", rows))

    async def _send(self, method: str, path: str, body: Any, query: Mapping[str, str] | None = None) -> Any:
        answer = await self._http.request(method, path, json=body, params=query)
        if not answer.is_success:
            raise ConfigurationError(f"the demo's NetBox refuses {method} {path}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None
