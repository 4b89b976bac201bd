"""A real `pdns_server` of one's own: its configuration, its database and its end.

For the demo, the tests and developers. All state is in one directory; API and DNS are on free ports of 127.0.0.1.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
import sqlite3
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

import dns.exception
import dns.message
import dns.query
import httpx2

from netbox_pdns.errors import TransientError
from netbox_pdns.sandbox.installation import Backend, Installation, find_pdns_server, installed_here
from netbox_pdns.sandbox.running import RunningPowerDNS

_HOST = "127.0.0.1"
_START_TIMEOUT = 20.0
_STOP_TIMEOUT = 10.0
_SETTINGS: Mapping[str, str] = {
    "api": "yes",
    "webserver": "yes",
    "webserver-address": _HOST,
    "webserver-allow-from": "127.0.0.0/8",
    "local-address": _HOST,
    "daemon": "no",
    "guardian": "no",
    "setuid": "",
    "setgid": "",
    "chroot": "",
    "primary": "yes",
    # Answers come from the database at once: what was applied is what is asked for.
    "cache-ttl": "0",
    "query-cache-ttl": "0",
    "negquery-cache-ttl": "0",
    "zone-cache-refresh-interval": "0",
    "allow-axfr-ips": "127.0.0.0/8",
}


@dataclass(frozen=True, slots=True)
class PdnsServer:
    """A `pdns_server` that is ready to be started: the command, and how it will be reached."""

    command: tuple[str, ...]
    reached: RunningPowerDNS
    directory: Path

    def answers(self) -> bool:
        """Tell whether both the API and DNS answer now; waits a second at most for each."""
        headers = {"X-API-Key": self.reached.api_key}
        query = dns.message.make_query("netbox-pdns.test.", "SOA")
        try:
            url = f"{self.reached.url}/api/v1/servers/{self.reached.server_id}"
            # The API is plain HTTP: to read the system's authorities for it takes 20 ms a question.
            nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            httpx2.get(url, headers=headers, timeout=1.0, trust_env=False, verify=nobody).raise_for_status()
            dns.query.udp(query, self.reached.dns_host, port=self.reached.dns_port, timeout=1.0)
        except (httpx2.HTTPError, dns.exception.DNSException, OSError):
            return False
        return True

    def log(self) -> str:
        """Return the last lines that the server wrote."""
        path = self.directory / "pdns.log"
        return "\n".join(path.read_text(errors="replace").splitlines()[-8:]) if path.exists() else ""


def can_run_pdns_server() -> bool:
    """Tell whether this machine has a `pdns_server` with its SQLite backend."""
    return find_pdns_server() is not None and installed_here().has_schema("gsqlite3")


def prepare_pdns_server(
    directory: Path,
    *,
    backend: Backend = "gsqlite3",
    settings: Mapping[str, str] | None = None,
    installation: Installation | None = None,
) -> PdnsServer:
    """Write configuration and database into *directory* (kept where they are there) and return how to start the server.

    *settings* are lines of pdns.conf that win over ours; with gpgsql they say where its database is, whose tables are
    there already. Raises `ConfigurationError` where `pdns_server` (this machine's without *installation*) or the schema of
    its SQLite backend is missing.
    """
    installation = installation or installed_here()
    directory.mkdir(parents=True, exist_ok=True)
    key = secrets.token_hex(16)
    dns_port, api_port = _free_port(), _free_port()
    lines = {
        **_SETTINGS,
        **_backend_settings(directory, backend, installation),
        "api-key": key,
        "local-port": str(dns_port),
        "webserver-port": str(api_port),
        "socket-dir": str(directory),
        **(settings or {}),
    }
    configuration = directory / "pdns.conf"
    configuration.touch(mode=0o600)
    configuration.write_text("".join(f"{name}={value}\n" for name, value in lines.items()))
    reached = RunningPowerDNS(
        url=f"http://{lines['webserver-address']}:{lines['webserver-port']}",
        api_key=lines["api-key"],
        server_id="localhost",
        dns_host=lines["local-address"],
        dns_port=int(lines["local-port"]),
    )
    return PdnsServer((*installation.command, f"--config-dir={directory}"), reached, directory)


@asynccontextmanager
async def running_pdns_server(
    directory: Path,
    *,
    backend: Backend = "gsqlite3",
    settings: Mapping[str, str] | None = None,
    installation: Installation | None = None,
) -> AsyncIterator[RunningPowerDNS]:
    """Run a `pdns_server` in *directory* within the block; it answers when the block begins.

    Raises `TransientError` with the end of its log where it does not start.
    """
    server = await asyncio.to_thread(
        prepare_pdns_server, directory, backend=backend, settings=settings, installation=installation
    )
    with (directory / "pdns.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(*server.command, stdout=log, stderr=log)
    try:
        await _until_it_answers(server, process)
        yield server.reached
    finally:
        await _ended(process)


async def _until_it_answers(server: PdnsServer, process: asyncio.subprocess.Process) -> None:
    deadline = time.monotonic() + _START_TIMEOUT
    while not await asyncio.to_thread(server.answers):
        if process.returncode is not None or time.monotonic() > deadline:
            raise TransientError(f"pdns_server does not start:\n{server.log()}")
        await asyncio.sleep(0.05)


async def _ended(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _STOP_TIMEOUT)
    except TimeoutError:
        process.kill()
        await process.wait()


def _backend_settings(directory: Path, backend: Backend, installation: Installation) -> dict[str, str]:
    if backend == "gpgsql":
        return {"launch": "gpgsql", "gpgsql-dnssec": "yes"}
    if backend == "lmdb":
        return {
            "launch": "lmdb",
            "lmdb-filename": str(directory / "pdns.lmdb"),
            "lmdb-sync-mode": "nosync",
        }
    database = directory / "pdns.sqlite3"
    if not database.exists():
        with closing(sqlite3.connect(database)) as connection:
            connection.executescript(installation.schema(backend))
    return {
        "launch": "gsqlite3",
        "gsqlite3-database": str(database),
        "gsqlite3-pragma-synchronous": "0",
        "gsqlite3-dnssec": "yes",
    }


def _free_port() -> int:
    """Return a port of 127.0.0.1 that is free for UDP and TCP now."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
    ):
        tcp.bind((_HOST, 0))
        port = int(tcp.getsockname()[1])
        udp.bind((_HOST, port))
        return port
