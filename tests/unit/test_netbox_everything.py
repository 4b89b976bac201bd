"""All records at once: what they mean, by their zones, whatever the order in which pages come."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from netbox_pdns.netbox.client import NetBoxClient
from netbox_pdns.netbox.everything import AllRecords, Everything
from netbox_pdns.netbox.rrsets import Meaning
from netbox_pdns.netbox.wire import RECORDS, RecordRow, ViewRow, ZoneRow
from netbox_pdns.planning.values import LeftOut
from netbox_pdns.sandbox.serving import serving
from netbox_pdns.settings import NetBoxSettings

ZONES = [
    ZoneRow(number, name, ViewRow(1, "v"), "active", True, 60) for number, name in ((7, "A.example"), (8, "b.example."))
]
PAGES = [
    [RecordRow(1, "www", "www.a.example.", "A", "192.0.2.1", None), RecordRow(2, "@", "b.example.", "TXT", "x", 0)],
    [RecordRow(3, "WWW", "WWW.a.Example.", "A", "192.0.2.2", 5), RecordRow(4, "www", "www.b.example.", "A", "x", None)],
    [RecordRow(5, "www", "www.c.example.", "A", "192.0.2.1", None), RecordRow(6, "www", None, "A", "192.0.2.1", None)],
]
_JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_records_are_by_their_zones_in_the_order_of_ids(order: tuple[int, ...]) -> None:
    """Those of zones that were not listed, and those whose names tell no zone, are named by their ids."""
    records = AllRecords("{id}")
    for page in order:
        records.take(PAGES[page])
    found, others = records.by_zone(ZONES)
    assert found[7] == [
        Meaning("www.a.example.", "A", "192.0.2.1", None, 1),
        Meaning("www.a.example.", "A", "192.0.2.2", 5, 3),
    ]
    text, left_out = found[8]
    assert text == Meaning("b.example.", "TXT", '"x"', 0, 2)
    assert isinstance(left_out, LeftOut)
    assert (left_out.zone, left_out.record_id) == ("b.example.", 4)
    assert sorted(others) == [5, 6]


@pytest.mark.parametrize(
    ("begun", "listed", "since"),
    [
        pytest.param(3, 5, 3, id="begun-before-the-list-was-read-again"),
        pytest.param(5, 5, 5, id="begun-beside-the-list"),
    ],
)
def test_everything_is_from_after_the_first_of_its_looks(begun: int, listed: int, since: int) -> None:
    """Records whose names tell no zone are asked for, by their ids, and take their place among the others."""
    rows = [row for page in PAGES for row in page] + [RecordRow(9, "www", "www.a.example.", "A", "192.0.2.9", None)]
    asked: list[list[str]] = []

    async def app(request: Request) -> Response:
        if ids := request.query_params.getlist("id"):
            asked.append(ids)
            results: list[object] = [{**msgspec.to_builtins(row), "zone": {"id": 7}} for row in rows if row.id == 6]
            results[0]["fqdn"] = "www.a.example."  # type: ignore[index]
        else:
            results = list(rows)
        return Response(msgspec.json.encode({"count": len(results), "next": None, "results": results}), headers=_JSON)

    async def work() -> tuple[list[int], int]:
        async with (
            serving(Starlette(routes=[Route(RECORDS, app)])) as url,
            NetBoxClient(NetBoxSettings(url=url, token=SecretStr("x"))) as client,
        ):
            everything = Everything(client)
            everything.begin(begun)
            read = await everything.read(ZONES, listed)
            assert read is not None
            found, look = read
            return [each.id for each in found[7] if isinstance(each, Meaning)], look

    assert asyncio.run(work()) == ([1, 3, 6, 9], since)
    assert sorted(asked[0]) == ["5", "6"]


def test_what_was_begun_ends_when_it_is_given_up() -> None:
    """Nobody may ever want it: nothing of it goes on, and no error of it is told."""

    async def work() -> int:
        async with NetBoxClient(NetBoxSettings(url="http://127.0.0.1:9", token=SecretStr("x"))) as client:
            everything = Everything(client)
            everything.begin(1)
            await everything.close()
            return len(asyncio.all_tasks())

    assert asyncio.run(work()) == 1
