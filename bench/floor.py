"""The floor: a bare script with the cheapest requests known for the same bytes, both servers side by side, no more.

It decodes nothing, decides nothing and checks status codes alone. Its bodies are made before the clock starts.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

from workload import DEFAULT_TTL, NAMESERVERS, SERIAL, records, zone_name

from netbox_pdns.sandbox.running import RunningNetBox, RunningPowerDNS

NETBOX_AT_ONCE = 2
"""Requests to NetBox under way together: more buy nothing with its two workers."""
POWERDNS_AT_ONCE = 8
_PAGE = 1000
_FIELDS = "id,zone,fqdn,type,value,ttl"
_RECORDS = "/api/plugins/netbox-dns/records/"
_TIMEOUT = 120.0


@dataclass(frozen=True, slots=True)
class Floor:
    """The requests of a first sync and of one with nothing to do."""

    netbox: RunningNetBox
    powerdns: RunningPowerDNS
    sizes: list[int]

    def first_sync(self) -> Callable[[], None]:
        """Return what reads all of NetBox's records and makes every zone."""
        bodies = [json.dumps(_zone(number, size)).encode() for number, size in enumerate(self.sizes)]
        return lambda: self._both([lambda body=body: self._powerdns("POST", "", body) for body in bodies])

    def nothing_to_do(self) -> Callable[[], None]:
        """Return what reads all of NetBox's records and every zone of PowerDNS."""
        names = [zone_name(number) for number in range(len(self.sizes))]
        return lambda: self._both([lambda name=name: self._powerdns("GET", f"/{name}.") for name in names])

    def _both(self, requests: Iterable[Callable[[], None]]) -> None:
        with ThreadPoolExecutor(NETBOX_AT_ONCE) as netbox, ThreadPoolExecutor(POWERDNS_AT_ONCE) as powerdns:
            total = sum(self.sizes) + len(self.sizes) * (1 + len(NAMESERVERS))
            pages = [netbox.submit(self._page, offset) for offset in range(0, total, _PAGE)]
            rest = [powerdns.submit(request) for request in requests]
            for future in (*pages, *rest):
                future.result()

    def _page(self, offset: int) -> None:
        query = f"?fields={_FIELDS}&active=true&ordering=id&limit={_PAGE}&offset={offset}"
        _request(self.netbox.url, "GET", f"{_RECORDS}{query}", {"Authorization": f"Token {self.netbox.token}"})

    def _powerdns(self, method: str, path: str, body: bytes | None = None) -> None:
        where = f"/api/v1/servers/{self.powerdns.server_id}/zones{path}"
        _request(self.powerdns.url, method, where, {"X-API-Key": self.powerdns.api_key}, body)


def _zone(number: int, size: int) -> dict[str, object]:
    zone = zone_name(number)
    soa = f"{NAMESERVERS[0]}. hostmaster.bench.example. {SERIAL} 43200 7200 2419200 3600"
    rrsets = [_rrset(f"{zone}.", "SOA", soa), _rrset(f"{zone}.", "NS", *(f"{server}." for server in NAMESERVERS))]
    for name, type, value in records(size):
        content = {"TXT": f'"{value}"', "MX": f"{value}.{zone}."}.get(type, value)
        rrsets.append(_rrset(f"{name}.{zone}.", type, content))
    return {"name": f"{zone}.", "kind": "Native", "account": "floor", "soa_edit_api": "", "rrsets": rrsets}


def _rrset(name: str, type: str, *contents: str) -> dict[str, object]:
    found = [{"content": content, "disabled": False} for content in contents]
    return {"name": name, "type": type, "ttl": DEFAULT_TTL, "records": found}


def _request(url: str, method: str, path: str, headers: dict[str, str], body: bytes | None = None) -> None:
    parts = urlsplit(url)
    assert parts.hostname is not None
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=_TIMEOUT)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:300]!r}")
    finally:
        connection.close()
