"""NetBox's worker: sends webhooks in the background, one after the other, each once."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Iterable

import httpx2

from netbox_pdns.sandbox.netbox.webhooks import Delivery

_LOG = logging.getLogger(__name__)


class Worker:
    """A queue of deliveries, and who works on it."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Delivery] = asyncio.Queue()

    def enqueue(self, deliveries: Iterable[Delivery]) -> None:
        """Have these sent after those before them."""
        for each in deliveries:
            self._queue.put_nowait(each)

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
