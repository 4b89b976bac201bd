"""Why a record is no longer wanted, from what NetBox has of it; one bad record there keeps nothing from being explained."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from netbox_pdns.netbox.client import NetBoxClient
from netbox_pdns.netbox.explain import explain
from netbox_pdns.netbox.wire import RECORDS
from netbox_pdns.planning.values import Explanations, ZoneRef
from netbox_pdns.sandbox.serving import serving
from netbox_pdns.settings import NetBoxSettings

ZONE = ZoneRef(7, "a.example.", "v", "")
WWW = ("www.a.example.", "A", "192.0.2.1")
PARKED = {"id": 1, "fqdn": "www.a.example.", "type": "A", "value": "192.0.2.1", "status": "inactive"}


def explained(*inactive: dict[str, Any]) -> Explanations:
    """Return why `WWW` is no longer wanted, where the zone has these records out of service and the log nothing."""

    async def answer(request: Request) -> Response:
        asked = request.query_params
        found = list(inactive) if request.url.path == RECORDS and asked.get("active") == "false" else []
        return JSONResponse({"count": len(found), "next": None, "results": found})

    async def work() -> Explanations:
        async with (
            serving(Starlette(routes=[Route("/{path:path}", answer)])) as url,
            NetBoxClient(NetBoxSettings(url=url, token=SecretStr("x"))) as client,
        ):
            return await explain(client, ZONE, [WWW])

    return asyncio.run(work())


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param({"fqdn": None}, id="without-an-absolute-name"),
        pytest.param({"fqdn": ""}, id="with-an-empty-one"),
        pytest.param({"fqdn": "a..example."}, id="with-one-that-is-none"),
        pytest.param({"type": "NO TYPE"}, id="of-no-type"),
        pytest.param({"value": "no address"}, id="with-no-rdata"),
    ],
)
def test_a_bad_record_out_of_service_keeps_no_other_from_being_the_reason(bad: dict[str, Any]) -> None:
    """A database migration may have left it so."""
    assert explained({**PARKED, **bad}, {**PARKED, "id": 9}) == {WWW: "its record 9 is not active (status inactive)"}


def test_without_a_record_there_is_no_reason() -> None:
    """What nobody explains is the guard's matter."""
    assert explained() == {}
