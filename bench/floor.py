"""The floor: a bare script with the cheapest requests known for the same bytes, both servers side by side, no more.

A sync's bytes are the two lists of zones, which tell what there is to compare, all records, and all zones' content.

It decodes nothing, decides nothing and checks status codes alone. Its bodies are made, and the ids where the pages of
NetBox begin are learnt, before the clock starts.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

from workload import DEFAULT_TTL, NAMESERVERS, SERIAL, records, zone_name

from netbox_pdns.sandbox.running import RunningNetBox, RunningPowerDNS

NETBOX_AT_ONCE = 2
"""Requests to NetBox under way together: more buy nothing with its two workers."""
POWERDNS_AT_ONCE = 8
_PAGE = 1000
_ZONE_FIELDS = "id,name,view,status,active,default_ttl,soa_serial"
_FIELDS = "id,name,fqdn,type,value,ttl"
_RECORDS = "/api/plugins/netbox-dns/records/"
_TIMEOUT = 600.0
_RRSETS_AT_ONCE = 10_000
"""They take less than the 2 MB that PowerDNS accepts."""

Request = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Floor:
    """The requests of a first sync and of one with nothing to do."""

    netbox: RunningNetBox
    powerdns: RunningPowerDNS
    sizes: list[int]
    starts: Sequence[int]
    """The ids at which NetBox's pages begin."""

    @classmethod
    def of(cls, netbox: RunningNetBox, powerdns: RunningPowerDNS, sizes: list[int]) -> Floor:
        """Learn where the pages begin."""
        return cls(netbox, powerdns, sizes, list(_starts(netbox)))

    def first_sync(self) -> Request:
        """Return what reads both lists of zones and all of NetBox's records, and makes every zone."""
        zones = [self.making(number, size) for number, size in enumerate(self.sizes)]
        return lambda: self._with_all_records([lambda steps=steps: [step() for step in steps] for steps in zones])

    def nothing_to_do(self) -> Request:
        """Return what reads both lists of zones, all of NetBox's records and every zone of PowerDNS."""
        return lambda: self._with_all_records([self.reading(number) for number in range(len(self.sizes))])

    def two_lists(self) -> Request:
        """Return what lists the zones of both sides, side by side."""
        return lambda: _side_by_side(self._netbox_zones(), [self._powerdns_zones()])

    def one_change(self, zone_id: int) -> Request:
        """Return what reads the first zone on both sides, side by side, and then writes one RRset and the SOA there."""
        query = f"?fields={_FIELDS}&active=true&limit={_PAGE}&start=0&zone_id={zone_id}"
        rrsets = [_replaced(each) for each in _rrsets(0, 1) if each["type"] != "NS"]
        patch = self._powerdns("PATCH", f"/{zone_name(0)}.", {"rrsets": rrsets})

        def work() -> None:
            with ThreadPoolExecutor(2) as both:
                page = both.submit(_netbox, self.netbox, query)
                zone = both.submit(self.reading(0))
                for future in (page, zone):
                    future.result()
            patch()

        return work

    def making(self, number: int, size: int) -> list[Request]:
        """Return what makes a zone: one request, or the first of its RRsets, the others, and one rectification."""
        name, fields, rrsets = f"{zone_name(number)}.", _fields(number), _rrsets(number, size)
        if len(rrsets) <= _RRSETS_AT_ONCE:
            return [self._powerdns("POST", "", {**fields, "rrsets": rrsets})]
        first, *others = (rrsets[at : at + _RRSETS_AT_ONCE] for at in range(0, len(rrsets), _RRSETS_AT_ONCE))
        return [
            self._powerdns("POST", "", {**fields, "api_rectify": False, "rrsets": first}),
            *(self._powerdns("PATCH", f"/{name}", {"rrsets": [_replaced(each) for each in some]}) for some in others),
            self._powerdns("PUT", f"/{name}/rectify"),
        ]

    def reading(self, number: int) -> Request:
        """Return what reads a zone of PowerDNS."""
        return self._powerdns("GET", f"/{zone_name(number)}.")

    def _with_all_records(self, of_powerdns: Iterable[Request]) -> None:
        """Make the requests of PowerDNS, its list of zones the first, beside those for all zones and records of NetBox."""
        pages = [lambda start=start: _page(self.netbox, start, _FIELDS) for start in self.starts]
        _side_by_side([*self._netbox_zones(), *pages], [self._powerdns_zones(), *of_powerdns])

    def _netbox_zones(self) -> list[Request]:
        token = {"Authorization": f"Token {self.netbox.token}"}
        query = f"/api/plugins/netbox-dns/zones/?fields={_ZONE_FIELDS}&active=true&limit={_PAGE}&offset="
        starts = range(0, len(self.sizes), _PAGE)
        return [lambda at=at: request(self.netbox.url, "GET", f"{query}{at}", token) for at in starts]

    def _powerdns_zones(self) -> Request:
        return self._powerdns("GET", "")

    def _powerdns(self, method: str, path: str, body: dict[str, object] | None = None) -> Request:
        where = f"/api/v1/servers/{self.powerdns.server_id}/zones{path}"
        text = None if body is None else json.dumps(body).encode()
        return lambda: request(self.powerdns.url, method, where, {"X-API-Key": self.powerdns.api_key}, text)


def _side_by_side(of_netbox: Iterable[Request], of_powerdns: Iterable[Request]) -> None:
    with ThreadPoolExecutor(NETBOX_AT_ONCE) as netbox, ThreadPoolExecutor(POWERDNS_AT_ONCE) as powerdns:
        for future in [*map(netbox.submit, of_netbox), *map(powerdns.submit, of_powerdns)]:
            future.result()


def _starts(netbox: RunningNetBox) -> Iterator[int]:
    start: int | None = 0
    while start is not None:
        yield start
        page = json.loads(_page(netbox, start, "id"))
        start = page["results"][-1]["id"] + 1 if page["next"] else None


def _page(netbox: RunningNetBox, start: int, fields: str) -> bytes:
    return _netbox(netbox, f"?fields={fields}&active=true&limit={_PAGE}&start={start}")


def _netbox(netbox: RunningNetBox, query: str) -> bytes:
    return request(netbox.url, "GET", f"{_RECORDS}{query}", {"Authorization": f"Token {netbox.token}"})


def _fields(number: int) -> dict[str, object]:
    return {"name": f"{zone_name(number)}.", "kind": "Native", "account": "floor", "soa_edit_api": ""}


def _rrsets(number: int, size: int) -> list[dict[str, object]]:
    zone = zone_name(number)
    soa = f"{NAMESERVERS[0]}. hostmaster.bench.example. {SERIAL} 43200 7200 2419200 3600"
    rrsets = [_rrset(f"{zone}.", "SOA", soa), _rrset(f"{zone}.", "NS", *(f"{server}." for server in NAMESERVERS))]
    for name, type, value in records(size):
        content = {"TXT": f'"{value}"', "MX": f"{value}.{zone}."}.get(type, value)
        rrsets.append(_rrset(f"{name}.{zone}.", type, content))
    return rrsets


def _rrset(name: str, type: str, *contents: str) -> dict[str, object]:
    found = [{"content": content, "disabled": False} for content in contents]
    return {"name": name, "type": type, "ttl": DEFAULT_TTL, "records": found}


def _replaced(rrset: dict[str, object]) -> dict[str, object]:
    return {**rrset, "changetype": "REPLACE"}


def request(url: str, method: str, path: str, headers: dict[str, str], body: bytes | None = None) -> bytes:
    """Return the body of the answer; raises where its status is no success."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=_TIMEOUT)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:300]!r}")
        return text
    finally:
        connection.close()
