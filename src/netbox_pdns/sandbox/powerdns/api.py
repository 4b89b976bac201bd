"""The HTTP API of the sandbox's PowerDNS, as https://doc.powerdns.com/authoritative/http-api/ describes it."""

from __future__ import annotations

import asyncio
import hmac
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from netbox_pdns.sandbox.powerdns import administration, changes, documents
from netbox_pdns.sandbox.powerdns.errors import ApiError
from netbox_pdns.sandbox.powerdns.zones import RRset, Zone, Zones

_API = "/api/v1"
_SERVER = documents.SERVER
_MEGABYTE = 1024 * 1024
_LARGE = 64 * 1024
"""Requests and answers from about this size on are worked on in a thread."""
_MANY_RRSETS = 1_000
_ESCAPE = re.compile(r"=([0-9A-Fa-f]{2})")
_PHRASES = {
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    500: "Internal Server Error",
}
_HEADERS = {"Connection": "close", "Access-Control-Allow-Origin": "*", "X-Content-Type-Options": "nosniff"}

Handler = Callable[[Request], Awaitable[Response]]


class Api:
    """The API over *zones*; *tell* is called with a zone whose secondaries are to be told (RFC 1996)."""

    def __init__(
        self, zones: Zones, key: str, settings: Mapping[str, str], tell: Callable[[Zone], Awaitable[None]]
    ) -> None:
        self._zones = zones
        self._key = key
        self._settings = settings
        self._tell = tell

    def application(self) -> Starlette:
        """Return the ASGI application; paths that end on a zone come after those that go on."""
        zones, zone = f"{_SERVER}/zones", f"{_SERVER}/zones/{{zone:path}}"
        routes: dict[str, dict[str, Handler]] = {
            "/api": {"GET": self._versions},
            _API: {"GET": self._version},
            f"{_API}/servers": {"GET": self._servers},
            _SERVER: {"GET": self._server},
            f"{_SERVER}/config": {"GET": self._config},
            zones: {"GET": self._list, "POST": self._create},
            f"{zone}/notify": {"PUT": self._notify},
            f"{zone}/rectify": {"PUT": self._rectify},
            f"{zone}/cryptokeys": {"GET": self._keys},
            f"{zone}/metadata": {"GET": self._all_metadata, "POST": self._add_metadata},
            f"{zone}/metadata/{{kind}}": {
                "GET": self._metadata,
                "PUT": self._set_metadata,
                "DELETE": self._delete_metadata,
            },
            zone: {"GET": self._read, "PATCH": self._patch, "PUT": self._update, "DELETE": self._delete},
        }
        methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
        return Starlette(
            routes=[Route(path, self._dispatching(by_method), methods=methods) for path, by_method in routes.items()],
            exception_handlers={404: _not_found},
        )

    def _dispatching(self, by_method: Mapping[str, Handler]) -> Handler:
        """Return what answers a path: the key first, then the method, then the handler; errors become answers."""

        async def answer(request: Request) -> Response:
            try:
                self._must_know_key(request)
                handler = by_method.get("GET" if request.method == "HEAD" else request.method, _not_allowed)
                return await handler(request)
            except ApiError as error:
                return _refused(error)

        return answer

    def _must_know_key(self, request: Request) -> None:
        if not hmac.compare_digest(request.headers.get("X-API-Key", "").encode(), self._key.encode()):
            raise ApiError(status=401)

    async def _versions(self, _: Request) -> Response:
        return _json([{"url": _API, "version": 1}])

    async def _version(self, _: Request) -> Response:
        return _json([{"server_url": f"{_API}/servers{{/server}}", "api_features": []}])

    async def _servers(self, _: Request) -> Response:
        return _json([documents.server_document()])

    async def _server(self, _: Request) -> Response:
        return _json(documents.server_document())

    async def _config(self, _: Request) -> Response:
        return _json(
            [{"type": "ConfigSetting", "name": name, "value": value} for name, value in sorted(self._settings.items())]
        )

    async def _list(self, request: Request) -> Response:
        dnssec = _flag(request, "dnssec")
        wanted = request.query_params.get("zone")
        found: Iterable[Zone] = self._zones
        if wanted is not None:
            one = self._zones.by_name.get(_name(wanted))
            found = [] if one is None else [one]
        return _json([documents.zone_line(zone, dnssec=dnssec) for zone in found])

    async def _create(self, request: Request) -> Response:
        document = await self._document(request)
        rrsets = document.get("rrsets")
        content = await _apart(changes.read_content, rrsets if isinstance(rrsets, list) else [])
        zone = administration.created(self._zones, document, content, self._settings)
        return await self._shown(zone, _flag(request, "rrsets"), status=201)

    async def _read(self, request: Request) -> Response:
        zone = self._zone(request)
        query = request.query_params
        return await self._shown(zone, _flag(request, "rrsets"), query.get("rrset_name"), query.get("rrset_type"))

    async def _shown(
        self, zone: Zone, content: bool, name: str | None = None, type: str | None = None, *, status: int = 200
    ) -> Response:
        document = documents.zone_document(zone)
        if not content:
            return _json(document, status)
        found = list(_chosen(zone, name, type))
        if len(found) < _MANY_RRSETS:
            return _json({**document, "rrsets": documents.rrset_documents(found)}, status)
        body = await asyncio.to_thread(
            lambda: msgspec.json.encode({**document, "rrsets": documents.rrset_documents(found)})
        )
        return _json_body(body, status)

    async def _patch(self, request: Request) -> Response:
        self._zone(request)
        document = await self._document(request)
        rrsets = document.get("rrsets")
        if not isinstance(rrsets, list):
            raise ApiError("No rrsets given in update request")
        asked = await _apart(changes.read_changes, rrsets)
        changes.apply(self._zone(request), asked)
        return _nothing()

    async def _update(self, request: Request) -> Response:
        self._zone(request)
        document = await self._document(request)
        administration.update(self._zone(request), document)
        return _nothing()

    async def _delete(self, request: Request) -> Response:
        del self._zones.by_name[self._zone(request).name]
        return _nothing()

    async def _notify(self, request: Request) -> Response:
        await self._tell(self._zone(request))
        return _json({"result": "Notification queued"})

    async def _rectify(self, request: Request) -> Response:
        self._zone(request).rectify()
        return _json({"result": "Rectified"})

    async def _keys(self, request: Request) -> Response:
        return _json(administration.key_documents(self._zone(request)))

    async def _all_metadata(self, request: Request) -> Response:
        return _json([_metadata(kind, values) for kind, values in sorted(self._zone(request).metadata.items())])

    async def _metadata(self, request: Request) -> Response:
        kind = request.path_params["kind"]
        return _json(_metadata(kind, administration.metadata_of(self._zone(request), kind)))

    async def _set_metadata(self, request: Request) -> Response:
        zone, kind = self._zone(request), request.path_params["kind"]
        return _json(_metadata(kind, administration.set_metadata(zone, kind, await self._document(request))))

    async def _add_metadata(self, request: Request) -> Response:
        zone, document = self._zone(request), await self._document(request)
        kind = documents.text_in(document, "kind")
        return _json(_metadata(kind, administration.set_metadata(zone, kind, document, add=True)), 201)

    async def _delete_metadata(self, request: Request) -> Response:
        administration.delete_metadata(self._zone(request), request.path_params["kind"])
        return Response(status_code=200, headers=_HEADERS)

    def _zone(self, request: Request) -> Zone:
        zone = self._zones.by_name.get(_name(_unescaped(request.path_params["zone"])))
        if zone is None:
            raise ApiError(status=404)
        return zone

    async def _document(self, request: Request) -> dict[str, Any]:
        """Return the JSON of a request; a list has no keys, and is taken for an object without any."""
        body = await self._body(request)
        try:
            decode = msgspec.json.decode
            document = await asyncio.to_thread(decode, body) if len(body) > _LARGE else decode(body)
        except msgspec.MsgspecError as error:
            raise ApiError(status=400) from error
        return document if isinstance(document, dict) else {}

    async def _body(self, request: Request) -> bytes:
        """Return the body; one that is too large is read to its end, so that the client hears of it."""
        limit = int(self._settings["webserver-max-bodysize"]) * _MEGABYTE
        parts: list[bytes] = []
        size = 0
        async for part in request.stream():
            size += len(part)
            if size <= limit:
                parts.append(part)
            else:
                parts.clear()
        if size > limit:
            raise ApiError(status=400)
        return b"".join(parts)


async def _apart(
    read: Callable[[Iterable[Any]], tuple[changes.Change, ...]], rrsets: list[Any]
) -> tuple[changes.Change, ...]:
    """Return what *read* makes of the RRsets, in a thread where they are many."""
    if len(rrsets) < _MANY_RRSETS:
        return read(rrsets)
    return await asyncio.to_thread(read, rrsets)


def _chosen(zone: Zone, name: str | None, type: str | None) -> Iterable[tuple[str, str, RRset]]:
    """Return the RRsets of one name or of all; those of one name come without what is disabled, as in PowerDNS."""
    if name is None:
        return [(owner, each, rrset) for owner, types in zone.rrsets.items() for each, rrset in types.items()]
    owner = _name(name)
    enabled = {each: replace(rrset, disabled=()) for each, rrset in zone.rrsets.get(owner, {}).items()}
    return [
        (owner, each, rrset)
        for each, rrset in enabled.items()
        if (rrset.contents or rrset.comments) and type in {None, each}
    ]


def _name(text: str) -> str:
    return text.lower() if text.endswith(".") else text.lower() + "."


def _unescaped(zone: str) -> str:
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), zone)


def _flag(request: Request, name: str) -> bool:
    value = request.query_params.get(name, "true")
    if value not in {"true", "false"}:
        raise ApiError(f"'{name}' request parameter value '{value}' is not supported")
    return value == "true"


def _metadata(kind: str, values: tuple[str, ...]) -> dict[str, Any]:
    return {"type": "Metadata", "kind": kind, "metadata": list(values)}


def _json(value: object, status: int = 200) -> Response:
    return _json_body(msgspec.json.encode(value), status)


def _json_body(body: bytes, status: int) -> Response:
    return Response(body, status_code=status, media_type="application/json", headers=_HEADERS)


def _nothing() -> Response:
    return Response(status_code=204, headers=_HEADERS)


def _refused(error: ApiError) -> Response:
    if error.status == 422:
        return _json({"error": str(error)}, 422)
    return PlainTextResponse(_PHRASES[error.status], error.status, headers=_HEADERS)


async def _not_allowed(_: Request) -> Response:
    raise ApiError(status=405)


async def _not_found(_: Request, __: Exception) -> Response:
    return PlainTextResponse(_PHRASES[404], 404, headers=_HEADERS)
