"""NetBox's REST API as an ASGI application: which request goes where, who may send it, and how it is answered.

Requests are answered one after the other in a thread, so that the event loop goes on under a large one and every request
sees the inventory as another one left it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from netbox_pdns.sandbox.netbox import editing, lists
from netbox_pdns.sandbox.netbox.access import Token, allowed, recognised
from netbox_pdns.sandbox.netbox.inventory import Inventory
from netbox_pdns.sandbox.netbox.objects import CHANGE, KINDS, Kind
from netbox_pdns.sandbox.netbox.refusals import Refusal, detail
from netbox_pdns.sandbox.netbox.rows import Rows
from netbox_pdns.sandbox.netbox.transaction import Transaction
from netbox_pdns.sandbox.netbox.webhooks import Delivery, deliveries, is_heard, shown

VERSION = "4.7.3"
PLUGIN_VERSION = "1.7.3"
_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_STATUS = {
    "django-version": "6.1.2",
    "installed_apps": {"netbox_dns": PLUGIN_VERSION},
    "netbox-version": VERSION,
    "netbox-full-version": VERSION,
    "plugins": {"netbox_dns": PLUGIN_VERSION},
    "rq-workers-running": 1,
}


def application(
    inventory: Inventory, tokens: Sequence[Token], deliver: Callable[[Sequence[Delivery]], None]
) -> Starlette:
    """Return the application that serves *inventory* to whoever has one of *tokens*; webhooks are given to *deliver*."""
    api = _Api(inventory, tokens, deliver)
    return Starlette(routes=[Route("/{path:path}", api.answer, methods=_METHODS)])


class _Api:
    """Answers requests, one at a time."""

    def __init__(
        self, inventory: Inventory, tokens: Sequence[Token], deliver: Callable[[Sequence[Delivery]], None]
    ) -> None:
        self._inventory = inventory
        self._tokens = tuple(tokens)
        self._deliver = deliver
        self._turn = asyncio.Lock()

    async def answer(self, request: Request) -> Response:
        """Answer one request."""
        body = await request.body()
        outbox: list[Delivery] = []
        async with self._turn:
            response = await asyncio.to_thread(self._answer, request, body, outbox)
            self._deliver(outbox)
        response.headers["API-Version"] = "4.7"
        return response

    def _answer(self, request: Request, body: bytes, outbox: list[Delivery]) -> Response:
        path = request.url.path
        kind, number = _place(path)
        if kind is None and path != "/api/status/":
            if _place(f"{path}/")[0] is not None:
                return Response(status_code=301, headers={"Location": f"{path}/"}, media_type="text/html")
            return Response("<!DOCTYPE html><title>Page not found</title>", 404, media_type="text/html")
        try:
            token = recognised(request.headers.get("Authorization", ""), self._tokens)
            if kind is None:
                return _json(200, _STATUS)
            return _Asked(self._inventory, token, kind, request, body, outbox).answer(number)
        except Refusal as refusal:
            return _json(refusal.status, refusal.body)


class _Asked:
    """One request about the objects of one kind."""

    def __init__(
        self, inventory: Inventory, token: Token, kind: Kind, request: Request, body: bytes, outbox: list[Delivery]
    ) -> None:
        self._outbox = outbox
        self._inventory = inventory
        self._token = token
        self._kind = kind
        self._request = request
        self._body = body
        self._rows = Rows(inventory, str(request.base_url).rstrip("/"))

    def answer(self, number: str | None) -> Response:
        """Answer about the object *number*, or about all of them; raises `Refusal`."""
        if number is not None and not number.isdecimal():
            raise detail(404, "Not found.")
        method = {"HEAD": "GET", "PUT": "PATCH"}.get(self._request.method, self._request.method)
        if method == "GET":
            return self._list() if number is None else self._one(int(number))
        writable = {"POST", "PATCH", "DELETE"} if number is None else {"PATCH", "DELETE"}
        if self._kind is CHANGE or method not in writable:
            raise detail(405, f'Method "{self._request.method}" not allowed.')
        return self._edit(method, None if number is None else int(number))

    def _list(self) -> Response:
        visible = allowed(self._token, self._inventory, self._kind, "view")
        url = str(self._request.url.replace(query=""))
        return _json(200, lists.page(self._rows, self._kind, self._query, url, visible))

    def _one(self, number: int) -> Response:
        visible = allowed(self._token, self._inventory, self._kind, "view")
        row = self._inventory.table(self._kind).get(number)
        if row is None or (visible is not None and not visible(row)):
            raise detail(404, f"No {self._kind.title} matches the given query.")
        return _json(200, lists.shown(self._rows, self._kind, self._query)(row))

    def _edit(self, method: str, number: int | None) -> Response:
        action = {"POST": "add", "PATCH": "change", "DELETE": "delete"}[method]
        may = allowed(self._token, self._inventory, self._kind, action)
        data = _decoded(self._body)
        request_id = str(uuid4())
        show = partial(shown, self._inventory) if is_heard(self._inventory) else None
        tx = Transaction(self._inventory, self._token.user, request_id, show)
        try:
            response = self._edited(tx, method, number, data, may)
        except BaseException:
            tx.take_back()
            raise
        self._outbox += deliveries(tx, self._context(request_id))
        return response

    def _context(self, request_id: str) -> dict[str, Any]:
        path = self._request.url.path
        user = self._token.user
        about = {"id": request_id, "path": path, "path_info": path, "method": self._request.method}
        return {**about, "GET": self._query, "user": user}

    def _edited(self, tx: Transaction, method: str, number: int | None, data: Any, may: Any) -> Response:
        if method == "DELETE":
            if number is None:
                editing.delete_many(tx, self._kind, data, may)
            else:
                editing.delete(tx, self._kind, number, may)
            return Response(status_code=204)
        if method == "POST":
            done = editing.create(tx, self._kind, data, may)
        elif number is None:
            done = editing.update_many(tx, self._kind, data, may)
        else:
            whole = self._request.method == "PUT"
            done = editing.update(tx, self._kind, number, data, may, whole=whole)
        show = self._rows.maker(self._kind)
        shown = [show(row) for row in done] if isinstance(done, list) else show(done)
        return _json(201 if method == "POST" else 200, shown)

    @property
    def _query(self) -> dict[str, list[str]]:
        return parse_qs(self._request.url.query, keep_blank_values=True)


def _place(path: str) -> tuple[Kind | None, str | None]:
    """Return the kind that *path* is about, and what it has for an object's id."""
    below, _, rest = path.removeprefix("/api/").rpartition("/")
    if not path.startswith("/api/") or rest:
        return None, None
    if below in KINDS:
        return KINDS[below], None
    above, _, number = below.rpartition("/")
    return KINDS.get(above), number


def _decoded(body: bytes) -> Any:
    if not body:
        return None
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        raise detail(400, f"JSON parse error - {error}") from error


def _json(status: int, body: Any) -> Response:
    return Response(msgspec.json.encode(body), status, media_type="application/json")
