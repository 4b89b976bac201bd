"""`netbox-pdns serve` as a process: started with settings in a file, asked over HTTP, stopped, killed, started again."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import servers
from program import begun, program
from servers import eventually
from sync_world import World

SECRET = "of-webhooks-and-the-machine"
KEY = "of-people-at-the-machine"
PATIENCE = 120.0
"""Seconds that anything may take, on a machine that has much else to do."""


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@dataclass
class Service:
    """The service in the directory *home*; *write* writes settings to a file, *options* are its own ones."""

    home: Path
    options: Mapping[str, Any]
    write: Callable[..., Path]
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """What it printed, over all its starts."""
        return self.home / "service.log"

    def start(self, **more: Any) -> None:
        """Start it; *more* are settings in place of others. It is not waited for."""
        given = {
            "listen_port": self.port,
            "api_key": KEY,
            "webhook_secret": SECRET,
            "sync_crontab": "never",
            "drift_crontab": "never",
            "log_format": "json",
            **self.options,
            **more,
        }
        config = self.write(self.home / "service.toml", data_dir=str(self.home / "service"), **given)
        self.process = begun("serve", home=self.home, log=self.log, variables={"NETBOX_PDNS_CONFIG": str(config)})

    def ask(self, method: str, path: str, **body: Any) -> httpx2.Response:
        """Send a request with the key and return the answer; raises `httpx2.TransportError` where nobody listens."""
        return servers.plain_http(method, self.url + path, {"X-NetBox-PDNS-API-Key": KEY}, timeout=30.0, **body)

    def status(self) -> dict[str, Any] | None:
        """Return what `/status` says; None while it does not."""
        with suppress(httpx2.TransportError, ValueError):
            answer = self.ask("GET", "/status")
            return dict(answer.json()) if answer.status_code == 200 else None
        return None

    def until(self, holds: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
        """Wait until *holds* is true of `/status`, and return that; fails with the end of the log."""
        seen: dict[str, Any] | None = None

        def come() -> bool:
            nonlocal seen
            self.must_run()
            seen = self.status()
            return seen is not None and holds(seen)

        try:
            eventually(come, timeout=PATIENCE, what=what)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{json.dumps(seen)}\n{self.tail()}") from error
        assert seen is not None
        return seen

    def must_run(self) -> None:
        """See that it has not ended."""
        assert self.process is not None
        assert self.process.poll() is None, f"it ended with {self.process.returncode}: {self.tail()}"

    def ready(self) -> None:
        """Wait until the first pass is over."""
        self.until(lambda seen: bool(seen["initial_sync"]["completed"]), "the first pass is over")

    def at_rest(self) -> None:
        """Wait until the first pass is over, nothing is queued, and no zone waits or fails."""

        def rests(seen: dict[str, Any]) -> bool:
            waiting = sum(seen["zones"].get(each, 0) for each in ("waiting", "failing", "unknown"))
            begun = bool(seen["initial_sync"]["completed"])
            return begun and not waiting and not any(target["queue_depth"] for target in seen["targets"])

        self.until(rests, "all is done")

    def sync(self, depth: str = "content") -> None:
        """Ask for a pass over everything."""
        answer = self.ask("POST", "/api/v1/sync", json={"depth": depth})
        assert answer.status_code == 202, answer.text

    def kill(self) -> None:
        """End it as a power cut does (SIGKILL)."""
        assert self.process is not None
        self.process.kill()
        assert self.process.wait() == -signal.SIGKILL, self.tail()

    def stop(self) -> int:
        """Tell it to stop (SIGTERM) and return its exit status."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(PATIENCE)

    def end(self) -> None:
        """See that it does not run any more, and that it never printed a trace or a secret."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        printed = self.log.read_text() if self.log.exists() else ""
        assert "Traceback" not in printed, self.tail()
        assert not [secret for secret in (SECRET, KEY) if secret in printed]

    def lines(self) -> list[dict[str, Any]]:
        """Return the lines of its log, one JSON object each."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def tail(self) -> str:
        """Return the end of what it printed."""
        return "\n".join(self.log.read_text().splitlines()[-25:]) if self.log.exists() else ""


@contextmanager
def told_by_webhooks(world: World, service: Service) -> Iterator[None]:
    """Have NetBox send its webhooks to the service within the block, as `netbox-pdns setup netbox` sets it up."""
    variables = {
        "NETBOX_PDNS_NB_URL": world.netbox.url,
        "NETBOX_PDNS_INSTANCE": world.word,
        "NETBOX_PDNS_WEBHOOK_SECRET": SECRET,
        "NETBOX_PDNS_SETUP_TOKEN": world.netbox.token,
    }
    given = ("setup", "netbox", "--no-user", "--yes", "--url", service.url)
    done = program(*given, home=world.directory, variables=variables)
    assert done.status == 0, done.out + done.err
    try:
        yield
    finally:
        gone = program(*given, "--remove", home=world.directory, variables=variables)
        assert gone.status == 0, gone.out + gone.err
