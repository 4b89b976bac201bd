"""The service as the command line sees it: over its API, with the key that is set."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2

from netbox_pdns.errors import ConfigurationError, ConflictError, DataError, NetboxPdnsError, TransientError
from netbox_pdns.resilience.calls import Peer, StrangeAnswerError, answered, decoded, transport_error
from netbox_pdns.resilience.http import tls_context
from netbox_pdns.settings import Settings
from netbox_pdns.settings.layers import variable

_PATIENCE = 60.0
_SILENT = 60.0
"""Seconds: the service sends something on its events more often than that."""
_KINDS: Mapping[str, type[NetboxPdnsError]] = {
    each.kind: each for each in (TransientError, ConflictError, ConfigurationError, DataError)
}


@dataclass(frozen=True, slots=True)
class Remote:
    """The service at `url`. Every call raises `NetboxPdnsError` where it is not answered well."""

    url: str
    _http: httpx2.AsyncClient
    _peer: Peer

    async def get(self, path: str, has: str, **params: str | int | None) -> dict[str, Any]:
        """Return what is at *path*, which *has* a field of that name; parameters that are None are left out."""
        given = [(name, value) for name, value in params.items() if value is not None]
        return await self._asked("GET", path, has, params=given)

    async def post(self, path: str, **body: Any) -> dict[str, Any]:
        """Return what comes of sending *body* to *path*."""
        headers = {"Content-Type": "application/json"}
        return await self._asked("POST", path, "accepted", content=json.dumps(body).encode(), headers=headers)

    async def events(self) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        """Yield what happens, as kind and data, until the service ends it."""
        try:
            async with self._http.stream("GET", f"{self.url}/api/v1/events", timeout=_SILENT) as response:
                if not response.headers.get("Content-Type", "").startswith("text/event-stream"):
                    await response.aread()
                    self._read(response, "")
                kind = ""
                async for line in response.aiter_lines():
                    name, _, value = line.partition(": ")
                    if name == "event":
                        kind = value
                    elif name == "data":
                        yield kind, json.loads(value)
        except httpx2.HTTPError as error:
            raise self._unreachable(transport_error(error, self._peer)) from error

    async def _asked(self, method: str, path: str, has: str, **request: Any) -> dict[str, Any]:
        try:
            response = await answered(self._http, self._peer, method, f"{self.url}{path}", **request)
        except TransientError as error:
            raise self._unreachable(error) from error
        return self._read(response, has)

    def _unreachable(self, error: NetboxPdnsError) -> NetboxPdnsError:
        if not isinstance(error, TransientError):
            return error
        return TransientError(
            str(error), hint=f"does `netbox-pdns serve` run there? else correct {variable('remote_url')}"
        )

    def _read(self, response: httpx2.Response, has: str) -> dict[str, Any]:
        message = f"what answers at {self.url} is not the service: {response.status_code}"
        hint = f"correct {variable('remote_url')}"
        try:
            found = decoded(response.content, dict, self._peer)
        except (StrangeAnswerError, TransientError) as error:
            raise ConfigurationError(message, hint=hint) from error
        if response.is_error and "detail" in found:
            raise _refusal(response.status_code, found, self.url)
        if has not in found:
            raise ConfigurationError(message, hint=hint)
        return found


@asynccontextmanager
async def open_remote(settings: Settings) -> AsyncIterator[Remote]:
    """Yield the service that *settings* name; raises `ConfigurationError` for a CA file that cannot be used."""
    url = url_of(settings)
    names = {"ca_file": "remote_ca_file"}
    peer = Peer("the service", url, lambda field: variable(names.get(field, "remote_url")), _PATIENCE)
    options = settings.service
    verify = tls_context(options.remote_ca_file, verify=True, setting=variable("remote_ca_file"))
    headers = {"Authorization": f"Bearer {options.api_keys[0]}"} if options.api_keys else {}
    async with httpx2.AsyncClient(verify=verify, headers=headers, timeout=30.0, trust_env=False) as http:
        yield Remote(url, http, peer)


def url_of(settings: Settings) -> str:
    """Return where the service is: what is set, or where `serve` listens with the same settings."""
    options = settings.service
    if options.remote_url is not None:
        return options.remote_url.rstrip("/")
    host = options.listen_host
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        host = host or "127.0.0.1"
    else:
        if address.is_unspecified:
            host = "127.0.0.1" if address.version == 4 else "::1"
    scheme = "http" if options.tls_cert is None else "https"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{options.listen_port}"


def _refusal(status: int, problem: Mapping[str, Any], url: str) -> NetboxPdnsError:
    message = f"the service at {url}: {problem['detail']}"
    hint = problem.get("hint")
    if status in (401, 403):
        return ConfigurationError(message, hint=f"set {variable('api_key')} to a key of the service")
    if (kind := _KINDS.get(problem.get("kind") or "")) is not None:
        return kind(message, hint=hint)
    return TransientError(message, hint=hint) if status in (429, 503) else DataError(message, hint=hint)
