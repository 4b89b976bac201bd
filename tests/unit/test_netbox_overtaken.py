"""A reading that an edit overtakes, told by a small NetBox that edits itself between two requests."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from netbox_pdns.errors import TransientError
from netbox_pdns.netbox.source import NetBoxSource
from netbox_pdns.netbox.wire import CHANGES, RECORDS, VIEWS, ZONES
from netbox_pdns.planning.values import Desired, ZoneRef
from netbox_pdns.resilience.retry import RetryPolicy
from netbox_pdns.sandbox.serving import serving
from netbox_pdns.settings import NetBoxSettings, Selection

REFS = (ZoneRef(1, "quiet.example.", "v", ""), ZoneRef(2, "busy.example.", "v", ""))
MANY = (*REFS, *(ZoneRef(3 + number, f"q{number}.example.", "v", "") for number in range(60)))
_DOUBLE = ZoneRef(MANY[-1].id + 1, "quiet.example.", "w", "")
_ELSEWHERE = "198.51.100.1"
"""The address in zones of the second view."""
_ABOUT_ELSEWHERE = 10
"""The log entry of a zone of the second view."""


@dataclass
class Restless:
    """Zones (*refs*) with two addresses each; after each of the next *edits* readings of `busy` its addresses change.

    The log entry of an edit has an id below the ones before: it was given before another transaction's, and committed
    after. Pages hold *page* objects.
    """

    edits: int
    page: int = 1000
    value: int = 1
    log: list[int] = field(default_factory=lambda: [500])
    refs: tuple[ZoneRef, ...] = REFS
    named: list[int] = field(default_factory=list)
    """The zones that requests for records named."""
    elsewhere: tuple[ZoneRef, ...] = ()
    """Zones of a second view, `w`."""
    appears: ZoneRef | None = None
    """A zone of the second view that is made before the records are read for the first time."""
    explaining: int = 0
    """Requests for entries that explain why something goes."""

    async def answer(self, request: Request) -> Response:
        """Answer one request."""
        query = request.query_params
        ids = {int(each) for key in ("id", "zone_id") for each in query.getlist(key)}
        self.explaining += "q" in query
        self.named += [int(each) for each in query.getlist("zone_id")]
        if request.url.path == RECORDS and self.appears is not None:
            self.elsewhere, self.appears = (self.appears,), None
            self.log.append(_ABOUT_ELSEWHERE)
        rows = [row for row in self._rows(request.url.path) if not ids or row.get("zone", row)["id"] in ids]
        if named := query.get("zone") or query.get("name__ie"):
            rows = [row for row in rows if row.get("zone", row)["name"] == named]
        if view := query.get("view_id"):
            rows = [row for row in rows if row["view"]["id"] == int(view)]
        if "time_before" in query:  # nothing is as old
            rows = []
        if "id__gte" in query:
            last = int(query.get("id__lte", 1_000))
            rows = [row for row in rows if int(query["id__gte"]) <= row["id"] <= last]
        count = None if "start" in query else len(rows)
        rest = [row for row in rows if row["id"] >= int(query.get("start", 0))]
        if request.url.path == RECORDS and (not ids or 2 in ids) and rows and self.edits:
            self.edits -= 1
            self.value += 1
            self.log.append(min(self.log) - 1)
        following = "more" if len(rest) > self.page else None
        return JSONResponse({"count": count, "next": following, "results": rest[: self.page]})

    def _rows(self, path: str) -> list[dict[str, Any]]:
        refs = (*self.refs, *self.elsewhere)
        zones = [{"id": ref.id, "name": ref.name.rstrip(".")} for ref in refs]
        if path == VIEWS:
            return [_view("v"), _view("w")]
        if path == ZONES:
            more = {"status": "active", "active": True, "default_ttl": 60}
            return [{**zone, "view": _view(ref.view), **more} for zone, ref in zip(zones, refs, strict=True)]
        if path == RECORDS:
            return [
                {
                    "id": zone["id"] * 10 + number,
                    "zone": zone,
                    "name": f"w{number}",
                    "fqdn": f"w{number}.{zone['name']}.",
                    "type": "A",
                    "value": _ELSEWHERE if ref.view == "w" else f"192.0.2.{self.value if zone['id'] == 2 else 0}",
                    "ttl": None,
                }
                for zone, ref in zip(zones, refs, strict=True)
                for number in (1, 2)
            ]
        assert path == CHANGES
        kind = {"changed_object_type": "netbox_dns.record", "changed_object_id": 21, "action": {"value": "update"}}
        made = {"time": "2026-01-01T00:00:00Z", "request_id": "r"}
        return [{"id": each, **made, **kind, **_edit(each)} for each in sorted(self.log)]


def _view(name: str) -> dict[str, Any]:
    return {"id": "-vw".index(name), "name": name, "default_view": name == "v"}


def _edit(entry: int) -> dict[str, Any]:
    zone = {"zone": MANY[-1].id + 1 if entry == _ABOUT_ELSEWHERE else 2}
    return {"prechange_data": zone, "postchange_data": zone}


async def _read(netbox: Restless, into: list[Desired], *names: str, listed: bool = False, begun: bool = True) -> None:
    async with serving(Starlette(routes=[Route("/{path:path}", netbox.answer)])) as url:
        settings = NetBoxSettings(url=url, token=SecretStr("x"))
        async with NetBoxSource(settings, policy=RetryPolicy(attempts=1), asks_ahead=True) as source:
            if listed and begun and not names:
                await source.begin(Selection())
            refs = await source.zones(Selection(), names) if listed else REFS
            async for desired in source.read(refs):
                into.append(desired)  # noqa: PERF401 - what comes before an error counts


def _values(desired: list[Desired], zone: str) -> set[str]:
    return {
        rdata
        for each in desired
        if each.ref.name == zone
        for rrset in each.zone.content.values()
        for rdata in rrset.rdatas
    }


@pytest.mark.parametrize("edits", [0, 1, 2, 3])
@pytest.mark.parametrize("page", [pytest.param(1000, id="one-page"), pytest.param(1, id="a-page-a-record")])
def test_a_zone_that_an_edit_overtook_is_read_again(edits: int, page: int) -> None:
    """What is yielded is what NetBox held at one time after the last edit, whatever id the edit's log entry has."""
    desired: list[Desired] = []
    asyncio.run(_read(netbox := Restless(edits, page), desired))
    assert sorted(each.ref.id for each in desired) == [1, 2]
    assert _values(desired, "busy.example.") == {f"192.0.2.{netbox.value}"}


@pytest.mark.parametrize("edits", [0, 1, 2, 40])
@pytest.mark.parametrize("page", [pytest.param(1000, id="one-page"), pytest.param(30, id="pages")])
def test_everything_is_read_at_once_and_what_an_edit_overtook_again(edits: int, page: int) -> None:
    """No zone comes twice, none is missing, and the edited one comes as it is after the last edit."""
    desired: list[Desired] = []
    netbox = Restless(edits, page, refs=MANY)
    asyncio.run(_read(netbox, desired, listed=True))
    assert sorted(each.ref.id for each in desired) == [ref.id for ref in MANY]
    assert all(len(each.zone.content) == 2 for each in desired)
    assert len(_values(desired, "busy.example.")) == 1
    if edits < 40:  # more than it is tried; then it is one page's moment
        assert _values(desired, "busy.example.") == {f"192.0.2.{netbox.value}"}


@pytest.mark.parametrize("edits", [0, 1, 2, 3])
@pytest.mark.parametrize("page", [pytest.param(1000, id="one-page"), pytest.param(1, id="a-page-a-record")])
def test_a_zone_by_name_is_read_ahead_and_what_an_edit_overtook_again(edits: int, page: int) -> None:
    """Its records are asked for beside its row; what comes is what NetBox held at one time after the last edit."""
    desired: list[Desired] = []
    netbox = Restless(edits, page)
    asyncio.run(_read(netbox, desired, "busy.example.", listed=True))
    assert [each.ref.id for each in desired] == [2]
    assert _values(desired, "busy.example.") == {f"192.0.2.{netbox.value}"}
    assert bool(netbox.named) == bool(edits)


def _ahead(url: str) -> NetBoxSource:
    """Return a source that asks ahead."""
    return NetBoxSource(NetBoxSettings(url=url, token=SecretStr("x")), asks_ahead=True)


def test_what_explains_is_asked_anew_with_each_listing() -> None:
    """An entry of another reading tells nothing: an older deletion never explains what went later."""
    netbox = Restless(0)

    async def asked_ahead() -> list[int]:
        app = Starlette(routes=[Route("/{path:path}", netbox.answer)])
        found = []
        async with serving(app) as url, _ahead(url) as source:
            for _ in range(3):
                (ref,) = await source.zones(Selection(), ["busy.example."])
                await source.read([ref]).__anext__()
                found.append(netbox.explaining)
        return found

    first, second, third = asyncio.run(asked_ahead())
    assert 0 < first < second < third


def test_everything_is_read_by_requests_that_name_no_zone() -> None:
    """That is what makes it cheap: one request for every page."""
    desired: list[Desired] = []
    netbox = Restless(0, refs=MANY)
    asyncio.run(_read(netbox, desired, listed=True))
    assert netbox.named == []


def test_where_nobody_began_zones_come_one_group_after_another() -> None:
    """Who writes them has work from the first group on."""
    desired: list[Desired] = []
    netbox = Restless(0, refs=MANY)
    asyncio.run(_read(netbox, desired, listed=True, begun=False))
    assert sorted(each.ref.id for each in desired) == [ref.id for ref in MANY]
    assert len(netbox.named) > 1


@pytest.mark.parametrize(
    ("elsewhere", "appears"),
    [
        pytest.param((_DOUBLE,), None, id="there-before"),
        pytest.param((), _DOUBLE, id="made-while-records-are-read"),
    ],
)
def test_a_zone_called_the_same_in_another_view_is_told_apart(
    elsewhere: tuple[ZoneRef, ...], appears: ZoneRef | None
) -> None:
    """Names tell zones as long as one view has all of them; else records are asked for by zone."""
    desired: list[Desired] = []
    netbox = Restless(0, refs=MANY, elsewhere=elsewhere, appears=appears)
    asyncio.run(_read(netbox, desired, listed=True))
    assert sorted(each.ref.id for each in desired) == [ref.id for ref in MANY]
    assert _values(desired, "quiet.example.") == {"192.0.2.0"}
    assert netbox.named


def test_a_small_zone_that_is_edited_all_the_while_is_taken_as_it_stood() -> None:
    """One page is one moment: such a zone is yielded, so that it does not starve."""
    desired: list[Desired] = []
    asyncio.run(_read(Restless(edits=10_000), desired))
    assert len(_values(desired, "busy.example.")) == 1


def test_a_large_zone_that_is_edited_all_the_while_stops_no_other() -> None:
    """It is never yielded half old and half new; the error at the end names it, and the other zone has been yielded."""
    desired: list[Desired] = []
    with pytest.raises(TransientError, match=r"overtook .* busy\.example\."):
        asyncio.run(_read(Restless(edits=10_000, page=1), desired))
    assert [each.ref.name for each in desired] == ["quiet.example."]
