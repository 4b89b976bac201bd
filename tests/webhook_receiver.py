"""An HTTP server that takes NetBox's webhooks and keeps them, as they came."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_TIMEOUT = 60.0


@dataclass(frozen=True)
class Delivery:
    """One webhook: the headers by their names in lower case, and the raw body."""

    headers: dict[str, str]
    body: bytes

    @property
    def said(self) -> dict[str, Any]:
        """The body, decoded."""
        return dict(json.loads(self.body))

    @property
    def line(self) -> tuple[str, str, str]:
        """Event, type and name of the object."""
        said = self.said
        name = said["data"].get("fqdn") or said["data"]["name"]
        return said["event"], said["object_type"].rpartition(".")[2], f"{name} {said['data'].get('type', '')}".strip()


@dataclass
class Receiver:
    """Where webhooks come in: its URL, and what came."""

    url: str = ""
    status: int = 202
    _came: list[Delivery] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def take(self, delivery: Delivery) -> None:
        """Keep what came."""
        with self._changed:
            self._came.append(delivery)
            self._changed.notify_all()

    def until(self, last: Callable[[Delivery], bool]) -> list[Delivery]:
        """Wait until the webhook comes that is the *last*, and return all before it; the next call begins after it."""
        with self._changed:
            assert self._changed.wait_for(lambda: any(map(last, self._came)), _TIMEOUT), [
                one.line for one in self._came
            ]
            place = next(number for number, each in enumerate(self._came) if last(each))
            before, self._came = self._came[:place], self._came[place + 1 :]
            return before


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Take webhooks within the block."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.take(Delivery({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(receiver.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}/webhooks/netbox"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
