"""NetBox's worker: sends webhooks in the background, one after the other, each once.

NetBox's own queue is as long as Redis has memory for. This one holds `MOST`; while it is full, what comes is dropped with a
line in the log. The edit is made all the same, and nobody waits: it is told of like one whose webhook got lost on its way.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Iterable

import httpx2

from netbox_pdns.sandbox.netbox.webhooks import Delivery

_LOG = logging.getLogger(__name__)


MOST = 10_000
"""Deliveries that wait at a time, of some kB each."""


class Worker:
    """A queue of at most so many deliveries, and who works on it."""

    def __init__(self, most: int = MOST) -> None:
        self._queue: asyncio.Queue[Delivery] = asyncio.Queue(most)

    def enqueue(self, deliveries: Iterable[Delivery]) -> None:
        """Have these sent after those before them; those for which there is no room are dropped."""
        dropped = 0
        for each in deliveries:
            try:
                self._queue.put_nowait(each)
            except asyncio.QueueFull:
                dropped += 1
        if dropped:
            what = "1 webhook was" if dropped == 1 else f"{dropped} webhooks were"
            _LOG.warning("%s dropped: %d wait to be sent", what, self._queue.qsize())

    async def run(self) -> None:
        """Send until cancelled; what is not taken is not sent again."""
        clients: dict[tuple[bool, str | None], httpx2.AsyncClient] = {}
        try:
            while True:
                delivery = await self._queue.get()
                how = (delivery.verify, delivery.ca_file)
                try:
                    if how not in clients:
                        clients[how] = httpx2.AsyncClient(verify=_verify(*how), trust_env=False)
                    await _send(clients[how], delivery)
                except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
                    _LOG.warning("the webhook to %s failed: %s", delivery.url, error)
        finally:
            for client in clients.values():
                await client.aclose()


async def _send(client: httpx2.AsyncClient, delivery: Delivery) -> None:
    answer = await client.request(
        delivery.method, delivery.url, headers=delivery.headers, content=delivery.body, timeout=delivery.timeout
    )
    if not answer.is_success:
        _LOG.warning("the webhook to %s failed: it answers %d", delivery.url, answer.status_code)


def _verify(verify: bool, ca_file: str | None) -> bool | ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_file) if verify and ca_file else verify
