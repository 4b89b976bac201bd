"""NetBox 4.7 with netbox-plugin-dns 1.7 inside this process, as far as DNS content goes.

Views, nameservers, zones, records, tags, tenants and their change log over the REST API: lists, filters, fields, pages,
edits one by one and in bulk, the records that the plugin makes itself (SOA, NS, PTR, the CNAME records of RFC 2317),
serials, tokens and permissions; event rules, webhooks, and the worker that sends them. Without GraphQL, IPAM, DNSSEC
policies, templates, and static CNAME records for external RFC 2317 zones.
"""

from __future__ import annotations

import asyncio
import secrets
import string
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from netbox_pdns.sandbox.netbox.access import Permission, Token, administrator
from netbox_pdns.sandbox.netbox.application import application
from netbox_pdns.sandbox.netbox.inventory import Inventory
from netbox_pdns.sandbox.netbox.objects import NAMESERVER, RECORD, VIEW, WEBHOOK, ZONE, EventRule, View, Webhook
from netbox_pdns.sandbox.netbox.worker import Worker
from netbox_pdns.sandbox.running import RunningNetBox
from netbox_pdns.sandbox.serving import serving

__all__ = ["Hook", "Permission", "Token", "running_netbox"]

_LETTERS = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook for all that happens to views, nameservers, zones and records."""

    url: str
    secret: str = field(default="", repr=False)


@asynccontextmanager
async def running_netbox(
    *, port: int = 0, tokens: Sequence[Token] = (), hooks: Sequence[Hook] = ()
) -> AsyncIterator[RunningNetBox]:
    """Serve an empty NetBox within the block, with an administrator's two tokens and those given; port 0 is a free one.

    *hooks* are webhooks that are there from the start. Raises OSError where the port is taken.
    """
    token = secrets.token_hex(20)
    token_v2 = f"nbt_{_word(12)}.{_word(40)}"
    inventory = Inventory()
    inventory.views.put(View(id=inventory.views.next_id(), name="_default_", default_view=True))
    for hook in hooks:
        _add_hook(inventory, hook)
    worker = Worker()
    app = application(inventory, (administrator(token), administrator(token_v2), *tokens), worker.enqueue)
    async with _working(worker), serving(app, port=port) as url:
        yield RunningNetBox(url=url, token=token, token_v2=token_v2)


@asynccontextmanager
async def _working(worker: Worker) -> AsyncIterator[None]:
    task = asyncio.create_task(worker.run(), name="netbox-worker")
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def _add_hook(inventory: Inventory, hook: Hook) -> None:
    number = inventory.webhooks.next_id()
    name = f"hook {number}"
    inventory.webhooks.put(Webhook(id=number, name=name, payload_url=hook.url, secret=hook.secret))
    rule = EventRule(
        id=inventory.eventrules.next_id(),
        name=name,
        object_types=tuple(kind.type for kind in (VIEW, NAMESERVER, ZONE, RECORD)),
        event_types=("object_created", "object_updated", "object_deleted"),
        action_object_type=WEBHOOK.type,
        action_object_id=number,
    )
    inventory.eventrules.put(rule)


def _word(length: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(length))
