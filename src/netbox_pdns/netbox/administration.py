"""Objects of NetBox that are neither zones nor records, written with an administrator's token: for setting up alone.

Nothing is tried again here: a person is there who can, and what was done is found the next time.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self, TypeAlias, TypeVar

import httpx2
import msgspec

from netbox_pdns.errors import ConfigurationError, DataError, NetboxPdnsError, TransientError
from netbox_pdns.netbox.client import Query, authorization, words_of
from netbox_pdns.netbox.wire import Page
from netbox_pdns.resilience.calls import Peer, StrangeAnswerError, answered, decoded
from netbox_pdns.resilience.http import may_pass, retry_after, tls_context
from netbox_pdns.settings import NetBoxSettings

T = TypeVar("T")
Row: TypeAlias = dict[str, Any]

TOKEN = "NETBOX_PDNS_SETUP_TOKEN"  # noqa: S105 - the setting's name
_MOST = 100
_VERBS = {"GET": "view", "POST": "add", "PATCH": "change", "DELETE": "delete"}


class ForbiddenError(ConfigurationError):
    """The token is a good one, and may not do this."""


class Administration:
    """Requests to one NetBox with an administrator's *token*; use it as an asynchronous context manager."""

    def __init__(self, settings: NetBoxSettings, token: str) -> None:
        self.base = settings.url.rstrip("/").removesuffix("/api")
        self._peer = Peer("NetBox", self.base, _setting, settings.call_timeout)
        self._http = httpx2.AsyncClient(
            headers={"Authorization": authorization(token), "Accept": "application/json"},
            verify=tls_context(settings.ca_file, verify=settings.verify_tls, setting=_setting("ca_file")),
            timeout=httpx2.Timeout(settings.read_timeout, connect=settings.connect_timeout),
        )

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.__aexit__(kind, error, trace)

    async def found(self, path: str, query: Query) -> list[Row]:
        """Return the objects of a short list; raises `ForbiddenError` where the token may not view them."""
        body = await self._asked("GET", path, query=[*query, ("limit", _MOST)])
        return self._decoded(path, body, Page[Row]).results

    async def add(self, path: str, fields: Mapping[str, object]) -> Row:
        """Make an object and return it."""
        return self._decoded(path, await self._asked("POST", path, fields), Row)

    async def change(self, path: str, number: int, fields: Mapping[str, object]) -> None:
        """Change *fields* of an object."""
        await self._asked("PATCH", f"{path}{number}/", fields)

    async def remove(self, path: str, number: int) -> None:
        """Remove an object; one that is gone is as good."""
        await self._asked("DELETE", f"{path}{number}/")

    async def _asked(
        self, method: str, path: str, fields: Mapping[str, object] | None = None, *, query: Query = ()
    ) -> bytes:
        content = None if fields is None else msgspec.json.encode(fields)
        headers = {"Content-Type": "application/json"} if content else None
        response = await answered(
            self._http, self._peer, method, self.base + path, params=query, content=content, headers=headers
        )
        is_ours = response.status_code == 204 or "json" in response.headers.get("Content-Type", "")
        if is_ours and (response.is_success or (method == "DELETE" and response.status_code == 404)):
            return response.content
        raise self._error(method, path, response)

    def _decoded(self, path: str, body: bytes, kind: type[T]) -> T:
        try:
            return decoded(body, kind, self._peer)
        except StrangeAnswerError as error:
            raise DataError(
                f"NetBox's answer for {path} is not as expected: {error}",
                hint="is the version of NetBox one that is supported?",
            ) from error

    def _error(self, method: str, path: str, response: httpx2.Response) -> NetboxPdnsError:
        status, words = response.status_code, words_of(response)
        verb, what = _VERBS[method], path.removeprefix("/api/").strip("/")
        if status == 401 or (status == 403 and "invalid" in words.lower()):
            return ConfigurationError(
                f"NetBox refuses the administrator's token: {status} {words}",
                hint="make a new one in NetBox (a superuser's API tokens), with the right to write",
                setting=TOKEN,
            )
        if status == 403:
            return ForbiddenError(
                f"the token may not {verb} {what}: 403 {words}",
                hint="give a superuser's token with the right to write, or its user the permission",
                setting=TOKEN,
            )
        if status == 400:
            return DataError(f"NetBox refuses to {verb} {what}: {words}", hint="see what it finds fault with")
        if may_pass(status):
            return TransientError(
                f"NetBox answers {status} for {what}: {words}",
                hint="see NetBox's log, and run the command again: it goes on where it ended",
                retry_after=retry_after(response, time.time()),
                answered=status < 500,
            )
        where = f", and sends to {response.headers['Location']}" if "Location" in response.headers else ""
        return ConfigurationError(
            f"{self.base} does not answer as NetBox's API does: {status} {words}{where}",
            hint=f"{_setting('url')} is the address of NetBox's front page, with its path where it has one",
            setting=_setting("url"),
        )


def _setting(field: str) -> str:
    return f"NETBOX_PDNS_NB_{field.upper()}"
