"""NetBox's REST API: requests, pages, and what its answers mean. Nothing here writes.

Lists are read by id (`start=`, NetBox 4.6 and later) or by offset in the order of ids, in pages as large as the server
gives. A list that shifts, comes back short, or is no list at all is an error, never fewer zones.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Protocol, Self, TypeAlias, TypeVar

import httpx2
import msgspec

from netbox_pdns.errors import ConfigurationError, DataError, NetboxPdnsError, TransientError
from netbox_pdns.netbox.wire import Named, Page, Status
from netbox_pdns.resilience.calls import UNREADABLE, Peer, StrangeAnswerError, answered, decoded
from netbox_pdns.resilience.http import cut, http_date, may_pass, retry_after, tls_context
from netbox_pdns.resilience.retry import DEFAULT_POLICY, RetryHook, RetryPolicy, ignore, retrying
from netbox_pdns.settings import NetBoxSettings

PAGE_SIZE = 1000
"""Objects that are asked for at once; the server's MAX_PAGE_SIZE may give fewer."""
_LIST_ATTEMPTS = 3
AT_ONCE = 2
"""Requests under way together; NetBox's own CPU is the limit beyond that."""

Query: TypeAlias = Sequence[tuple[str, str | int]]


class HasId(Protocol):
    """An object of a list."""

    @property
    def id(self) -> int:
        """NetBox's id."""


T = TypeVar("T")
R = TypeVar("R", bound=HasId)
Rows: TypeAlias = list[R]


class ShiftedListError(TransientError):
    """A list that changed while it was read, or that came back short."""


class RefusedRequestError(DataError):
    """NetBox finds fault with what was asked for (400): with the id of an object that has gone, say."""


class NetBoxClient:
    """Requests to one NetBox; use it as an asynchronous context manager."""

    def __init__(
        self, settings: NetBoxSettings, *, hook: RetryHook = ignore, policy: RetryPolicy = DEFAULT_POLICY
    ) -> None:
        self.base = settings.url.rstrip("/").removesuffix("/api")
        self._hook = hook
        self._policy = policy
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._ahead = 0.0
        self._peer = Peer("NetBox", self.base, _setting, settings.call_timeout)
        self._http = httpx2.AsyncClient(
            headers={"Authorization": _authorization(settings.token.get_secret_value()), "Accept": "application/json"},
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
        return await self._get("/api/status/", (), Status)

    @property
    def ahead(self) -> float:
        """How many seconds NetBox's clock is ahead of ours, to the second, as of its last answer."""
        return self._ahead

    def now(self) -> float:
        """Return NetBox's time, in seconds since 1970."""
        return time.time() + self._ahead

    async def list(self, path: str, query: Query, row: type[R]) -> Rows[R]:
        """Return a whole list, as long as NetBox counts it; one that shifts meanwhile is read again.

        Raises `ShiftedListError` where that goes on, or where the list comes back short.
        """
        for attempt in range(_LIST_ATTEMPTS):
            try:
                rows = [each async for page in self.pages(path, query, row) for each in page]
                check_whole(path, await self.count(path, query), len(rows))
            except ShiftedListError:
                if attempt + 1 == _LIST_ATTEMPTS:
                    raise
            else:
                return rows
        raise AssertionError(path)

    async def count(self, path: str, query: Query) -> int:
        """Return how many objects NetBox counts."""
        slim = [(key, value) for key, value in query if key != "fields"]
        page = await self._get(path, [*slim, ("fields", "id"), ("limit", 1)], Page[Named])
        if page.count is None:
            raise DataError(f"NetBox does not count the list at {path}", hint="see `netbox-pdns check`")
        return page.count

    async def newest_first(self, path: str, query: Query, row: type[R], most: int) -> AsyncIterator[R]:
        """Yield the newest objects of a list, newest first, *most* pages at most; one may come twice."""
        seen = 0
        for _ in range(most):
            place: Query = [("limit", PAGE_SIZE), ("offset", seen), ("ordering", "-id")]
            page = await self._get(path, [*query, *place], Page[row])  # type: ignore[valid-type]
            for each in page.results:
                yield each
            seen += len(page.results)
            if page.next is None or not page.results:
                return

    async def first(self, path: str, query: Query, row: type[R], *, limit: int = 5) -> Rows[R]:
        """Return the first *limit* objects of a list, fewer where the server's pages are smaller."""
        return (await self._get(path, [*query, ("limit", limit)], Page[row])).results  # type: ignore[valid-type]

    async def pages(self, path: str, query: Query, row: type[R]) -> AsyncIterator[Sequence[R]]:
        """Yield a list's pages in the order of ids, each object once.

        Raises `ShiftedListError` where the list shifts under the reading or comes back short.
        """
        start, seen, total = 0, 0, None
        while True:
            place: Query = [("start", start)] if total is None else [("offset", seen), ("ordering", "id")]
            page = await self._get(path, [*query, ("limit", PAGE_SIZE), *place], Page[row])  # type: ignore[valid-type]
            if total is None and page.count is not None:  # an older NetBox, which knows no `start`
                total = page.count
                if not _in_order(page.results, 0):
                    continue
            rows: Rows[R] = page.results
            if not _in_order(rows, start) or (page.next is not None and not rows):
                raise _shifted(path)
            if rows:
                start = rows[-1].id + 1
            seen += len(rows)
            yield rows
            if page.next is None:
                break
            total = page.count if total is not None else None
        if total is not None:
            check_whole(path, total, seen)

    async def _get(self, path: str, query: Query, kind: type[T]) -> T:
        name = "get_" + path.strip("/").rsplit("/", 1)[-1].replace("-", "_")
        try:
            return await retrying(
                lambda: self._once(path, query, kind), name=name, policy=self._policy, hook=self._hook
            )
        except StrangeAnswerError as error:
            raise DataError(
                f"NetBox's answer for {path} is not as expected: {error}",
                hint="is the version of NetBox or of its DNS plugin one that is supported? see `netbox-pdns check`",
            ) from error

    async def _once(self, path: str, query: Query, kind: type[T]) -> T:
        async with self._slots:
            response = await answered(self._http, self._peer, "GET", self.base + path, params=query)
        if response.is_success and "json" in response.headers.get("Content-Type", ""):
            # The change log goes by NetBox's own clock; an error may be a proxy's.
            if (date := http_date(response.headers.get("Date", ""))) is not None:
                self._ahead = date - time.time()
            return await asyncio.to_thread(decoded, response.content, kind, self._peer)
        raise self._error(path, response)

    def _error(self, path: str, response: httpx2.Response) -> NetboxPdnsError:
        status, said = response.status_code, _said(response)
        if status == 401 or (status == 403 and "token" in said.lower()):
            return ConfigurationError(
                f"NetBox refuses the token: {status} {said}",
                hint="make a new one in NetBox (a user's API tokens) and put it into NETBOX_PDNS_NB_TOKEN",
                setting="NETBOX_PDNS_NB_TOKEN",
            )
        if status == 403:
            return ConfigurationError(
                f"the token may not view {_objects(path)}: 403 {said}",
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
            )
        where = f", and sends to {response.headers['Location']}" if "Location" in response.headers else ""
        return ConfigurationError(
            f"{self.base} does not answer as NetBox's API does: {status} {said}{where}",
            hint="NETBOX_PDNS_NB_URL is the address of NetBox's front page, with its path where it has one",
            setting="NETBOX_PDNS_NB_URL",
        )


def _setting(field: str) -> str:
    return f"NETBOX_PDNS_NB_{field.upper()}"


def _authorization(token: str) -> str:
    """Return the header for a token of version 2 (`nbt_KEY.SECRET`) or of version 1."""
    return f"Bearer {token}" if token.startswith("nbt_") else f"Token {token}"


def _in_order(rows: Sequence[HasId], start: int) -> bool:
    ids = [row.id for row in rows]
    return all(a < b for a, b in itertools.pairwise(ids)) and (not ids or ids[0] >= start)


def check_whole(path: str, counted: int, got: int) -> None:
    """Raise `ShiftedListError` where NetBox *counted* other than it gave."""
    if counted != got:
        raise ShiftedListError(
            f"NetBox counts {counted} objects at {path} and gave {got}",
            hint="was the list edited just now? the next run reads it again; if it stays so, see NetBox's log",
        )


def _shifted(path: str) -> ShiftedListError:
    return ShiftedListError(
        f"the list at {path} shifted while it was read", hint="it was edited just now; the next run reads it again"
    )


def _objects(path: str) -> str:
    kinds: Mapping[str, str] = {"object-changes": "the change log (core.view_objectchange)"}
    kind = path.strip("/").rsplit("/", 1)[-1]
    return kinds.get(kind, f"{kind} of the DNS plugin (netbox_dns.view_{kind.removesuffix('s')})")


def _said(response: httpx2.Response) -> str:
    if "html" in response.headers.get("Content-Type", ""):
        return "a page of HTML" + (" (a login form?)" if "login" in response.text[:5000].lower() else "")
    try:
        answer: Any = msgspec.json.decode(response.content)
    except UNREADABLE:
        return cut(response.text)
    return cut(str(answer.get("detail", answer) if isinstance(answer, dict) else answer))
