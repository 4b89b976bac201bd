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
    zone = await _there(client, name)
    if zone.account != mark:
        raise ConflictError(f"{name} is not ours (any more): {_owner(zone)}", hint=_HINT)
    return zone


async def must_be_as_seen(client: PowerDNSClient, name: str, account: str) -> None:
    """See that the foreign zone still carries *account*: another installation may have taken it since it was looked at.

    Raises `ConflictError` where it carries another one, or is gone.
    """
    zone = await _there(client, name)
    if zone.account != account:
        raise ConflictError(f"{name} was taken by others since it was looked at: {_owner(zone)}", hint=_HINT)


async def _there(client: PowerDNSClient, name: str) -> ZoneWire:
    try:
        return await client.zone(name, content=False)
    except NotThereError as error:
        raise ConflictError(f"{name} is gone since it was looked at", hint=_HINT) from error


def _owner(zone: ZoneWire) -> str:
    return f"its account is {zone.account!r}" if zone.account else "it has no account"
