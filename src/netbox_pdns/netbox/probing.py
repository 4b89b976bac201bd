"""What `netbox-pdns check` asks of NetBox before anything is touched."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from netbox_pdns.errors import ConfigurationError, NetboxPdnsError
from netbox_pdns.netbox.client import PAGE_SIZE, NetBoxClient, Query
from netbox_pdns.netbox.point_reads import must_answer
from netbox_pdns.netbox.wire import CHANGES, NAMESERVERS, RECORDS, VIEWS, ZONES, Named
from netbox_pdns.probe import Probe
from netbox_pdns.resilience.http import wrong_scheme
from netbox_pdns.resilience.retry import RetryPolicy
from netbox_pdns.settings import NetBoxSettings

CLOCK_TOLERANCE = 30.0
"""Seconds that NetBox's clock may differ from ours without a word; `Date` has whole seconds."""
PLUGIN = "netbox_dns"
OLDEST_PLUGIN = (1, 0)
_ONCE = RetryPolicy(attempts=1)


async def probe(settings: NetBoxSettings) -> tuple[Probe, ...]:
    """Return the answers, in the order of asking; what cannot be asked for want of an earlier one is left out."""
    try:
        client = NetBoxClient(settings, policy=_ONCE)
    except NetboxPdnsError as error:  # the CA file
        return (_failed("NetBox", error),)
    async with client:
        try:
            status = await client.status()
        except NetboxPdnsError as error:
            return (await _unreached(settings, error),)
        plugin = _plugin(client, status.plugins.get(PLUGIN))
        reached = (
            Probe("NetBox", "ok", f"version {status.netbox_version} at {client.base}"),
            _tls(settings),
            plugin,
        )
        if plugin.state == "failed":
            return (*reached, _clock(client))
        asked = [await _asked(name, _permission(client, path)) for name, path in _KINDS.items()]
        if all(each.state != "failed" for each in asked):
            asked.append(await _asked("NetBox: page size", lambda: _page_size(client)))
            asked.append(await _graphql(client))
        return (*reached, *asked, _clock(client))


_KINDS = {
    "NetBox: may view zones": ZONES,
    "NetBox: may view records": RECORDS,
    "NetBox: may view nameservers": NAMESERVERS,
    "NetBox: may view views": VIEWS,
    "NetBox: may view the change log": CHANGES,
}


async def _asked(name: str, question: Callable[[], Awaitable[Probe]]) -> Probe:
    try:
        return await question()
    except NetboxPdnsError as error:
        return _failed(name, error)


def _permission(client: NetBoxClient, path: str) -> Callable[[], Awaitable[Probe]]:
    async def ask() -> Probe:
        count = await client.count(path, ())
        name = next(name for name, each in _KINDS.items() if each == path)
        if count == 0 and path in (ZONES, VIEWS):
            hint = "is NetBox empty, or are the permissions of the token's user constrained to other objects?"
            return Probe(name, "warning", "the token sees none", hint)
        return Probe(name, "ok", f"{count:,} object{'' if count == 1 else 's'}")

    return ask


async def _page_size(client: NetBoxClient) -> Probe:
    query: Query = [("fields", "id")]
    count = await client.count(RECORDS, query)
    got = len(await client.first(RECORDS, query, Named, limit=PAGE_SIZE))
    if got >= min(count, PAGE_SIZE):
        return Probe(
            "NetBox: page size", "ok", f"{got} objects at once" + ("" if got == PAGE_SIZE else ", all there are")
        )
    hint = f"raise MAX_PAGE_SIZE in NetBox's configuration to {PAGE_SIZE}: fewer requests"
    return Probe("NetBox: page size", "warning", f"{got} objects at once", hint)


async def _graphql(client: NetBoxClient) -> Probe:
    """Tell whether GraphQL answers; an administrator may have switched it off, which is no fault."""
    try:
        await must_answer(client)
    except NetboxPdnsError as error:
        return Probe("NetBox: GraphQL", "ok", f"single zones are read by REST, which is slower: {error}")
    return Probe("NetBox: GraphQL", "ok", "single zones are read by it")


def _plugin(client: NetBoxClient, version: str | None) -> Probe:
    if version is None:
        hint = "install netbox-plugin-dns there and name it in PLUGINS, or correct NETBOX_PDNS_NB_URL"
        return Probe("NetBox: DNS plugin", "failed", f"{client.base} has no netbox-plugin-dns", hint)
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdecimal())
    if numbers < OLDEST_PLUGIN:
        return Probe("NetBox: DNS plugin", "warning", f"version {version}", "version 1.0 and later are known to work")
    return Probe("NetBox: DNS plugin", "ok", f"version {version}")


def _tls(settings: NetBoxSettings) -> Probe:
    if not settings.url.startswith("https:"):
        local = urlsplit(settings.url).hostname in {"127.0.0.1", "localhost", "::1"}
        hint = "use https where it leaves the host"
        return Probe("NetBox: TLS", "ok" if local else "warning", "none: the token is sent in the clear", hint)
    if not settings.verify_tls:
        hint = "name the authority's certificate with NETBOX_PDNS_NB_CA_FILE and verify again"
        return Probe("NetBox: TLS", "warning", "its certificate is not verified", hint)
    return Probe("NetBox: TLS", "ok", "certificate verified")


def _clock(client: NetBoxClient) -> Probe:
    if abs(client.ahead) <= CLOCK_TOLERANCE:
        return Probe("NetBox: clock", "ok", f"within {CLOCK_TOLERANCE:.0f} s of ours")
    way = "ahead of" if client.ahead > 0 else "behind"
    detail = f"{abs(client.ahead):.0f} s {way} ours"
    return Probe("NetBox: clock", "warning", detail, "set both clocks by NTP: serials and the change log go by them")


async def _unreached(settings: NetBoxSettings, error: NetboxPdnsError) -> Probe:
    """Say why NetBox does not answer, and whether https would do where http does not, or http where https does not."""
    if _may_be_the_scheme(error) and (speaks := await wrong_scheme(settings.url)):
        return Probe("NetBox", "failed", f"{settings.url} speaks {speaks}", f"write {speaks}:// in NETBOX_PDNS_NB_URL")
    return _failed("NetBox", error)


def _may_be_the_scheme(error: NetboxPdnsError) -> bool:
    return not isinstance(error, ConfigurationError) or error.setting == "NETBOX_PDNS_NB_URL"


def _failed(name: str, error: NetboxPdnsError) -> Probe:
    return Probe(name, "failed", str(error), error.hint)
