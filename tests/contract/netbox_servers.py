"""The NetBox servers of the contract: the sandbox's and the real one, reached in the same way."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
import servers
from servers import NetBoxServer, plain_http

from netbox_pdns.sandbox.background import in_background
from netbox_pdns.sandbox.netbox import Permission, Token, running_netbox
from netbox_pdns.sandbox.running import RunningNetBox

DNS = "plugins/netbox-dns"
CHANGES = "core/object-changes"
SEEN = "seen"
"""Names that begin so are what the narrowed users may see."""


@dataclass(frozen=True)
class User:
    """A user who is no administrator: what may be done with which types, and whether with names in `SEEN` alone."""

    actions: Mapping[str, tuple[str, ...]]
    narrowed: bool = False
    write_enabled: bool = True


_VIEW = ("view",)
_DNS_TYPES = ("netbox_dns.zone", "netbox_dns.record", "netbox_dns.view", "netbox_dns.nameserver")
USERS = {
    "without-change-log": User(dict.fromkeys(_DNS_TYPES, _VIEW)),
    "without-records": User({"netbox_dns.zone": _VIEW}),
    "narrowed": User({"netbox_dns.record": _VIEW}, narrowed=True),
    "narrowed-writer": User({"netbox_dns.record": ("view", "add", "change", "delete")}, narrowed=True),
    "read-only": User({"netbox_dns.record": ("view", "add")}, write_enabled=False),
}


@dataclass(frozen=True)
class NetBox:
    """A NetBox under contract."""

    reached: RunningNetBox
    tokens: Mapping[str, str] = field(repr=False)

    def ask(self, method: str, path: str, body: Any = None, *, user: str | None = None) -> httpx2.Response:
        """Send a request (*path* begins after `/api/`) as administrator, or as one of `USERS`."""
        token = self.reached.token if user is None else self.tokens[user]
        return self.send(method, path, body, authorization=f"Token {token}")

    def send(self, method: str, path: str, body: Any = None, *, authorization: str | None) -> httpx2.Response:
        """Send a request with an `Authorization` header of one's own."""
        headers = {} if authorization is None else {"Authorization": authorization}
        content = {} if body is None else {"json": body}
        url = f"{self.reached.url}/api/{path}"
        return plain_http(method, url, headers, **content)

    def done(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request as administrator that is to succeed, and return what comes back."""
        answer = self.ask(method, path, body)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text[:800]}"
        return answer.json() if answer.content else None

    def rows(self, path: str, query: str) -> list[dict[str, Any]]:
        """Return a list of up to 1,000 objects in the order of their ids."""
        return list(self.done("GET", f"{path}/?{query}&limit=1000&ordering=id")["results"])


@dataclass
class Company:
    """A view of its own, a nameserver, and what is made in it."""

    netbox: NetBox
    word: str
    view: int
    nameserver: int

    @property
    def nameserver_name(self) -> str:
        """The nameserver's absolute name."""
        return f"ns1.{self.word}.example."

    def zone(self, name: str, **more: Any) -> int:
        """Make a zone and return its id."""
        body = {
            "name": name,
            "view": self.view,
            "nameservers": [self.nameserver],
            "soa_mname": self.nameserver,
            "soa_rname": f"hostmaster.{self.word}.example",
            "default_ttl": 3600,
        }
        return int(self.netbox.done("POST", f"{DNS}/zones/", {**body, **more})["id"])

    def record(self, zone: int, name: str, type: str, value: str, **more: Any) -> int:
        """Make a record and return its id."""
        body = {"zone": zone, "name": name, "type": type, "value": value, **more}
        return int(self.netbox.done("POST", f"{DNS}/records/", body)["id"])

    def edit(self, kind: str, number: int, **more: Any) -> dict[str, Any]:
        """Change an object and return it."""
        return dict(self.netbox.done("PATCH", f"{DNS}/{kind}/{number}/", more))

    def delete(self, kind: str, number: int) -> None:
        """Delete an object."""
        self.netbox.done("DELETE", f"{DNS}/{kind}/{number}/")

    def records(self, zone: int, query: str = "") -> list[dict[str, Any]]:
        """Return a zone's records in the order of their ids."""
        return self.netbox.rows(f"{DNS}/records", f"zone_id={zone}&{query}")

    def served(self, zone: int, *types: str) -> set[tuple[str, str, str]]:
        """Return name, type and value of a zone's active records of *types*."""
        query = "&".join(["active=true", *(f"type={type}" for type in types)])
        return {(row["name"], row["type"], row["value"]) for row in self.records(zone, query)}

    def serial(self, zone: int) -> int:
        """Return a zone's serial."""
        return int(self.netbox.done("GET", f"{DNS}/zones/{zone}/")["soa_serial"])

    @contextmanager
    def log(self) -> Iterator[list[dict[str, Any]]]:
        """Give a list that has, after the block, the change-log entries that were made in it, oldest first."""
        newest = self.netbox.done("GET", f"{CHANGES}/?limit=1&ordering=-id&fields=id")["results"][0]["id"]
        entries: list[dict[str, Any]] = []
        yield entries
        entries += self.netbox.rows(CHANGES, f"id__gt={newest}")

    def close(self) -> None:
        """Delete all of it."""
        zones = self.netbox.rows(f"{DNS}/zones", f"view_id={self.view}&fields=id")
        self.netbox.done("DELETE", f"{DNS}/zones/", zones)
        self.delete("views", self.view)
        for row in self.netbox.rows(f"{DNS}/nameservers", f"name__iew={self.word}.example&fields=id"):
            self.delete("nameservers", row["id"])


@contextmanager
def a_company(netbox: NetBox) -> Iterator[Company]:
    """Make a company for the block."""
    word = f"c{secrets.token_hex(5)}"
    view = netbox.done("POST", f"{DNS}/views/", {"name": word})["id"]
    nameserver = netbox.done("POST", f"{DNS}/nameservers/", {"name": f"ns1.{word}.example"})["id"]
    company = Company(netbox, word, view, nameserver)
    try:
        yield company
    finally:
        company.close()


@pytest.fixture(
    name="netbox", scope="module", params=["sandbox", pytest.param("real", marks=[pytest.mark.real, pytest.mark.long])]
)
def netbox_fixture(request: pytest.FixtureRequest) -> Iterator[NetBox]:
    """Each of the servers in turn."""
    with ExitStack() as stack:
        yield stack.enter_context(_sandbox() if request.param == "sandbox" else _real(servers.netbox()))


@pytest.fixture(name="company")
def company_fixture(netbox: NetBox) -> Iterator[Company]:
    """A company of the test's own; it is gone after the test."""
    with a_company(netbox) as company:
        yield company


@contextmanager
def _sandbox() -> Iterator[NetBox]:
    tokens = {name: secrets.token_hex(20) for name in USERS}
    with in_background(running_netbox(tokens=[_token(user, tokens[name]) for name, user in USERS.items()])) as reached:
        yield NetBox(reached, tokens)


def _token(user: User, secret: str) -> Token:
    only = {"name__isw": SEEN} if user.narrowed else {}
    permissions = [Permission(type, frozenset(actions), only) for type, actions in user.actions.items()]
    return Token(secret, "somebody", tuple(permissions), user.write_enabled)


@contextmanager
def _real(server: NetBoxServer) -> Iterator[NetBox]:
    with ExitStack() as stack:

        def create(kind: str, **body: Any) -> dict[str, Any]:
            made: dict[str, Any] = server.request("POST", f"users/{kind}/", json=body)
            stack.callback(server.request, "DELETE", f"users/{kind}/{made['id']}/")
            return made

        yield NetBox(server.reached, {name: _token_of(user, create) for name, user in USERS.items()})


def _token_of(user: User, create: Callable[..., dict[str, Any]]) -> str:
    name = f"u{secrets.token_hex(4)}"
    number = create("users", username=name, password=secrets.token_hex(12) + "aA1!")["id"]
    only = {"name__istartswith": SEEN} if user.narrowed else None
    for type, actions in user.actions.items():
        body = {"object_types": [type], "actions": list(actions), "users": [number], "constraints": only}
        create("permissions", name=f"{name}-{type}", **body)
    return str(create("tokens", user=number, version=1, write_enabled=user.write_enabled)["token"])
