"""What is made of GraphQL's answers, and when it is not asked."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from netbox_pdns.netbox.client import NetBoxClient
from netbox_pdns.netbox.point_reads import AWAY, MOST_NAMES, MOST_RECORDS, CalledZones, PointReads
from netbox_pdns.netbox.wire import GRAPHQL
from netbox_pdns.sandbox.serving import serving
from netbox_pdns.settings import NetBoxSettings

VIEW = {"id": "1", "name": "v", "default_view": True}
ZONE = {"id": "7", "name": "a.example", "status": "active", "active": True, "default_ttl": "3600", "view": VIEW}
TWIN = {**ZONE, "id": "8"}
SOA = {"id": "1", "name": "@", "fqdn": "a.example.", "type": "SOA", "value": "ns. host. 1 2 3 4 5", "ttl": None}


def record(number: int) -> dict[str, Any]:
    """Return a record as GraphQL has it."""
    return {**SOA, "id": str(number), "type": "A", "value": "192.0.2.1", "ttl": "0"}


def answered(data: Mapping[str, Any], times: Sequence[float] = (0.0,)) -> tuple[list[CalledZones | None], int]:
    """Return what is made of the answer *data* at each of *times*, and how often it was asked for."""
    asked = 0
    now = 0.0

    async def app(request: Request) -> Response:
        nonlocal asked
        asked += request.url.path == GRAPHQL and request.method == "POST"
        return JSONResponse(data)

    async def work() -> list[CalledZones | None]:
        nonlocal now
        found = []
        async with (
            serving(Starlette(routes=[Route("/{path:path}", app, methods=["POST"])])) as url,
            NetBoxClient(NetBoxSettings(url=url, token=SecretStr("x"))) as client,
        ):
            points = PointReads(client, lambda: now)
            for now in times:  # noqa: B007 - the clock
                found.append(await points.zones_called("a.example"))
        return found

    return asyncio.run(work()), asked


def of(zones: list[Any], records: list[Any], after: list[Any] | None = None) -> dict[str, Any]:
    """Return an answer."""
    return {"data": {"zones": zones, "records": records, "after": zones if after is None else after}}


@pytest.mark.parametrize(
    ("data", "zones", "records"),
    [
        pytest.param(of([ZONE], [record(9), SOA]), [7], [1, 9], id="a-zone-with-its-records"),
        pytest.param(of([ZONE], [SOA], after=[{**ZONE, "default_ttl": 60}]), None, None, id="edited-meanwhile"),
        pytest.param(of([ZONE], [SOA], after=[]), None, None, id="gone-meanwhile"),
        pytest.param(of([], []), None, None, id="no-zone-that-is-seen"),
        pytest.param(of([ZONE], []), [7], None, id="records-that-the-token-may-not-see"),
        pytest.param(
            of([ZONE], [SOA, *map(record, range(2, MOST_RECORDS + 1))]), [7], MOST_RECORDS, id="as-many-as-come"
        ),
        pytest.param(of([ZONE], [SOA, *map(record, range(2, MOST_RECORDS + 2))]), [7], None, id="more-records"),
        pytest.param(of([ZONE, TWIN], [SOA, {**SOA, "id": "2"}]), [7, 8], [1, 2], id="a-zone-of-another-view"),
        pytest.param({"data": None, "errors": [{"message": "no"}]}, None, None, id="an-error"),
        pytest.param(
            {"data": of([ZONE], [SOA])["data"], "errors": [{"message": "no"}]}, None, None, id="half-an-error"
        ),
        pytest.param([], None, None, id="another-shape"),
    ],
)
def test_what_is_made_of_an_answer(data: Any, zones: list[int] | None, records: list[int] | int | None) -> None:
    """None where REST is to be asked: for all of it, or for the records."""
    ((found,), _) = answered(data)
    assert (None if found is None else [zone.id for zone in found.zones]) == zones
    rows = None if found is None or found.records is None else [row.id for row in found.records]
    assert (len(rows) if isinstance(records, int) and rows else rows) == records


def test_numbers_are_numbers() -> None:
    """GraphQL writes ids as text, and large numbers too; none is no 0."""
    ((found,), _) = answered(of([ZONE], [SOA, record(2)]))
    assert found is not None
    assert found.zones[0].default_ttl == 3600
    assert [row.ttl for row in found.records or ()] == [None, 0]


@pytest.mark.parametrize(
    ("data", "asked"),
    [pytest.param(of([ZONE], [SOA]), 4, id="answers"), pytest.param({"errors": []}, 2, id="does-not")],
)
def test_it_is_left_alone_for_a_minute_where_it_does_not_answer(data: Any, asked: int) -> None:
    """Then it is tried again: it may have been switched on."""
    assert answered(data, [0.0, 1.0, AWAY - 1, AWAY])[1] == asked


@pytest.mark.parametrize("count", [0, MOST_NAMES + 1])
def test_names_that_are_none_or_many_are_asked_of_rest(count: int) -> None:
    """Each of them makes the question longer."""

    async def work() -> object:
        async with NetBoxClient(NetBoxSettings(url="http://127.0.0.1:9", token=SecretStr("x"))) as client:
            return await PointReads(client).records_at(7, [f"h{number}.a.example." for number in range(count)])

    assert asyncio.run(work()) is None
