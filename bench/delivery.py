"""NetBox's own webhooks, on their way to the service past a post where it is written down when each came."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from product import environment, program
from serving import PATIENCE, SECRET, Serving
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from netbox_pdns.sandbox.serving import serving as served_at


@dataclass
class Post:
    """When the webhook about each record and value came (`perf_counter`)."""

    came: dict[tuple[str, str], float] = field(default_factory=dict)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def note(self, body: bytes) -> None:
        """Write down that *body* came."""
        now, said = time.perf_counter(), json.loads(body)
        if said["object_type"] == "netbox_dns.record":
            async with self._changed:
                self.came.setdefault((said["data"]["fqdn"], said["data"]["value"]), now)
                self._changed.notify_all()

    async def arrival(self, name: str, value: str) -> float:
        """Wait until the webhook about a record came, and return when that was."""
        async with asyncio.timeout(PATIENCE), self._changed:
            await self._changed.wait_for(lambda: (name, value) in self.came)
        return self.came[name, value]


@asynccontextmanager
async def delivered(bench: Serving) -> AsyncIterator[Post]:
    """Have NetBox send its webhooks to the service within the block, as `netbox-pdns setup netbox` sets it up."""
    post = Post()

    async def take(request: Request) -> Response:
        body = await request.body()
        await post.note(body)
        kept = {name: request.headers[name] for name in ("content-type", "x-hook-signature") if name in request.headers}
        answer = await bench.http.post(f"{bench.url}/webhooks/netbox", content=body, headers=kept)
        return Response(answer.content, answer.status_code)

    async with served_at(Starlette(routes=[Route("/webhooks/netbox", take, methods=["POST"])])) as url:
        variables = environment(bench.netbox, bench.powerdns, "/nonexistent")
        variables |= {"NETBOX_PDNS_WEBHOOK_SECRET": SECRET, "NETBOX_PDNS_SETUP_TOKEN": bench.netbox.token}
        variables["NETBOX_PDNS_INSTANCE"] = "bench"
        given = ["setup", "netbox", "--no-user", "--yes", "--url", url]
        await program(given, variables)
        try:
            yield post
        finally:
            await program([*given, "--remove"], variables)
