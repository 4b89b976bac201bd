"""Webhooks: taken note of and answered before any work is done."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request

from netbox_pdns.errors import ConflictError, DataError
from netbox_pdns.service import documents
from netbox_pdns.service.context import KEYED, BoundedRoute, Context, Service, problems
from netbox_pdns.service.documents import moment
from netbox_pdns.service.problems import ProblemError
from netbox_pdns.settings.layers import variable


class _WebhookRoute(BoundedRoute):
    """A route for those who sign, or where nobody can, for those with a key."""

    def admit(self, service: Service, request: Request) -> None:
        """Let pass who signs; the signature is of the body, which is read later."""
        if not service.webhooks_signed:
            service.access.check(request)


router = APIRouter(tags=["webhooks"], route_class=_WebhookRoute)
_BODY = {
    "requestBody": {
        "description": "As NetBox sends it, for zones, records, nameservers and views.",
        "required": True,
        "content": {"application/json": {"schema": {"type": "object"}}},
    },
    "parameters": [
        {
            "name": "X-Hook-Signature",
            "in": "header",
            "description": f"Hexadecimal HMAC-SHA512 of the body with {variable('webhook_secret')}, where that is set.",
            "schema": {"type": "string"},
        }
    ],
}


@router.post(
    "/webhooks/netbox",
    status_code=202,
    dependencies=KEYED,
    responses=problems(400, 401, 403, 408, 413, 429),
    openapi_extra=_BODY,
)
async def take_webhook(request: Request, service: Context) -> documents.Accepted:
    """Take a webhook of NetBox's own. It is signed; without a secret it needs an API key in its place."""
    body = await request.body()
    now = service.now
    try:
        hints = service.parts.take_webhook(body, request.headers)
    except ConflictError as error:
        service.parts.metrics.webhook("netbox", "refused")
        raise ProblemError(401, str(error), hint=error.hint, headers={"WWW-Authenticate": "Signature"}) from error
    except DataError as error:
        service.parts.metrics.webhook("netbox", "bad")
        raise ProblemError(400, f"Invalid data: {error}", hint=error.hint) from error
    service.parts.metrics.webhook("netbox", "accepted")
    return documents.Accepted(accepted=moment(now), hints=hints)
