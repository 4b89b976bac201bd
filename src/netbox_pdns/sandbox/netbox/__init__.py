"""NetBox 4.7 with netbox-plugin-dns 1.7 inside this process, as far as DNS content goes.

Views, nameservers, zones, records, tags, tenants and their change log over the REST API: lists, filters, fields, pages,
edits one by one and in bulk, the records that the plugin makes itself (SOA, NS, PTR, the CNAME records of RFC 2317),
serials, tokens and permissions. Without GraphQL, webhooks, IPAM, DNSSEC policies, templates, and static CNAME records for
external RFC 2317 zones.
"""

from __future__ import annotations

import secrets
import string
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from netbox_pdns.sandbox.netbox.access import Permission, Token, administrator
from netbox_pdns.sandbox.netbox.application import application
from netbox_pdns.sandbox.netbox.inventory import Inventory
from netbox_pdns.sandbox.netbox.objects import View
from netbox_pdns.sandbox.running import RunningNetBox
from netbox_pdns.sandbox.serving import serving

__all__ = ["Permission", "Token", "running_netbox"]

_LETTERS = string.ascii_letters + string.digits


@asynccontextmanager
async def running_netbox(*, port: int = 0, tokens: Sequence[Token] = ()) -> AsyncIterator[RunningNetBox]:
    """Serve an empty NetBox within the block, with an administrator's two tokens and those given; port 0 is a free one.

    Raises OSError where the port is taken.
    """
    token = secrets.token_hex(20)
    token_v2 = f"nbt_{_word(12)}.{_word(40)}"
    inventory = Inventory()
    inventory.views.put(View(id=inventory.views.next_id(), name="_default_", default_view=True))
    app = application(inventory, (administrator(token), administrator(token_v2), *tokens))
    async with serving(app, port=port) as url:
        yield RunningNetBox(url=url, token=token, token_v2=token_v2)


def _word(length: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(length))
