"""A mosquitto of the test's own, on a free port of 127.0.0.1: stopped, started again, with users and TLS."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import servers

PATH = "/usr/sbin:/usr/local/sbin:/usr/bin:/bin"
SECONDS = 30.0


def program(name: str = "mosquitto") -> str:
    """Return mosquitto's program *name*; skips the test where it is not installed (fails where nothing may be missing)."""
    found = shutil.which(name, path=PATH)
    if found is None:
        servers.missing("mosquitto is not there: apt-get install mosquitto")
    return found


@dataclass
class Mosquitto:
    """A broker that keeps its sessions in *directory*. `users` are names and passwords; without any, anybody may connect."""

    directory: Path
    users: dict[str, str] = field(default_factory=dict)
    tls: bool = False
    port: int = 0
    _process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        """The broker's URL."""
        return f"{'mqtts' if self.tls else 'mqtt'}://localhost:{self.port}"

    @property
    def ca_file(self) -> Path:
        """The certificate of the broker, which is its own authority."""
        return self.directory / "broker.pem"

    async def start(self) -> None:
        """Start it, and wait until it takes connections."""
        self.port = self.port or _free_port()
        self._configure()
        command = [program(), "-c", str(self.directory / "mosquitto.conf")]
        with (self.directory / "mosquitto.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log)
        async with asyncio.timeout(SECONDS):
            while not await _answers(self.port):
                assert self._process.returncode is None, (self.directory / "mosquitto.log").read_text()
                await asyncio.sleep(0.05)

    async def stop(self) -> None:
        """Stop it; what it keeps of sessions is written."""
        if self._process is not None:
            self._process.terminate()
            await self._process.wait()
            self._process = None

    def _configure(self) -> None:
        self.directory.mkdir(exist_ok=True)
        lines = [
            f"listener {self.port} 127.0.0.1",
            "persistence true",
            f"persistence_location {self.directory}/",
            f"allow_anonymous {'false' if self.users else 'true'}",
            # Started by root it would give up being root, and its directory with that.
            "user root",
        ]
        if self.users:
            lines.append(f"password_file {self._passwords()}")
        if self.tls:
            key = self._certificate()
            lines += [f"certfile {self.ca_file}", f"keyfile {key}"]
        (self.directory / "mosquitto.conf").write_text("\n".join(lines) + "\n")

    def _passwords(self) -> Path:
        file = self.directory / "passwords"
        file.touch(mode=0o600)
        for user, password in self.users.items():
            subprocess.run([program("mosquitto_passwd"), "-b", str(file), user, password], check=True)
        return file

    def _certificate(self) -> Path:
        key = self.directory / "broker.key"
        if not key.exists():
            names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
            made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *names]
            subprocess.run([*made, "-keyout", str(key), "-out", str(self.ca_file)], check=True, capture_output=True)
        return key


@asynccontextmanager
async def running_mosquitto(
    directory: Path, *, users: dict[str, str] | None = None, tls: bool = False
) -> AsyncIterator[Mosquitto]:
    """Run a broker within the block."""
    broker = Mosquitto(directory, users or {}, tls)
    await broker.start()
    try:
        yield broker
    finally:
        await broker.stop()


@asynccontextmanager
async def cable(port: int) -> AsyncIterator[tuple[int, asyncio.Server]]:
    """Yield a port that leads to *port*, and what to close for that to end without a word to either side."""
    open_: list[asyncio.StreamWriter] = []

    async def lead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", port)
        open_.extend((writer, back))
        await asyncio.gather(_copy(reader, back), _copy(there, writer))

    server = await asyncio.start_server(lead, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], server
    finally:
        server.close()
        for writer in open_:
            writer.transport.abort()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.transport.abort()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


async def _answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
    return True
