"""The application: routes, refusals, and what every answer has."""

from __future__ import annotations

import time
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from netbox_pdns import __version__
from netbox_pdns.redaction import Secrets
from netbox_pdns.service.context import KeyedRoute, Service
from netbox_pdns.service.problems import MEDIA_TYPE
from netbox_pdns.service.refusals import HANDLERS, unexpected
from netbox_pdns.service.routes import compatible, events, probes, webhooks, work, zones

_ABOUT = """Keeps PowerDNS Authoritative servers equal to what NetBox DNS holds.

Nothing here writes DNS by itself: a request leaves a hint where to look, and the keeper finds out the rest."""
_EVERYWHERE = [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]
"""Headers that every answer has, unless it says otherwise."""
_PROBES = frozenset({"/health", "/livez", "/readyz", "/status", "/metrics"})


def create_app(service: Service) -> FastAPI:
    """Return the application that shows *service*."""
    app = FastAPI(
        title="netbox-pdns",
        version=__version__,
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        default_response_class=_clean_json(service.secrets),
        exception_handlers=dict(HANDLERS),  # type: ignore[arg-type]  # each takes the kind it stands for
        middleware=[
            Middleware(_Outermost),
            Middleware(_Proxies),
        ],
    )
    app.state.service = service
    for module in (probes, webhooks, zones, work, events, compatible):
        app.include_router(module.router)
    app.router.add_api_route(
        "/openapi.json", _openapi, include_in_schema=False, response_model=None, route_class_override=KeyedRoute
    )
    app.openapi = lambda: _description(app)  # type: ignore[method-assign]  # FastAPI's own way to change it
    return app


def exchange(app: FastAPI, service: Service) -> None:
    """Have *app* show *service* from the next request on."""
    app.state.service = service
    app.openapi_schema = None  # it says where a key is needed


async def _openapi(request: Request) -> JSONResponse:
    return JSONResponse(request.app.openapi())


def _clean_json(secrets: Secrets) -> type[JSONResponse]:
    """Return what writes answers: no secret is in them, whoever repeated one."""

    class CleanJSON(JSONResponse):
        def render(self, content: Any) -> bytes:
            return super().render(secrets.clean(content))

    return CleanJSON


def _description(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI description: refusals have their media type, and a key is asked for where it is asked for."""
    if app.openapi_schema is None:
        made = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        without_key = _without_key(app.state.service)
        for path, operations in made["paths"].items():
            for operation in operations.values():
                if path in without_key:
                    operation.pop("security", None)
                for status, answer in operation["responses"].items():
                    content = answer.get("content", {})
                    if int(status) >= 400 and _is_problem(content):
                        answer["content"] = {MEDIA_TYPE: content["application/json"]}
        app.openapi_schema = made
    return app.openapi_schema


def _without_key(service: Service) -> set[str]:
    free = set() if service.options.status_needs_key else {"/status", "/mqtt/status"}
    free |= set() if service.options.metrics_needs_key else {"/metrics"}
    return free | ({"/webhooks/netbox"} if service.webhooks_signed else set())


def _is_problem(content: dict[str, Any]) -> bool:
    return bool(content.get("application/json", {}).get("schema", {}).get("$ref", "").endswith("/Problem"))


class _Proxies:
    """Believes those proxies that the settings name at the moment, and nobody else, about who asks."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._trusted: tuple[str, ...] = ()
        self._believing: Any = ProxyHeadersMiddleware(app, [])  # type: ignore[arg-type]  # uvicorn has types of its own

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            service: Service = scope["app"].state.service
            if (trusted := service.options.trusted_proxies) != self._trusted:
                self._trusted = trusted
                self._believing = ProxyHeadersMiddleware(self._app, list(trusted))  # type: ignore[arg-type]
        await self._believing(scope, receive, send)


class _Outermost:
    """Around everything: counts requests, adds what every answer has, and turns faults of ours into plain refusals.

    A probe may be asked by HEAD; the server leaves the content of the answer away (RFC 9110, section 9.3.2).
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        service: Service = scope["app"].state.service
        began, status = time.perf_counter(), 0
        asked = {**scope, "method": "GET"} if scope["method"] == "HEAD" and scope["path"] in _PROBES else scope

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                there = {name.lower() for name, _ in message.get("headers", ())}
                message["headers"] = [
                    *message.get("headers", ()),
                    *(each for each in _EVERYWHERE if each[0] not in there),
                ]
            await send(message)

        try:
            await self._app(asked, receive, sent)
        except Exception as error:  # noqa: BLE001  whatever it is, it is logged whole and answered without its words
            answer = unexpected(Request(scope), error)
            if not status:
                await answer(scope, receive, sent)
        finally:
            service.parts.metrics.request(scope["method"], status)
            service.logger.debug(
                "request",
                method=scope["method"],
                path=scope["path"],
                status=status,
                seconds=round(time.perf_counter() - began, 4),
            )
