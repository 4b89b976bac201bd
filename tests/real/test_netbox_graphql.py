"""GraphQL answers as REST does, for what is read by it; where it does not, REST is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import fault_proxy
import pytest
from fault_proxy import FaultProxy, Rule, status
from fidelity import ROWS
from netbox_company import Company
from servers import NetBoxServer

from netbox_pdns.netbox.client import NetBoxClient
from netbox_pdns.netbox.point_reads import MOST_NAMES, MOST_RECORDS, PointReads
from netbox_pdns.netbox.selection import zones_called
from netbox_pdns.netbox.source import NetBoxSource
from netbox_pdns.netbox.wire import GRAPHQL, RECORD_FIELDS, RECORDS, Page, RecordRow
from netbox_pdns.planning.values import Desired
from netbox_pdns.sandbox.background import in_background

pytestmark = pytest.mark.real


@pytest.fixture
def proxy(netbox_server: NetBoxServer) -> Iterator[FaultProxy]:
    """A proxy before the real NetBox that writes down what is asked."""
    with in_background(fault_proxy.running_proxy(netbox_server.url)) as running:
        yield running


def _by_rest(client: NetBoxClient, **query: Any) -> Any:
    asked = [(key, each) for key, value in query.items() for each in (value if isinstance(value, list) else [value])]
    return client.get(
        RECORDS, [("fields", RECORD_FIELDS), ("active", "true"), *asked, ("limit", 1000)], Page[RecordRow]
    )


def _names(rows: Sequence[RecordRow]) -> list[str]:
    return sorted({(row.fqdn or "").lower() for row in rows})


async def _alike(company: Company, zone: int, name: str) -> None:
    """See that both give the same rows: of the zone, and of every one of its names, one by one and many at once."""
    async with NetBoxClient(company.settings) as client:
        points = PointReads(client)
        whole: Sequence[RecordRow] = (await _by_rest(client, zone_id=zone)).results
        called = await points.zones_called(name)
        assert called is not None
        assert list(called.zones) == list(await zones_called(client, (f"{name}.",)))
        few = len(whole) <= MOST_RECORDS
        assert called.records == (sorted(whole, key=lambda row: row.id) if few else None)
        names = _names(whole)
        for at in range(0, len(names), MOST_NAMES):
            some = names[at : at + MOST_NAMES]
            found = await points.records_at(zone, some)
            assert found is not None
            wanted = (await _by_rest(client, zone_id=zone, fqdn__ie=some)).results
            assert sorted(found, key=lambda row: row.id) == sorted(wanted, key=lambda row: row.id)


def test_every_type_and_value_is_the_same(company: Company) -> None:
    """All that the table can type into NetBox: escapes, letters beyond ASCII, empty and long texts, generic types."""
    name = f"all.{company.word}.example"
    zone = company.zone(name)
    rows = [
        {"zone": zone, "name": row.name, "type": row.type, "value": row.value, "disable_ptr": True}
        for row in ROWS
        if row.typed_in and row.type != "CNAME"
    ]
    company.netbox.request("POST", "plugins/netbox-dns/records/", json=rows)
    asyncio.run(_alike(company, zone, name))


def test_what_is_not_active_is_not_there(company: Company) -> None:
    """Records by their status, zones by theirs; names without case; TTL 0 is no missing TTL; no other zone's."""
    name = f"some.{company.word}.example"
    zone, other = company.zone(name), company.zone(f"not-{name}")
    for row in ("www", "WWW2", "*", "a.b"):
        company.record(zone, row, "A", "192.0.2.1", ttl=0, disable_ptr=True)
        company.record(other, row, "A", "192.0.2.2", disable_ptr=True)
    company.record(zone, "off", "A", "192.0.2.3", status="inactive", disable_ptr=True)
    asyncio.run(_alike(company, zone, name))
    company.edit("zones", zone, status="parked")

    async def found() -> tuple[object, object]:
        async with NetBoxClient(company.settings) as client:
            points = PointReads(client)
            return await points.zones_called(name), await points.records_at(zone, [f"www.{name}."])

    assert asyncio.run(found()) == (None, [])


def test_a_zone_of_another_view_is_another_zone(company: Company) -> None:
    """Names are asked for by the zone's id; of two zones called alike the records are not told apart, so both are given."""
    name = f"twin.{company.word}.example"
    (view,) = company.netbox.request("GET", "plugins/netbox-dns/views/?default_view=true&fields=id")["results"]
    zone, twin = company.zone(name), company.zone(name, view=view["id"])
    for each, value in ((zone, "192.0.2.1"), (twin, "192.0.2.2")):
        company.record(each, "www", "A", value, disable_ptr=True)

    async def found() -> tuple[list[str], int]:
        async with NetBoxClient(company.settings) as client:
            points = PointReads(client)
            rows, called = await points.records_at(zone, [f"www.{name}."]), await points.zones_called(name)
            assert rows is not None
            assert called is not None
            return [row.value for row in rows], len(called.zones)

    try:
        assert asyncio.run(found()) == (["192.0.2.1"], 2)
        ref, desired = asyncio.run(_alone(company, name))
        assert (ref, [rrset.rdatas for key, rrset in desired.zone.rrsets.items() if key[1] == "A"]) == (
            zone,
            [("192.0.2.1",)],
        )
    finally:
        company.delete("zones", twin)


async def _alone(company: Company, name: str) -> tuple[int, Desired]:
    async with NetBoxSource(company.settings) as source:
        ref = await source.zone(company.selection, f"{name}.")
        assert ref is not None
        (desired,) = [each async for each in source.read((ref,))]
        return ref.id, desired


def _read(company: Company, proxy: FaultProxy, name: str, names: Collection[str]) -> tuple[Desired, Desired | None]:
    """Read a zone that is asked for by its name, and then some names of it."""
    settings = company.settings.model_copy(update={"url": proxy.url})

    async def work() -> tuple[Desired, Desired | None]:
        async with NetBoxSource(settings) as source:
            ref = await source.zone(company.selection, f"{name}.")
            assert ref is not None
            (whole,) = [each async for each in source.read((ref,))]
            return whole, await source.read_names(ref, names)

    return asyncio.run(work())


def _content_asked(proxy: FaultProxy) -> list[str]:
    paths = [each.target.partition("?")[0] for each in proxy.seen]
    return [path.removeprefix("/api/plugins/netbox-dns") for path in paths if "object-changes" not in path]


@pytest.mark.parametrize(
    ("records", "asked"),
    [
        pytest.param(MOST_RECORDS - 2, [GRAPHQL, GRAPHQL], id="small"),
        pytest.param(MOST_RECORDS - 1, [GRAPHQL, "/zones/", "/records/", GRAPHQL], id="larger"),
    ],
)
def test_what_is_asked(company: Company, proxy: FaultProxy, records: int, asked: list[str]) -> None:
    """A small zone comes in one request, and so do names of any zone; the looks at the change log are left out here."""
    name = f"sized.{company.word}.example"
    zone = company.zone(name)
    rows = [
        {"zone": zone, "name": f"h{n}", "type": "A", "value": "192.0.2.1", "disable_ptr": True} for n in range(records)
    ]
    company.netbox.request("POST", "plugins/netbox-dns/records/", json=rows)
    with proxy.harming():
        whole, part = _read(company, proxy, name, [f"h1.{name}."])
        assert _content_asked(proxy) == asked
    assert len(whole.zone.rrsets) == records + 2
    assert part is not None
    assert sorted(part.zone.rrsets) == sorted([(f"{name}.", "NS"), (f"{name}.", "SOA"), (f"h1.{name}.", "A")])


@pytest.mark.long
@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(status("404 Not Found"), id="switched-off"),
        pytest.param(status("403 Forbidden"), id="forbidden"),
        pytest.param(status("500 Internal Server Error"), id="broken"),
        pytest.param(fault_proxy.login_page, id="login-page"),
        pytest.param(status("200 OK", body=b'{"data": null, "errors": [{"message": "no"}]}'), id="another-schema"),
        pytest.param(status("200 OK", body=b'{"data": {"zones": [{"id": "x"}]}}'), id="another-shape"),
        pytest.param(status("200 OK", body=b"{"), id="no-json"),
    ],
)
def test_rest_is_asked_where_graphql_does_not_answer(company: Company, proxy: FaultProxy, answer: Any) -> None:
    """Once; for a while after that GraphQL is not asked."""
    name = f"www.{company.word}.example"
    zone = company.zone(name)
    company.record(zone, "h1", "A", "192.0.2.1", disable_ptr=True)
    with proxy.harming(Rule(answer, path=GRAPHQL, times=None)):
        whole, part = _read(company, proxy, name, [f"h1.{name}."])
        assert _content_asked(proxy) == [GRAPHQL, "/zones/", "/records/", "/records/"]
    assert part is not None
    assert whole.zone.rrsets == part.zone.rrsets
