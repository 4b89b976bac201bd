"""Which zone a record is in, by its names; and by NetBox's word where they do not tell."""

from __future__ import annotations

import asyncio

import dns.name
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from netbox_pdns.netbox.client import NetBoxClient
from netbox_pdns.netbox.placing import by_zone, zone_name
from netbox_pdns.netbox.wire import RECORDS, Named, RecordRow, ZoneRow
from netbox_pdns.sandbox.serving import serving
from netbox_pdns.settings import NetBoxSettings


def _row(number: int, name: str, fqdn: str | None) -> RecordRow:
    return RecordRow(number, name, fqdn, "A", "192.0.2.1", None)


@pytest.mark.parametrize(
    ("name", "fqdn", "zone"),
    [
        pytest.param("www", "www.example.com.", "example.com", id="plain"),
        pytest.param("@", "example.com.", "example.com", id="apex"),
        pytest.param("a.b", "a.b.example.com.", "example.com", id="two-labels"),
        pytest.param("a", "a.b.example.com.", "b.example.com", id="the-same-name-in-the-zone-below"),
        pytest.param("WWW", "WWW.Example.COM.", "example.com", id="no-case"),
        pytest.param("com", "com.", "", id="the-root-zone"),
        pytest.param("@", ".", "", id="the-root-zone-itself"),
        pytest.param("a\\.b", "a\\.b.example.com.", "example.com", id="a-dot-in-a-label"),
        pytest.param("www.example.com.", "www.example.com.", None, id="an-absolute-name-tells-none"),
        pytest.param("www", "mail.example.com.", None, id="names-that-do-not-agree"),
        pytest.param("www", None, None, id="no-absolute-name"),
    ],
)
def test_names_tell_the_zone(name: str, fqdn: str | None, zone: str | None) -> None:
    """The zone's name is what the absolute name has more than the relative one."""
    assert zone_name(_row(1, name, fqdn)) == zone


_LABEL = st.text(
    st.characters(codec="ascii", categories=("L", "N"), include_characters="._-*/\\@"), min_size=1, max_size=12
)


@given(st.lists(_LABEL, min_size=1, max_size=3), st.lists(_LABEL, min_size=1, max_size=3))
def test_names_as_netbox_makes_them_always_tell_the_zone(below: list[str], above: list[str]) -> None:
    """NetBox joins relative name and zone as dnspython does, whatever the labels hold."""
    relative = dns.name.Name([label.encode() for label in below])
    zone = dns.name.Name([label.encode() for label in (*above, "")])
    fqdn = relative.derelativize(zone).to_text()
    assert zone_name(_row(1, relative.to_text(), fqdn)) == zone.to_text().removesuffix(".").lower()


def test_a_record_whose_names_tell_no_zone_of_the_group_is_asked_for() -> None:
    """Such records, and no others, are asked for with their zone; one that has gone meanwhile is in none."""
    asked: list[str] = []

    async def answer(request: Request) -> Response:
        asked.extend(request.query_params.getlist("id"))
        rows = [{"id": 3, "zone": {"id": 8}}, {"id": 4, "zone": {"id": 7}}]
        return JSONResponse({"count": 2, "next": None, "results": rows})

    zones = [
        ZoneRow(number, name, Named(1), "active", True, 60) for number, name in ((7, "a.example"), (8, "b.example"))
    ]
    rows = [
        _row(1, "www", "www.a.example."),
        _row(2, "www", "www.B.example."),
        _row(3, "www", "www.elsewhere.example."),
        _row(4, "x", None),
        _row(5, "gone", None),
    ]

    async def work() -> dict[int, list[int]]:
        async with (
            serving(Starlette(routes=[Route(RECORDS, answer)])) as url,
            NetBoxClient(NetBoxSettings(url=url, token=SecretStr("x"))) as client,
        ):
            found = await by_zone(client, zones, rows)
            return {zone: [row.id for row in records] for zone, records in found.items()}

    assert asyncio.run(work()) == {7: [1, 4], 8: [2, 3]}
    assert asked == ["3", "4", "5"]


def test_a_zone_that_is_alone_has_them_all() -> None:
    """Where one zone was asked for its records need not tell."""

    async def work() -> list[int]:
        async with NetBoxClient(NetBoxSettings(url="http://127.0.0.1:9", token=SecretStr("x"))) as client:
            zone = ZoneRow(7, "a.example", Named(1), "active", True, 60)
            return [row.id for row in (await by_zone(client, [zone], [_row(1, "www", None)]))[7]]

    assert asyncio.run(work()) == [1]
