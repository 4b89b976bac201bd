"""Answers of both servers, damaged in every way: understood, or an error of ours in words, never anything else."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import httpx2
import msgspec
import pytest
from cli_servers import Asked, answering
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from servers import plain_http
from starlette.responses import Response

from netbox_pdns.errors import NetboxPdnsError
from netbox_pdns.netbox.source import NetBoxSource
from netbox_pdns.planning.values import ZoneRef
from netbox_pdns.powerdns.target import PowerDNSTarget
from netbox_pdns.resilience.retry import RetryPolicy
from netbox_pdns.sandbox.background import in_background
from netbox_pdns.sandbox.netbox import running_netbox
from netbox_pdns.sandbox.powerdns import running_powerdns
from netbox_pdns.settings import NetBoxSettings, Selection, TargetSettings

ZONE = "example.com."
DNS = "/api/plugins/netbox-dns"
ONCE = RetryPolicy(attempts=1)
LONGEST = 60.0
QUIET = settings(deadline=None, suppress_health_check=list(HealthCheck))
THOUSANDS = settings(QUIET, max_examples=2_000)


@dataclass
class Parrot:
    """A server in front of a real shape: it asks the sandbox, and damages what it hears before it says it again."""

    behind: str
    headers: dict[str, str]
    damage: Callable[[Any], bytes] = msgspec.json.encode
    content_type: str = "application/json"
    status: int = 200
    heard: dict[str, Any] = field(default_factory=dict)
    url: str = ""

    def answer(self, asked: Asked) -> Response:
        """Answer the path of a request."""
        if asked.path not in self.heard:
            real = plain_http("GET", self.behind + asked.path, self.headers, timeout=LONGEST)
            self.heard[asked.path] = real.json() if real.is_success else {}
        return Response(self.damage(copy.deepcopy(self.heard[asked.path])), self.status, media_type=self.content_type)


@pytest.fixture(scope="module")
def powerdns() -> Iterator[Parrot]:
    """A PowerDNS with a zone."""
    with ExitStack() as stack:
        real = stack.enter_context(in_background(running_powerdns()))
        parrot = Parrot(real.url, {"X-API-Key": real.api_key})
        rrsets = [
            {"name": ZONE, "type": "SOA", "ttl": 60, "records": [{"content": f"ns1.{ZONE} h.{ZONE} 7 1 1 1 1"}]},
            {"name": f"www.{ZONE}", "type": "A", "ttl": 60, "records": [{"content": "192.0.2.1"}]},
        ]
        body = {"name": ZONE, "kind": "Native", "nameservers": [], "rrsets": rrsets}
        url = f"{real.url}/api/v1/servers/localhost/zones"
        assert plain_http("POST", url, parrot.headers, json=body).status_code == 201
        parrot.url = stack.enter_context(answering(parrot.answer))
        yield parrot


@pytest.fixture(scope="module")
def netbox() -> Iterator[Parrot]:
    """A NetBox with a zone, a record and a log of them."""
    with ExitStack() as stack:
        real = stack.enter_context(in_background(running_netbox()))
        parrot = Parrot(real.url, {"Authorization": f"Token {real.token}"})
        with httpx2.Client(base_url=real.url, headers=parrot.headers, trust_env=False, timeout=LONGEST) as client:
            ns = client.post(f"{DNS}/nameservers/", json={"name": "ns1.example.net"}).json()["id"]
            zone = {"name": "example.com", "nameservers": [ns], "soa_mname": ns, "soa_rname": "h.example.net"}
            number = client.post(f"{DNS}/zones/", json=zone).json()["id"]
            for name in ("www", "old"):
                row = {"zone": number, "name": name, "type": "A", "value": "192.0.2.1", "status": "active"}
                made = client.post(f"{DNS}/records/", json=row).json()["id"]
            client.delete(f"{DNS}/records/{made}/")
        parrot.url = stack.enter_context(answering(parrot.answer))
        yield parrot


_SCALARS = st.sampled_from(
    [None, "", "x", "7", "..", "a..b.", "\x00", "ü" * 300, -1, 0, 2**31, 2**64, 2**200, 1.5, True, False, [], {}, [[]],
     {"value": 1}, "x" * 100_000, "2026-13-45T99:99:99Z", "SOA", "TYPE70000"]
)  # fmt: skip


@st.composite
def damages(draw: st.DrawFn) -> Callable[[Any], bytes]:
    """Draw a way to damage a document: some of its values gone, or others, or the text itself broken."""
    steps = draw(
        st.lists(st.tuples(st.integers(0, 10_000), st.sampled_from(["put", "drop", "twice"]), _SCALARS), max_size=4)
    )
    broken = draw(st.sampled_from([None] * 6 + ["cut", "deep", "octet", "nothing"]))
    at = draw(st.integers(0, 10_000))

    def damage(document: Any) -> bytes:
        for number, how, value in steps:
            document = _damaged(document, number, how, value)
        text = bytes(msgspec.json.encode(document)) if _fits(document) else b"{}"
        match broken:
            case "cut":
                return text[: at % (len(text) + 1)]
            case "deep":
                return b'{"results":' * 3_000 + b"[" * 3_000
            case "octet":
                return text[: at % (len(text) + 1)] + b"\xff" + text[at % (len(text) + 1) :]
            case "nothing":
                return b""
        return text

    return damage


def _fits(document: Any) -> bool:
    try:
        msgspec.json.encode(document)
    except OverflowError:
        return False
    return True


def _damaged(document: Any, number: int, how: str, value: Any) -> Any:
    """Return *document* with its value *number* (counted through) replaced, dropped, or there twice."""
    places = list(_places(document))
    if not places:
        return value
    holder, key = places[number % len(places)]
    if how == "put":
        holder[key] = value
    elif how == "drop":
        del holder[key]
    elif isinstance(holder, list):
        holder.append(holder[key])
    return document


def everywhere(key: str, value: Any) -> Callable[[Any], bytes]:
    """Return the damage that puts *value* wherever a document has something under *key*."""

    def damage(document: Any) -> bytes:
        for holder, name in list(_places(document)):
            if name == key:
                holder[name] = value
        return bytes(msgspec.json.encode(document))

    return damage


def _places(document: Any) -> Iterator[tuple[Any, Any]]:
    items = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for key, value in list(items):
        yield document, key
        yield from _places(value)


_TYPES = st.sampled_from(
    ["application/json"] * 6 + ["text/html", "text/plain; charset=hex", "", "application/json; charset=x"]
)
_STATUSES = st.sampled_from([200] * 8 + [201, 204, 206, 400, 404, 409, 422, 500])


async def _asked(*asks: Callable[[], Awaitable[object]]) -> None:
    """See that each either returns something or raises an error of ours with words, in good time."""
    said = []
    async with asyncio.timeout(LONGEST):
        for ask in asks:
            try:
                await ask()
            except NetboxPdnsError as error:
                said.append(str(error))
    assert all(said)


def powerdns_law(parrot: Parrot) -> None:
    """Ask all that a sync asks of PowerDNS."""

    async def work() -> None:
        async with PowerDNSTarget(TargetSettings(url=parrot.url, token=SecretStr("x")), "mark", policy=ONCE) as target:
            await _asked(target.zones, lambda: target.read(ZONE), target.client.server, target.client.configuration)

    asyncio.run(work())


def netbox_law(parrot: Parrot) -> None:
    """Ask all that a sync asks of NetBox."""
    ref = ZoneRef(1, ZONE, "_default_", "")

    async def work() -> None:
        async with NetBoxSource(NetBoxSettings(url=parrot.url, token=SecretStr("x")), policy=ONCE) as source:

            async def read() -> None:
                async for _ in source.read([ref]):
                    pass

            await _asked(
                lambda: source.zones(Selection(tag=("a",), nameserver="ns1.example.net")),
                read,
                lambda: source.explain(ref, [(f"old.{ZONE}", "A", "192.0.2.1")]),
                lambda: source.explain_zones([ZONE, "gone.example."], Selection()),
                source.client.status,
            )

    asyncio.run(work())


def _with(parrot: Parrot, damage: Callable[[Any], bytes], content_type: str, status: int) -> Parrot:
    parrot.damage, parrot.content_type, parrot.status = damage, content_type, status
    return parrot


@given(damage=damages(), content_type=_TYPES, status=_STATUSES)
@QUIET
def test_powerdns(powerdns: Parrot, damage: Callable[[Any], bytes], content_type: str, status: int) -> None:
    """Lists, zones, settings."""
    powerdns_law(_with(powerdns, damage, content_type, status))


@given(damage=damages(), content_type=_TYPES, status=_STATUSES)
@example(damage=everywhere("zone", []), content_type="application/json", status=200)
@QUIET
def test_netbox(netbox: Parrot, damage: Callable[[Any], bytes], content_type: str, status: int) -> None:
    """Lists, counts, records, the change log."""
    netbox_law(_with(netbox, damage, content_type, status))


@pytest.mark.full
@given(damage=damages(), content_type=_TYPES, status=_STATUSES)
@THOUSANDS
def test_powerdns_at_length(powerdns: Parrot, damage: Callable[[Any], bytes], content_type: str, status: int) -> None:
    """The same, by the thousand."""
    powerdns_law(_with(powerdns, damage, content_type, status))


@pytest.mark.full
@given(damage=damages(), content_type=_TYPES, status=_STATUSES)
@THOUSANDS
def test_netbox_at_length(netbox: Parrot, damage: Callable[[Any], bytes], content_type: str, status: int) -> None:
    """The same, by the thousand."""
    netbox_law(_with(netbox, damage, content_type, status))
