"""The real servers, as tests see them: found through the folder that `make servers` writes."""

from __future__ import annotations

import functools
import json
import os
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn
from uuid import uuid4

import dns.exception
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import httpx2
import pytest

from netbox_pdns.errors import ConfigurationError
from netbox_pdns.sandbox.installation import Backend, Installation, installed_here, installed_in
from netbox_pdns.sandbox.pdns_server import running_pdns_server
from netbox_pdns.sandbox.running import RunningNetBox, RunningPowerDNS

STATE = Path(os.environ.get("DEV_SERVERS") or Path(__file__).parent.parent / ".dev")

_PLAIN: dict[str, Any] = {"trust_env": False, "verify": False}
"""How the servers are asked: straight, and without reading the authorities, 25 ms a call, for there is no TLS."""
_BACKENDS: tuple[Backend, ...] = ("gsqlite3", "lmdb", "gpgsql")


def primaries(*, slow: bool = False, sid: bool = False) -> tuple[Any, ...]:
    """Return the real primaries as parameters, by what comes after `powerdns_`.

    gpgsql and those of Debian's next release are sampled, and `full` where the tests are *slow* or the release is not there
    (`make test-full` fetches it). Those of *sid* are for who fetched it.
    """
    known = _known()
    sampled = pytest.mark.full if slow else pytest.mark.long

    def of(release: str, mark: pytest.MarkDecorator) -> list[Any]:
        return [pytest.param(f"{release}_{each}", marks=[pytest.mark.real, mark]) for each in _BACKENDS]

    return (
        pytest.param("gsqlite3", marks=pytest.mark.real),
        pytest.param("lmdb", marks=pytest.mark.real),
        pytest.param("gpgsql", marks=[pytest.mark.real, sampled]),
        *of("trixie", sampled if "powerdns_trixie_lmdb" in known else pytest.mark.full),
        *(of("sid", sampled) if sid and "powerdns_sid_lmdb" in known else ()),
    )


@asynccontextmanager
async def own_primary(
    name: str, directory: Path, settings: Mapping[str, str] | None = None
) -> AsyncIterator[RunningPowerDNS]:
    """Run a primary of the test's own in *directory*, of the kind that `primaries` calls *name*."""
    release, _, word = name.rpartition("_")
    backend: Backend = next(each for each in _BACKENDS if each == word)
    installation = _installation(release)
    with _own_database(installation) if backend == "gpgsql" else nullcontext({}) as place:
        given = {**place, **(settings or {})}
        async with running_pdns_server(directory, backend=backend, settings=given, installation=installation) as server:
            yield server


def _installation(release: str) -> Installation:
    try:
        return installed_in((STATE / release).absolute()) if release else installed_here()
    except ConfigurationError as error:
        missing(f"{error}: run `make test-full`, which fetches it")


@contextmanager
def _own_database(installation: Installation) -> Iterator[dict[str, str]]:
    """Make a database with PowerDNS's tables in NetBox's PostgreSQL, and yield the settings that lead to it."""
    there, name = netbox(), f"own_{uuid4().hex}"
    there.sql(f"CREATE DATABASE {name}", name="postgres")
    try:
        there.sql(installation.schema("gpgsql"), name=name)
        address = {each: str(there.database[each]) for each in ("host", "port", "user", "password")}
        yield {**{f"gpgsql-{key}": value for key, value in address.items()}, "gpgsql-dbname": name}
    finally:
        there.sql(f"DROP DATABASE {name} WITH (FORCE)", name="postgres")


def powerdns(name: str) -> RunningPowerDNS:
    """Return the running PowerDNS called *name* (`powerdns_gsqlite3`, `powerdns_trixie_lmdb`, ...)."""
    server = RunningPowerDNS(**_reached(name))
    _must_answer(name, f"{server.url}/api/v1/servers/{server.server_id}", {"X-API-Key": server.api_key})
    return server


def netbox() -> NetBoxServer:
    """Return the running NetBox."""
    reached = _reached("netbox")
    server = NetBoxServer(
        reached=RunningNetBox(url=reached["url"], token=reached["token"], token_v2=reached["token_v2"]),
        database=reached["database"],
        redis_port=reached["redis_port"],
        command=reached["command"],
        root=reached["root"],
    )
    _must_answer("netbox", f"{server.url}/api/status/", {"Authorization": f"Token {server.token}"})
    return server


@dataclass(frozen=True, slots=True)
class NetBoxApi:
    """A NetBox, real or the sandbox's, as far as its API goes."""

    reached: RunningNetBox

    @property
    def url(self) -> str:
        """The base URL, without a trailing slash and `/api`."""
        return self.reached.url

    @property
    def token(self) -> str:
        """An administrator's token of version 1."""
        return self.reached.token

    @property
    def token_v2(self) -> str:
        """An administrator's token of version 2, `nbt_` included."""
        return self.reached.token_v2

    def request(self, method: str, path: str, **body: Any) -> Any:
        """Send an API request as administrator (*path* begins after `/api/`) and return what comes back, None for nothing.

        Raises `AssertionError` with NetBox's words where it refuses.
        """
        headers = {"Authorization": f"Token {self.token}"}
        answer = plain_http(method, f"{self.url}/api/{path}", headers, timeout=120.0, **body)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text[:800]}"
        return answer.json() if answer.content else None


@dataclass(frozen=True, slots=True)
class NetBoxServer(NetBoxApi):
    """A real NetBox, and ways behind its API."""

    database: dict[str, Any] = field(repr=False)
    redis_port: int
    command: str
    root: str

    def sql(self, statement: str, *, name: str | None = None) -> str:
        """Run *statement* in NetBox's database (or the one called *name*); rows come tab-separated, without a heading."""
        address = self.database
        options = ["-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1"]
        where = [
            "-h",
            address["host"],
            "-p",
            str(address["port"]),
            "-U",
            address["user"],
            "-d",
            name or address["name"],
        ]
        command = [f"{address['programs']}/psql", *options, *where]
        return _run(command, environment={"PGPASSWORD": address["password"]}, stdin=statement)

    def python(self, code: str, *, timeout: float = 120.0) -> str:
        """Run *code* in NetBox's own shell and return what it printed; takes several seconds, *timeout* at most."""
        environment = {"NETBOX_ROOT": self.root, "PYTHONWARNINGS": "ignore"}
        return _run([self.command, "nbshell", "-c", code], environment=environment, timeout=timeout)

    def save(self, name: str) -> None:
        """Keep a copy of the whole database under *name* (a plain word); takes about a second."""
        self._replace(f"saved_{name}", self.database["name"])

    def restore(self, name: str) -> None:
        """Put the whole database back to what was saved under *name*, and forget what is cached of it."""
        self._replace(self.database["name"], f"saved_{name}")
        _run(["redis-cli", "-p", str(self.redis_port), "-n", "1", "flushdb"])

    def forget(self, name: str) -> None:
        """Drop the copy called *name*."""
        self.sql(f"DROP DATABASE IF EXISTS saved_{name} WITH (FORCE)", name="postgres")

    @contextmanager
    def put_back(self) -> Iterator[None]:
        """Put the database back at the end of the block to what it was at its beginning."""
        name = uuid4().hex
        self.save(name)
        try:
            yield
        finally:
            self.restore(name)
            self.forget(name)

    def _replace(self, target: str, source: str) -> None:
        # A template may have no other connection: shut the door, turn out who is in, open it again.
        self.sql(f"ALTER DATABASE {source} ALLOW_CONNECTIONS false", name="postgres")
        try:
            turn_out = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{source}'"  # noqa: S608 - our own word
            self.sql(turn_out, name="postgres")
            self.sql(f"DROP DATABASE IF EXISTS {target} WITH (FORCE)", name="postgres")
            eventually(lambda: self._copied(target, source), timeout=20.0, what=f"a copy of the database {source}")
        finally:
            self.sql(f"ALTER DATABASE {source} ALLOW_CONNECTIONS true", name="postgres")

    def _copied(self, target: str, source: str) -> bool:
        count = f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{source}'"  # noqa: S608 - our own word
        if int(self.sql(count, name="postgres")):
            return False
        self.sql(f"CREATE DATABASE {target} TEMPLATE {source}", name="postgres")
        return True


def eventually(condition: Callable[[], bool], *, timeout: float, what: str) -> None:
    """Wait until *condition* holds; raises `AssertionError` that names *what* after *timeout* seconds."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, f"not within {timeout:g} s: {what}"
        time.sleep(0.05)


def ask(server: RunningPowerDNS, name: str, rdtype: str, *, tcp: bool = False) -> dns.message.Message:
    """Ask *server* over UDP (over TCP with *tcp*, or where the answer is truncated) and return the answer."""
    query = dns.message.make_query(name, rdtype, use_edns=0, payload=1232)
    if tcp:
        return dns.query.tcp(query, server.dns_host, port=server.dns_port, timeout=10.0)
    return dns.query.udp_with_fallback(query, server.dns_host, port=server.dns_port, timeout=10.0)[0]


@functools.cache
def release(server: RunningPowerDNS) -> tuple[int, int]:
    """Return the release that *server* says it is, like (4, 9)."""
    major, minor = api(server, "GET", "").json()["version"].split(".")[:2]
    return int(major), int(minor)


def served_serial(server: RunningPowerDNS, zone: str) -> int | None:
    """Return the SOA serial that *server* answers for *zone*, None where it has no such zone."""
    try:
        answer = ask(server, zone, "SOA")
    except dns.exception.Timeout:
        return None
    serials = [rdata.serial for rrset in answer.answer if rrset.rdtype == dns.rdatatype.SOA for rdata in rrset]
    return serials[0] if answer.rcode() == dns.rcode.NOERROR and serials else None


def api(server: RunningPowerDNS, method: str, path: str, **body: Any) -> httpx2.Response:
    """Send a request to the API of *server*; *path* begins after `/api/v1/servers/localhost`."""
    url = f"{server.url}/api/v1/servers/{server.server_id}{path}"
    return plain_http(method, url, {"X-API-Key": server.api_key}, **body)


def plain_http(
    method: str, url: str, headers: Mapping[str, str] | None = None, *, timeout: float = 60.0, **body: Any
) -> httpx2.Response:
    """Send a request to a server of this machine, past any proxy, and return its answer.

    No authority is trusted, since none is needed: to read the system's takes 20 ms a request.
    """
    nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return httpx2.request(method, url, headers=headers, timeout=timeout, trust_env=False, verify=nobody, **body)


def follow(secondary: RunningPowerDNS, zone: str, primary: RunningPowerDNS) -> None:
    """Tell *secondary* to transfer *zone* from *primary* from now on."""
    told = api(secondary, "POST", "/zones", json={"name": zone, "kind": "Secondary", "masters": [primary.dns_address]})
    assert told.status_code == 201, told.text


def missing(what: str) -> NoReturn:
    """Skip the test, or fail where nothing may be missing (CI=true)."""
    if os.environ.get("CI") == "true":
        pytest.fail(what, pytrace=False)
    pytest.skip(what)


def _reached(name: str) -> dict[str, Any]:
    servers = _known()
    if name not in servers:
        missing(f"{name} is not there: run `make servers`")
    return dict(servers[name])


def _known() -> dict[str, Any]:
    path = STATE / "servers.json"
    return dict(json.loads(path.read_text())) if path.exists() else {}


def _must_answer(name: str, url: str, headers: dict[str, str]) -> None:
    try:
        answer = plain_http("GET", url, headers)
    except httpx2.TransportError:
        missing(f"{name} does not answer: run `make servers`")
    else:
        assert answer.status_code == 200, f"{name}: {answer.status_code} {answer.text[:200]}"


def _run(
    command: list[str],
    *,
    environment: dict[str, str] | None = None,
    stdin: str | None = None,
    timeout: float = 120.0,
) -> str:
    done = subprocess.run(
        command,
        input=stdin or "",
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
        env={**os.environ, **(environment or {})},
    )
    assert done.returncode == 0, f"{command[0]}: {done.stderr or done.stdout}"
    return done.stdout
