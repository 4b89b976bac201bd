"""The HTTP API of one PowerDNS server: paths, JSON, and what its answers mean.

Every answer becomes a value or an error of ours. Calls that can safely be repeated are repeated
(`netbox_pdns.resilience.retry`); making a zone is not one of them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from string import ascii_letters, digits
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import urlencode

import httpx2
import msgspec

from netbox_pdns.errors import ConfigurationError, ConflictError, DataError, NetboxPdnsError, TransientError
from netbox_pdns.powerdns.wire import Failure, Metadata, Server, Setting, ZoneWire
from netbox_pdns.resilience.breaker import CircuitBreaker
from netbox_pdns.resilience.calls import UNREADABLE, Peer, StrangeAnswerError, answered, decoded
from netbox_pdns.resilience.http import cut, http_date, may_pass, retry_after, tls_context
from netbox_pdns.resilience.once import once_transport
from netbox_pdns.resilience.retry import (
    DEFAULT_POLICY,
    Caller,
    CallObserver,
    RetryHook,
    RetryPolicy,
    ignore,
    unobserved,
)
from netbox_pdns.settings import TargetSettings

T = TypeVar("T")

_BIG = 256 * 1024
"""Bodies from this many bytes on are decoded in a thread."""
_LARGE_REQUEST = 1_000_000
"""A text `400 Bad Request` to a body from this many bytes on means that it was too large."""

_LARGER = "raise `webserver-max-bodysize` in pdns.conf, or what a proxy before it takes"
_IN_PATHS = frozenset(ascii_letters + digits + ".-_")


class NotThereError(DataError):
    """The server has no such zone."""


class TooLargeError(DataError):
    """The request is larger than the server takes (`webserver-max-bodysize`)."""


class RejectedError(DataError):
    """The content of a request is refused (422); nothing of it was applied. `reason` says why.

    `own` tells whether it is in PowerDNS's form of errors; else something between us and it may have refused.
    """

    def __init__(self, what: str, reason: str, *, own: bool) -> None:
        super().__init__(what, hint="nothing of it was applied; see the server's log for what it finds fault with")
        self.reason = reason
        self.own = own


class PowerDNSClient:
    """Calls of one server's API; use it as an asynchronous context manager."""

    def __init__(
        self,
        settings: TargetSettings,
        *,
        hook: RetryHook = ignore,
        policy: RetryPolicy = DEFAULT_POLICY,
        breaker: CircuitBreaker | None = None,
        observe: CallObserver = unobserved,
    ) -> None:
        self._settings = settings
        self._caller = Caller(self._who, policy, hook, breaker, observe)
        self.ahead: float | None = None
        """Seconds that the server's clock is ahead of ours; None where it does not tell (PowerDNS itself does not)."""
        self.turns: AbstractAsyncContextManager[object] = nullcontext()
        """What each change of a zone's content waits for."""
        self._base = f"{_api_root(settings.url)}/servers/{settings.server_id}"
        self._peer = Peer(self._who, settings.url, settings.setting, settings.call_timeout)
        self._http = httpx2.AsyncClient(
            headers={"X-API-Key": settings.token.get_secret_value(), "Accept": "application/json"},
            verify=tls_context(settings.ca_file, verify=settings.verify_tls, setting=settings.setting("ca_file")),
            timeout=httpx2.Timeout(settings.read_timeout, connect=settings.connect_timeout),
            transport=once_transport(self._base),
        )

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.__aexit__(kind, error, trace)

    async def server(self) -> Server:
        """Return the server's name and version."""
        return await self._got("server", "", Server)

    async def configuration(self) -> Mapping[str, str]:
        """Return the server's settings by name."""
        settings = await self._got("config", "/config", list[Setting])
        return {setting.name: setting.value for setting in settings}

    async def zones(self) -> Sequence[ZoneWire]:
        """Return every zone, without content."""
        return await self._got("list_zones", "/zones", list[ZoneWire])

    async def zone(self, name: str, *, content: bool = True) -> ZoneWire:
        """Return one zone, with its RRsets or without; raises `NotThereError`."""
        path = _zone_path(name) + ("" if content else "?rrsets=false")
        return await self._got("list_zone", path, ZoneWire)

    async def zone_at(self, name: str, owner: str) -> ZoneWire:
        """Return one zone with the RRsets of one owner name, disabled records left out; raises `NotThereError`."""
        return await self._got("list_zone", f"{_zone_path(name)}?{urlencode({'rrset_name': owner})}", ZoneWire)

    async def metadata(self, zone: str, kind: str) -> tuple[str, ...]:
        """Return the values of one kind of metadata, none where the zone has none of it."""
        try:
            return (await self._got("metadata", f"{_zone_path(zone)}/metadata/{kind}", Metadata)).metadata
        except NotThereError:
            return ()

    async def kinds_of_metadata(self, zone: str) -> frozenset[str]:
        """Return the kinds of metadata that the zone has, those too that the API does not show by name (API-RECTIFY)."""
        found = await self._got("metadata", f"{_zone_path(zone)}/metadata", list[Metadata])
        return frozenset(each.kind for each in found)

    async def set_metadata(self, zone: str, kind: str, values: Sequence[str]) -> None:
        """Replace one kind of metadata."""
        body = msgspec.json.encode({"metadata": list(values), "kind": kind})
        await self._call("set_metadata", "PUT", f"{_zone_path(zone)}/metadata/{kind}", body)

    async def create_zone(self, body: bytes) -> None:
        """Make a zone of the JSON *body*; raises `ConflictError` where it exists. Never repeated by itself."""
        await self._once("create_zone", "POST", "/zones", body)

    async def patch_zone(self, name: str, body: bytes) -> None:
        """Replace and delete RRsets, all of them or none.

        A large request that is reset once may have met with anything, and is tried again; the second time it is too large.
        """
        resets = 0

        async def once() -> None:
            nonlocal resets
            try:
                async with self.turns:  # not while it waits to be tried again
                    await self._once("patch_zone", "PATCH", _zone_path(name), body)
            except TooLargeError as error:
                resets += 1
                if resets == 1 and isinstance(error.__cause__, TransientError):
                    raise error.__cause__ from None
                raise

        await self.retried("patch_zone", once)

    async def update_zone(self, name: str, fields: Mapping[str, object]) -> None:
        """Change fields of the zone itself: kind, account, catalog, ..."""
        await self._call("update_zone", "PUT", _zone_path(name), msgspec.json.encode(fields))

    async def delete_zone(self, name: str) -> None:
        """Delete a zone; one that is gone is as good."""
        try:
            await self._call("delete_zone", "DELETE", _zone_path(name))
        except NotThereError:
            return

    async def rectify(self, name: str) -> None:
        """Work out empty non-terminals and the order of names anew."""
        await self._call("rectify_zone", "PUT", f"{_zone_path(name)}/rectify")

    async def notify(self, name: str) -> None:
        """Tell the zone's secondaries to look for a new serial (RFC 1996)."""
        await self._call("notify_zone", "PUT", f"{_zone_path(name)}/notify")

    async def retried(self, name: str, call: Callable[[], Awaitable[T]]) -> T:
        """Return what *call* returns, repeated as this client repeats its own calls."""
        return await self._caller.retried(name, call)

    async def _call(self, name: str, method: str, path: str, body: bytes | None = None) -> None:
        await self.retried(name, lambda: self._once(name, method, path, body))

    async def _got(self, name: str, path: str, kind: type[T]) -> T:
        async def once() -> T:
            return await self._decoded(await self._once(name, "GET", path), kind)

        return await self.retried(name, once)

    async def _decoded(self, body: bytes, kind: type[T]) -> T:
        try:
            if len(body) < _BIG:
                return decoded(body, kind, self._peer)
            return await asyncio.to_thread(decoded, body, kind, self._peer)
        except StrangeAnswerError as error:
            raise self._wrong_address(f"{self._who} at {self._settings.url} is no PowerDNS API: {error}") from error

    async def _once(self, name: str, method: str, path: str, body: bytes | None = None) -> bytes:
        return await self._caller.once(lambda: self._asked(name, method, path, body))

    async def _asked(self, name: str, method: str, path: str, body: bytes | None) -> bytes:
        headers = {"Content-Type": "application/json"} if body else None
        try:
            response = await answered(self._http, self._peer, method, self._base + path, content=body, headers=headers)
        except TransientError as error:
            # A server that gives a body up resets the connection, often before its answer has arrived.
            if len(body or b"") >= _LARGE_REQUEST and isinstance(error.__cause__, httpx2.ReadError | httpx2.WriteError):
                raise TooLargeError(f"{self._who}, {name}: it broke the request off", hint=_LARGER) from error
            raise
        if (date := http_date(response.headers.get("Date", ""))) is not None:
            self.ahead = date - time.time()
        if response.is_success and not _is_html(response):
            return response.content
        raise self._error(name, response, path, len(body or b""))

    @property
    def _who(self) -> str:
        return f"PowerDNS ({self._settings.name})"

    def _error(self, name: str, response: httpx2.Response, path: str, size: int) -> NetboxPdnsError:
        """Return what an answer that is no success means, by its status."""
        status, own = response.status_code, _own_words(response)
        reason = own or ("a page of HTML" if _is_html(response) else cut(response.text))
        what = f"{self._who}, {name}: {status} {cut(reason)}"
        if status in {401, 403}:
            return self._wrong_key(status)
        if may_pass(status):
            return TransientError(
                what,
                hint="see the server's log",
                retry_after=retry_after(response, time.time()),
                answered=status < 500,
            )
        if status == 413 or (status == 400 and size >= _LARGE_REQUEST):
            return TooLargeError(what, hint=_LARGER)
        if _is_html(response) or status not in {400, 404, 409, 422}:
            return self._wrong_address(f"{self._who} at {self._settings.url} is no PowerDNS API: {_told(response)}")
        if status == 404 and path.startswith("/zones/"):
            return NotThereError(what, hint="others removed the zone meanwhile? the next run looks again")
        if status == 404:
            return self._unknown_server()
        if status == 409:
            return ConflictError(what, hint="it exists already; the next run looks again")
        return RejectedError(what, reason, own=bool(own))

    def _wrong_key(self, status: int) -> ConfigurationError:
        setting = self._settings.setting("token")
        hint = f"correct {setting}: it is `api-key` of pdns.conf; with 403 look at `webserver-allow-from` too"
        return ConfigurationError(f"{self._who} refuses the API key ({status})", hint=hint, setting=setting)

    def _unknown_server(self) -> ConfigurationError:
        """Return what a 404 of PowerDNS's own means: the server id, where it is not the usual one, else the URL."""
        if self._settings.server_id == "localhost":
            return self._wrong_address(f"{self._who}: there is no PowerDNS API at {self._base} (404)")
        setting = self._settings.setting("server_id")
        return ConfigurationError(
            f"{self._who}: there is no server {self._settings.server_id!r} at {self._settings.url} (404)",
            hint=f"correct {setting}: PowerDNS's own id is `localhost`",
            setting=setting,
        )

    def _wrong_address(self, message: str) -> ConfigurationError:
        setting = self._settings.setting("url")
        hint = (
            f"{setting} is where the API listens, like http://127.0.0.1:8081 (`webserver-port`, with `api=yes`); "
            f"{self._settings.setting('server_id')} is `localhost` for PowerDNS itself"
        )
        return ConfigurationError(message, hint=hint, setting=setting)


def _api_root(url: str) -> str:
    """Return the root of the API for a URL given with or without `/api` or `/api/v1`."""
    root = url.rstrip("/")
    for ending in ("/v1", "/api"):
        root = root.removesuffix(ending)
    return f"{root}/api/v1"


def _zone_path(name: str) -> str:
    """Return the path of a zone; PowerDNS escapes by `=` and two hex digits, `/` among others."""
    return "/zones/" + "".join(
        chr(octet) if chr(octet) in _IN_PATHS else f"={octet:02X}" for octet in name.encode("utf-8")
    )


def _is_html(response: httpx2.Response) -> bool:
    return "html" in response.headers.get("Content-Type", "")


def _told(response: httpx2.Response) -> str:
    """Return in words what an answer of another service says."""
    if response.is_redirect:
        return f"it redirects to {cut(response.headers.get('Location', ''))} ({response.status_code})"
    return f"it answers {response.status_code} {'with a page of HTML' if _is_html(response) else cut(response.text)}"


def _own_words(response: httpx2.Response) -> str:
    """Return PowerDNS's words, in full: they are searched for the record that they name. Empty where there are none."""
    try:
        return msgspec.json.decode(response.content, type=Failure).error
    except UNREADABLE:
        return ""
