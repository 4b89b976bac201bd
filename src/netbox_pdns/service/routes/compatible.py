"""The older connector's interface, for those who come from it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request

from netbox_pdns.errors import ConflictError, DataError
from netbox_pdns.service import documents
from netbox_pdns.service.context import KEYED, Context, KeyedRoute, Service, problems
from netbox_pdns.service.documents import moment
from netbox_pdns.service.ports import ZoneEvent
from netbox_pdns.service.problems import ProblemError
from netbox_pdns.sync.hints import Cause, Depth, Trigger

router = APIRouter(tags=["compatible"], route_class=KeyedRoute, dependencies=KEYED, deprecated=True)
_REFUSALS = problems(400, 401, 403, 408, 413, 429)
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["id", "name"],
                    "properties": {
                        "id": {"type": "integer", "description": "NetBox's id of the zone."},
                        "name": {"type": "string", "description": "The zone's name."},
                        "serial": {"type": ["integer", "null"]},
                    },
                    "example": {"id": 12, "name": "example.com", "serial": 7},
                }
            }
        },
    },
    "parameters": [
        {
            "name": name,
            "in": "header",
            "description": "Hexadecimal HMAC-SHA256 of the body with the webhook secret, where one is set.",
            "schema": {"type": "string"},
        }
        for name in ("X-Hub-Signature-256", "X-Signature-256")
    ],
}


@router.get("/sync", responses=problems(401, 403, 429))
async def sync_compatible(service: Context) -> documents.Accepted:
    """Have all zones looked at. Use `POST /api/v1/sync`."""
    now = service.now
    service.parts.hints.look_everywhere(Depth.LISTS, Cause(Trigger.COMPATIBLE, came=now))
    return documents.Accepted(accepted=moment(now), hints=1)


@router.post("/zones/create", responses=_REFUSALS, openapi_extra=_BODY)
async def create_compatible(request: Request, service: Context) -> documents.Accepted:
    """Have a zone looked at. Use NetBox's own webhook, `POST /webhooks/netbox`."""
    return await _taken(request, service, "create")


@router.post("/zones/update", responses=_REFUSALS, openapi_extra=_BODY)
async def update_compatible(request: Request, service: Context) -> documents.Accepted:
    """Have a zone looked at. Use NetBox's own webhook, `POST /webhooks/netbox`."""
    return await _taken(request, service, "update")


@router.delete("/zones/delete", responses=_REFUSALS, openapi_extra=_BODY)
async def delete_compatible(request: Request, service: Context) -> documents.Accepted:
    """Have a zone looked at. Use NetBox's own webhook, `POST /webhooks/netbox`."""
    return await _taken(request, service, "delete")


async def _taken(request: Request, service: Service, event: ZoneEvent) -> documents.Accepted:
    body = await request.body()
    now = service.now
    try:
        hints = service.parts.take_compatible(event, body, request.headers)
    except ConflictError as error:
        service.parts.metrics.webhook("compatible", "refused")
        raise ProblemError(401, str(error), hint=error.hint, headers={"WWW-Authenticate": "Signature"}) from error
    except DataError as error:
        service.parts.metrics.webhook("compatible", "bad")
        raise ProblemError(400, f"Invalid data: {error}", hint=error.hint) from error
    service.parts.metrics.webhook("compatible", "accepted")
    return documents.Accepted(accepted=moment(now), hints=hints)
