"""Who may ask: API keys, who asks from where, and clients that guess.

A key is shown as `X-NetBox-PDNS-API-Key` or `Authorization: Bearer`. Where none is set the service listens on the loopback
alone, and believes whoever asks from there: a program on this machine, not a web page in its browser.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

from starlette.requests import Request

from netbox_pdns.service.listening import is_loopback
from netbox_pdns.service.problems import ProblemError
from netbox_pdns.settings.layers import variable

HEADER = "X-NetBox-PDNS-API-Key"
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")
"""Headers by which a proxy says that somebody else asks."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How many wrong keys a client may show at once, how many seconds each costs, and how many clients are remembered."""

    guesses: int = 10
    seconds: float = 6.0
    clients: int = 10_000


class Guesses:
    """Clients that showed wrong keys lately: past `guesses` they are not listened to until some seconds have gone by.

    The table is bounded: where it is full, who guessed longest ago is forgotten. Times are those of *clock*, in seconds.
    """

    def __init__(self, patience: Patience = Patience(), clock: Callable[[], float] = time.monotonic) -> None:
        self._patience = patience
        self._clock = clock
        self._free_at: OrderedDict[str, float] = OrderedDict()
        """When all guesses of a client are forgotten: each puts it off by `seconds`."""

    def __len__(self) -> int:
        return len(self._free_at)

    def wait(self, client: str) -> float:
        """Return the seconds for which *client* is not listened to."""
        patience = self._patience
        owed = self._free_at.get(client, 0.0) - self._clock()
        return max(0.0, owed - (patience.guesses - 1) * patience.seconds)

    def wrong(self, client: str) -> None:
        """Take note of a wrong key."""
        now = self._clock()
        self._free_at[client] = max(self._free_at.pop(client, now), now) + self._patience.seconds
        if len(self._free_at) > self._patience.clients:
            self._free_at.popitem(last=False)


class Access:
    """Tells who may ask; the keys can be exchanged while it works."""

    def __init__(self, keys: Iterable[str], guesses: Guesses | None = None) -> None:
        self._keys: tuple[bytes, ...] = ()
        self._guesses = Guesses() if guesses is None else guesses
        self.reload(keys)

    def reload(self, keys: Iterable[str]) -> None:
        """Let *keys* alone count from now on."""
        self._keys = tuple(map(_digest, keys))

    def check(self, request: Request) -> None:
        """Let *request* pass; raises `ProblemError`: 401 without a right key, 429 after too many wrong ones."""
        shown = shown_key(request)
        if not self._keys:
            _check_local(request)
            return
        client = client_of(request)
        if (wait := self._guesses.wait(client)) > 0:
            raise ProblemError(
                429, "too many wrong keys came from this address", headers={"Retry-After": str(int(wait) + 1)}
            )
        if shown is None:
            raise _unauthorized("this needs an API key")
        if not self._knows(shown):
            self._guesses.wrong(client)
            raise _unauthorized("the API key is wrong")

    def _knows(self, key: str) -> bool:
        """Compare with every key, in a time that says nothing of them."""
        digest = _digest(key)
        same = [hmac.compare_digest(digest, each) for each in self._keys]
        return any(same)


def shown_key(request: Request) -> str | None:
    """Return the key that *request* shows, None where it shows none."""
    if (key := request.headers.get(HEADER)) is not None:
        return key
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def client_of(request: Request) -> str:
    """Return what tells clients apart: the address, of IPv6 the /64, which is one customer's as a rule."""
    host = request.client.host if request.client else ""
    try:
        address = ip_address(host)
    except ValueError:
        return host[:64]
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or IPv6Address(int(address) >> 64 << 64))
    return host


def _check_local(request: Request) -> None:
    """Let a program on this machine pass: nobody for whom a proxy asks, and no web page, whatever name it asks by."""
    host = request.client.host if request.client else ""
    hint = f"set {variable('api_key')} and show it"
    if not is_loopback(host) or any(name in request.headers for name in _FORWARDED):
        raise _unauthorized("without an API key only this machine is answered", hint=hint)
    origin = request.headers.get("Origin")
    if not is_loopback(_hostname(f"//{request.headers.get('Host', '')}")) or (
        origin is not None and not is_loopback(_hostname(origin))
    ):
        raise ProblemError(403, "without an API key no web page of another address is answered", hint=hint)


def _hostname(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _unauthorized(detail: str, *, hint: str | None = None) -> ProblemError:
    hint = hint or f"show it as {HEADER}, or as Authorization: Bearer"
    return ProblemError(401, detail, hint=hint, headers={"WWW-Authenticate": 'Bearer realm="netbox-pdns"'})


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
