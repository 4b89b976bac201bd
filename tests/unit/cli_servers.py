"""Servers that answer what a test wants, beside commands that run in the foreground."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeAlias

from starlette.responses import HTMLResponse, JSONResponse, Response

Answer: TypeAlias = Callable[[str], Response]
"""What is answered to the path of a request."""
SECRET = "canary-e3b0c44298fc1c149afbf4c8996fb92427ae41e4"
NO_DNS = "nowhere/at/all"
"""A DNS address that is none, so that nobody waits for an answer."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asked for."""

    method: str
    path: str
    headers: Mapping[str, str]


@contextmanager
def answering(answer: Callable[[Asked], Response]) -> Iterator[str]:
    """Serve *answer* within the block, its `Date` as it has it, and yield the address."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            given = answer(Asked(self.command, self.path.partition("?")[0], self.headers))
            self.send_response_only(given.status_code)
            for name, value in {"Connection": "close", **given.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(given.body)

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815  # http.server has it so

        def log_message(self, *told: object) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def netbox(path: str) -> Response:
    """Answer as a NetBox with the DNS plugin, one view and one zone does, where all may be seen."""
    if path == "/api/status/":
        return JSONResponse({"netbox-version": "4.7.3", "plugins": {"netbox_dns": "1.7.3"}})
    row = {"id": 1, "name": "example.com", "view": {"id": 1, "name": "_default_"}, "default_view": True}
    zone = {"status": "active", "active": True, "default_ttl": 60, "soa_serial": 7}
    return JSONResponse({"count": 1, "next": None, "results": [{**row, **zone}]})


def netbox_without_plugin(path: str) -> Response:
    """Answer as a NetBox without the DNS plugin does."""
    return JSONResponse({"netbox-version": "4.7.3", "plugins": {}}) if path == "/api/status/" else not_found(path)


def netbox_behind(clock: float) -> Answer:
    """Answer as a NetBox whose clock is *clock* seconds ahead."""

    def answer(path: str) -> Response:
        response = netbox(path)
        response.headers["Date"] = formatdate(time.time() + clock, usegmt=True)
        return response

    return answer


def powerdns(path: str) -> Response:
    """Answer as a PowerDNS without zones does."""
    if path.endswith("/zones/netbox-pdns-check.invalid."):
        return not_found(path)
    if path.endswith(("/zones", "/config")):
        return JSONResponse([])
    return JSONResponse({"id": "localhost", "version": "4.9.1", "daemon_type": "authoritative"})


def powerdns_of(version: str) -> Answer:
    """Answer as a PowerDNS of *version*."""
    about = {"id": "localhost", "version": version, "daemon_type": "authoritative"}
    return lambda path: JSONResponse(about) if path.endswith("/localhost") else powerdns(path)


def powerdns_with(**settings: str) -> Answer:
    """Answer as a PowerDNS with *settings* in its pdns.conf."""
    rows = [{"name": name.replace("_", "-"), "value": value} for name, value in settings.items()]
    return lambda path: JSONResponse(rows) if path.endswith("/config") else powerdns(path)


def recursor(path: str) -> Response:
    """Answer as a PowerDNS Recursor does."""
    return JSONResponse({"id": "localhost", "version": "5.0.0", "daemon_type": "recursor"})


def not_found(path: str) -> Response:
    """Answer that there is no such thing."""
    return Response("Not Found", 404, media_type="text/plain")


def login_page(path: str) -> Response:
    """Answer with status 200 and a form to log in, as a proxy with single sign-on does."""
    return HTMLResponse("<html><form>Login</form></html>")


def status(code: int, text: str = "no") -> Answer:
    """Answer with *code* whatever is asked for."""
    return lambda path: Response(text, code, media_type="text/plain")


def at(path: str, answer: Answer, otherwise: Answer) -> Answer:
    """Answer by *answer* to paths that end in *path*, by *otherwise* to all others."""
    return lambda asked: (answer if asked.endswith(path) else otherwise)(asked)


def repeating(code: int, before: int = 0) -> Callable[[Asked], Response]:
    """Answer with *code* and all that was sent, the keys behind so many characters: our messages are cut off at 256."""

    def answer(asked: Asked) -> Response:
        keys = f"{asked.headers.get('authorization', '')} {asked.headers.get('x-api-key', '')}"
        text = f"{'x' * before} {keys} {asked.headers}"
        return JSONResponse({"error": text, "detail": text}, code, headers={"Location": f"http://x/?{keys}"})

    return answer
