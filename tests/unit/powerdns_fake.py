"""A server that answers what a test wants, over HTTP on the loopback: for answers that no real one gives on demand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from netbox_pdns.powerdns.client import PowerDNSClient
from netbox_pdns.resilience.retry import RetryHook, RetryPolicy, ignore
from netbox_pdns.sandbox.serving import serving
from netbox_pdns.settings import TargetSettings

Answer = Callable[[Request, bytes], Response]
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
AT_ONCE = RetryPolicy(base=0.0)


@asynccontextmanager
async def client_of(answer: Answer, *, hook: RetryHook = ignore, **fields: object) -> AsyncIterator[PowerDNSClient]:
    """Yield a client of a server that answers each request, with its body, by *answer*."""

    async def handle(request: Request) -> Response:
        return answer(request, await request.body())

    async with serving(Starlette(routes=[Route("/{path:path}", handle, methods=METHODS)])) as url:
        settings = TargetSettings.model_validate({"url": url, "token": SecretStr("canary"), "flat": True, **fields})
        async with PowerDNSClient(settings, hook=hook, policy=AT_ONCE) as client:
            yield client
