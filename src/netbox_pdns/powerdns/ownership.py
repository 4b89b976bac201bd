"""Whose a zone is, as the server says it now."""

from __future__ import annotations

from netbox_pdns.errors import ConflictError
from netbox_pdns.powerdns.client import NotThereError, PowerDNSClient
from netbox_pdns.powerdns.wire import ZoneWire

_HINT = "the zone was changed by others meanwhile; see `netbox-pdns zones`, the next run looks again"


async def must_be_ours(client: PowerDNSClient, name: str, mark: str) -> ZoneWire:
    """Return the zone, without content, where it carries *mark*; whoever took it over since it was listed keeps it.

    Raises `ConflictError` where it carries another mark, or is gone.
    """
    try:
        zone = await client.zone(name, content=False)
    except NotThereError as error:
        raise ConflictError(f"{name} is gone since it was looked at", hint=_HINT) from error
    if zone.account != mark:
        owner = f"its account is {zone.account!r}" if zone.account else "it has no account"
        raise ConflictError(f"{name} is not ours (any more): {owner}", hint=_HINT)
    return zone
