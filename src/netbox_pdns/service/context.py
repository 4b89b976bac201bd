"""What every route works with, and how a route gets it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeAlias

from fastapi import Depends, Security
from fastapi.routing import APIRoute
from fastapi.security import APIKeyHeader, HTTPBearer
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive
from structlog.typing import FilteringBoundLogger

from netbox_pdns.redaction import Secrets
from netbox_pdns.service import documents
from netbox_pdns.service.auth import HEADER, Access
from netbox_pdns.service.ports import ServiceParts
from netbox_pdns.service.problems import ProblemError
from netbox_pdns.settings.service import ServiceOptions

_PATIENCE = 60.0
"""Seconds that the body of a request may take to come."""


@dataclass(frozen=True, slots=True)
class Service:
    """The HTTP side: what it stands on, who may ask, what is never shown.

    `webhooks_signed` tells whether webhooks have a secret of their own; without one they need a key. `stopping` is set
    when the service is told to stop.
    """

    parts: ServiceParts
    options: ServiceOptions
    access: Access
    secrets: Secrets
    logger: FilteringBoundLogger
    webhooks_signed: bool = False
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def now(self) -> float:
        """The time, in seconds since 1970."""
        return self.parts.board.clock()


def service_of(request: Request) -> Service:
    """Return what the application of *request* works with."""
    found = request.app.state.service
    assert isinstance(found, Service)
    return found


Context: TypeAlias = Annotated[Service, Depends(service_of)]
"""A route's parameter: what it works with."""


class BoundedRoute(APIRoute):
    """A route that reads no more of a request than `body_bytes`, whatever length it claims."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what FastAPI calls for a request: the same, behind the door."""
        handler = super().get_route_handler()

        async def bounded(request: Request) -> Response:
            service = service_of(request)
            self.admit(service, request)
            return await handler(Request(request.scope, _bounded(request, service.options.body_bytes)))

        return bounded

    def admit(self, service: Service, request: Request) -> None:
        """Let *request* pass, or raise `ProblemError`; nothing of its body is read yet."""


class KeyedRoute(BoundedRoute):
    """A route for those with a key."""

    def admit(self, service: Service, request: Request) -> None:
        """Let those with a key pass."""
        service.access.check(request)


_BY_HEADER = Security(APIKeyHeader(name=HEADER, scheme_name="key", auto_error=False))
_BY_BEARER = Security(HTTPBearer(scheme_name="bearer", auto_error=False))
KEYED = [_BY_HEADER, _BY_BEARER]
"""Says in the OpenAPI description how a key is shown; `KeyedRoute` is what asks for it."""


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what the OpenAPI description says of a route's refusals."""
    return {status: {"model": documents.Problem} for status in statuses}


def _bounded(request: Request, most: int) -> Receive:
    """Return what receives the body of *request*, up to *most* bytes and for so long alone."""
    too_large = ProblemError(413, f"a request may have {most} bytes, this one has more")
    claimed = request.headers.get("Content-Length", "")
    if claimed.isascii() and claimed.isdecimal() and int(claimed[:20]) > most:
        raise too_large
    deadline = asyncio.get_running_loop().time() + _PATIENCE
    received, whole = 0, False

    async def receive() -> Message:
        nonlocal received, whole
        if whole:  # what comes now is the end of the connection, whenever that is
            return await request.receive()
        try:
            async with asyncio.timeout_at(deadline):
                message = await request.receive()
        except TimeoutError as error:
            raise ProblemError(408, f"the request did not come within {_PATIENCE:.0f} s") from error
        received += len(message.get("body", b""))
        whole = not message.get("more_body", False)
        if received > most:
            raise too_large
        return message

    return receive
