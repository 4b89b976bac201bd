"""NetBox's REST API, and its GraphQL: requests, pages, and what the answers mean. Nothing here writes.

Whole lists are `netbox_pdns.netbox.listing`'s.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Protocol, Self, TypeAlias, TypeVar

import httpx2
import msgspec

from netbox_pdns.errors import ConfigurationError, DataError, NetboxPdnsError, TransientError
from netbox_pdns.netbox.wire import GRAPHQL, Named, Page, Queried, Status
from netbox_pdns.resilience.breaker import CircuitBreaker
from netbox_pdns.resilience.calls import UNREADABLE, Peer, StrangeAnswerError, answered, decoded
from netbox_pdns.resilience.http import cut, http_date, may_pass, retry_after, tls_context
from netbox_pdns.resilience.retry import (
    DEFAULT_POLICY,
    Caller,
    CallObserver,
    RetryHook,
    RetryPolicy,
    ignore,
    unobserved,
)
from netbox_pdns.settings import NetBoxSettings

PAGE_SIZE = 1000
"""Objects that are asked for at once; the server's MAX_PAGE_SIZE may give fewer."""
AT_ONCE = 2
"""Requests under way together; NetBox's own CPU is the limit beyond that."""

_BIG = 256 * 1024
"""Bodies from this many bytes on are decoded in a thread: smaller ones, a page of records among them, take 1 ms."""

_LARGE_LIMIT = 100
"""A request for so many objects has a connection of its own.

A kept one stays with that process of NetBox which took it (gunicorn's `gthread`, as in NetBox's own gunicorn.py). Where both
are one process's, its pages take turns, while another process is idle.
"""

Query: TypeAlias = Sequence[tuple[str, str | int]]


class HasId(Protocol):
    """An object of a list."""

    @property
    def id(self) -> int:
        """NetBox's id."""


T = TypeVar("T")
R = TypeVar("R", bound=HasId)
Rows: TypeAlias = list[R]


class RefusedRequestError(DataError):
    """NetBox finds fault with what was asked for (400): with the id of an object that has gone, say."""


class NotPermittedError(ConfigurationError):
    """The token is good, and its user may not view objects of one kind (403)."""


class NetBoxClient:
    """Requests to one NetBox; use it as an asynchronous context manager."""

    def __init__(
        self,
        settings: NetBoxSettings,
        *,
        hook: RetryHook = ignore,
        policy: RetryPolicy = DEFAULT_POLICY,
        breaker: CircuitBreaker | None = None,
        observe: CallObserver = unobserved,
    ) -> None:
        self.base = settings.url.rstrip("/").removesuffix("/api")
        self.record_url = f"{self.base}/plugins/netbox-dns/records/{{id}}/"
        """Where people see a record, with one `{id}`."""
        self._caller = Caller("NetBox", policy, hook, breaker, observe)
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._ahead = 0.0
        self._peer = Peer("NetBox", self.base, _setting, settings.call_timeout)
        self._http = httpx2.AsyncClient(
            headers={"Authorization": authorization(settings.token.get_secret_value()), "Accept": "application/json"},
            verify=tls_context(settings.ca_file, verify=settings.verify_tls, setting="NETBOX_PDNS_NB_CA_FILE"),
            timeout=httpx2.Timeout(settings.read_timeout, connect=settings.connect_timeout),
            limits=httpx2.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE),
        )

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.__aexit__(kind, error, trace)

    async def status(self) -> Status:
        """Return NetBox's version and its plugins' ones."""
        return await self.get("/api/status/", (), Status)

    @property
    def ahead(self) -> float:
        """How many seconds NetBox's clock is ahead of ours, to the second, as of its last answer."""
        return self._ahead

    def now(self) -> float:
        """Return NetBox's time, in seconds since 1970."""
        return time.time() + self._ahead

    async def count(self, path: str, query: Query) -> int:
        """Return how many objects NetBox counts."""
        slim = [(key, value) for key, value in query if key != "fields"]
        page = await self.get(path, [*slim, ("fields", "id"), ("limit", 1)], Page[Named])
        if page.count is None:
            raise DataError(f"NetBox does not count the list at {path}", hint="see `netbox-pdns check`")
        return page.count

    async def newest_first(self, path: str, query: Query, row: type[R], most: int) -> AsyncIterator[R]:
        """Yield the newest objects of a list, newest first, *most* pages at most; one may come twice."""
        seen = 0
        for _ in range(most):
            place: Query = [("limit", PAGE_SIZE), ("offset", seen), ("ordering", "-id")]
            page = await self.get(path, [*query, *place], Page[row])  # type: ignore[valid-type]
            for each in page.results:
                yield each
            seen += len(page.results)
            if page.next is None or not page.results:
                return

    async def first(self, path: str, query: Query, row: type[R], *, limit: int = 5) -> Rows[R]:
        """Return the first *limit* objects of a list, fewer where the server's pages are smaller."""
        return (await self.get(path, [*query, ("limit", limit)], Page[row])).results  # type: ignore[valid-type]

    async def get(self, path: str, query: Query, kind: type[T]) -> T:
        """Return the answer for *path*; raises `DataError` where it is not of *kind*."""
        name = "get_" + path.strip("/").rsplit("/", 1)[-1].replace("-", "_")
        try:
            return await self._caller.retried(name, lambda: self._once(path, query, kind))
        except StrangeAnswerError as error:
            raise DataError(
                f"NetBox's answer for {path} is not as expected: {error}",
                hint="is the version of NetBox or of its DNS plugin one that is supported? see `netbox-pdns check`",
            ) from error

    async def query(self, document: str, variables: Mapping[str, Any], kind: type[T]) -> T:
        """Return GraphQL's answer to *document*; it is tried once. Raises `DataError` where it is not of *kind*."""
        body = await self._caller.tried("query_graphql", lambda: self._queried(document, variables))
        try:
            answer: Queried[T] = decoded(body, Queried[kind], self._peer, strict=False)  # type: ignore[valid-type]
        except StrangeAnswerError as error:
            raise DataError(f"NetBox's answer to a GraphQL query is not as expected: {error}") from error
        if answer.data is None or answer.errors:
            said = "; ".join(each.message for each in answer.errors) or "nothing"
            raise DataError(f"NetBox does not answer a GraphQL query: {cut(said)}")
        return answer.data

    async def _queried(self, document: str, variables: Mapping[str, Any]) -> bytes:
        content = msgspec.json.encode({"query": document, "variables": variables})
        async with self._slots:
            return await self._caller.once(lambda: self._answered("POST", GRAPHQL, content=content))

    async def _once(self, path: str, query: Query, kind: type[T]) -> T:
        async with self._slots:
            body = await self._caller.once(lambda: self._answered("GET", path, params=query))
        if len(body) < _BIG:
            return decoded(body, kind, self._peer)
        return await asyncio.to_thread(decoded, body, kind, self._peer)

    async def _answered(self, method: str, path: str, *, params: Query = (), content: bytes | None = None) -> bytes:
        headers = {} if content is None else {"Content-Type": "application/json"}
        if any(key == "limit" and int(value) >= _LARGE_LIMIT for key, value in params):
            headers["Connection"] = "close"
        response = await answered(
            self._http, self._peer, method, self.base + path, params=params, content=content, headers=headers
        )
        if not response.is_success or "json" not in response.headers.get("Content-Type", ""):
            raise self._error(path, response)
        # The change log goes by NetBox's own clock; an error may be a proxy's.
        if (date := http_date(response.headers.get("Date", ""))) is not None:
            self._ahead = date - time.time()
        return response.content

    def _error(self, path: str, response: httpx2.Response) -> NetboxPdnsError:
        status, said = response.status_code, words_of(response)
        if status == 401 or (status == 403 and "token" in said.lower()):
            return ConfigurationError(
                f"NetBox refuses the token: {status} {said}",
                hint="make a new one in NetBox (a user's API tokens) and put it into NETBOX_PDNS_NB_TOKEN",
                setting="NETBOX_PDNS_NB_TOKEN",
            )
        if status == 403:
            return NotPermittedError(
                f"the NetBox token may not view {_objects(path)}: 403 {said}",
                hint=f"give its user the permission to view {_objects(path)}",
                setting="NETBOX_PDNS_NB_TOKEN",
            )
        if status == 404 and path.startswith("/api/plugins/"):
            return ConfigurationError(
                f"NetBox at {self.base} has no {path}: 404",
                hint="install netbox-plugin-dns there, or correct NETBOX_PDNS_NB_URL",
                setting="NETBOX_PDNS_NB_URL",
            )
        if status == 400:
            return RefusedRequestError(f"NetBox refuses the request for {path}: {said}", hint="see `netbox-pdns check`")
        if may_pass(status):
            return TransientError(
                f"NetBox answers {status} for {path}: {said}",
                hint="see NetBox's log",
                retry_after=retry_after(response, time.time()),
                answered=status < 500,
            )
        where = f", and sends to {response.headers['Location']}" if "Location" in response.headers else ""
        return ConfigurationError(
            f"{self.base} does not answer as NetBox's API does: {status} {said}{where}",
            hint="NETBOX_PDNS_NB_URL is the address of NetBox's front page, with its path where it has one",
            setting="NETBOX_PDNS_NB_URL",
        )


def _setting(field: str) -> str:
    return f"NETBOX_PDNS_NB_{field.upper()}"


def authorization(token: str) -> str:
    """Return the header for a token of version 2 (`nbt_KEY.SECRET`) or of version 1."""
    return f"Bearer {token}" if token.startswith("nbt_") else f"Token {token}"


def _objects(path: str) -> str:
    kinds: Mapping[str, str] = {"object-changes": "the change log (core.view_objectchange)"}
    kind = path.strip("/").rsplit("/", 1)[-1]
    return kinds.get(kind, f"{kind} of the DNS plugin (netbox_dns.view_{kind.removesuffix('s')})")


def words_of(response: httpx2.Response) -> str:
    """Return what NetBox says in an answer that is no success, cut to a line."""
    if "html" in response.headers.get("Content-Type", ""):
        return "a page of HTML" + (" (a login form?)" if "login" in response.text[:5000].lower() else "")
    try:
        answer: Any = msgspec.json.decode(response.content)
    except UNREADABLE:
        return cut(response.text)
    return cut(str(answer.get("detail", answer) if isinstance(answer, dict) else answer))
