"""What `netbox-pdns check` asks of a PowerDNS server before anything is touched."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from urllib.parse import urlsplit

import dns.flags

from netbox_pdns.asking.asker import asked, soa_serial_of
from netbox_pdns.asking.endpoint import dns_endpoint
from netbox_pdns.errors import ConfigurationError, NetboxPdnsError
from netbox_pdns.powerdns.capabilities import capabilities, untested
from netbox_pdns.powerdns.client import NotThereError, PowerDNSClient
from netbox_pdns.powerdns.growth import served_serial
from netbox_pdns.powerdns.wire import Server, ZoneWire
from netbox_pdns.probe import Probe
from netbox_pdns.resilience.http import wrong_scheme
from netbox_pdns.resilience.retry import RetryPolicy
from netbox_pdns.settings import TargetSettings

CLOCK_TOLERANCE = 30.0
"""Seconds that the server's clock may differ from ours without a word; `Date` has whole seconds."""
NO_SUCH_ZONE = "netbox-pdns-check.invalid."
"""A zone that nobody has (RFC 2606): changing it tests the permission, and changes nothing."""
_ONCE = RetryPolicy(attempts=1)


async def probe(settings: TargetSettings, mark: str) -> tuple[Probe, ...]:
    """Return the answers, in the order of asking; what cannot be asked for want of an earlier one is left out."""
    who = f"PowerDNS ({settings.name})"
    try:
        client = PowerDNSClient(settings, policy=_ONCE)
    except NetboxPdnsError as error:  # the CA file
        return (_failed(who, error),)
    async with client:
        return tuple([_named(who, each) for each in await _probed(client, settings, mark)])


def _named(who: str, probe: Probe) -> Probe:
    return Probe(f"{who}: {probe.name}" if probe.name else who, probe.state, probe.detail, probe.hint)


async def _probed(client: PowerDNSClient, settings: TargetSettings, mark: str) -> Sequence[Probe]:
    try:
        server = await client.server()
    except NetboxPdnsError as error:
        return (await _unreached(settings, error),)
    found = [_version(server, settings), _tls(settings)]
    if found[0].state == "failed":
        return found
    zones: Sequence[ZoneWire] = ()
    try:
        zones = await client.zones()
        found.append(_zones(zones, mark))
    except NetboxPdnsError as error:
        found.append(_failed("zones", error))
    found.append(await _asked("may write", lambda: _may_write(client)))
    found.extend(await _configured(client, settings, zones, mark))
    found.extend([await _dns(settings, zones, mark, tcp=tcp) for tcp in (False, True)])
    return [*found, *_clock(client)]


async def _unreached(settings: TargetSettings, error: NetboxPdnsError) -> Probe:
    """Say why there is no API, and whether https would do where http does not, or http where https does not."""
    if _may_be_the_scheme(error) and (speaks := await wrong_scheme(settings.url)):
        return Probe("", "failed", f"{settings.url} speaks {speaks}", f"write {speaks}:// in {settings.setting('url')}")
    return _failed("", error)


def _may_be_the_scheme(error: NetboxPdnsError) -> bool:
    return not isinstance(error, ConfigurationError) or (error.setting or "").lower().endswith("url")


async def _asked(name: str, question: Callable[[], Awaitable[Probe]]) -> Probe:
    try:
        return await question()
    except NetboxPdnsError as error:
        return _failed(name, error)


def _version(server: Server, settings: TargetSettings) -> Probe:
    if server.daemon_type not in {"", "authoritative"}:
        hint = f"{settings.setting('url')} must lead to a PowerDNS Authoritative Server"
        return Probe("", "failed", f"{settings.url} is a PowerDNS {server.daemon_type}", hint)
    detail = f"version {server.version} at {settings.url}"
    if (said := untested(server.version)) is not None:
        return Probe(
            "", "warning", detail, f"{said}: try it on a zone that nobody misses first (docs/compatibility.md)"
        )
    return Probe("", "ok", detail)


def _tls(settings: TargetSettings) -> Probe:
    if not settings.url.startswith("https:"):
        hint = "put a proxy with TLS before it where the key leaves the host"
        local = urlsplit(settings.url).hostname in {"127.0.0.1", "localhost", "::1"}
        return Probe("TLS", "ok" if local else "warning", "none: the API key is sent in the clear", hint)
    if not settings.verify_tls:
        hint = f"name the authority's certificate with {settings.setting('ca_file')} and verify again"
        return Probe("TLS", "warning", "its certificate is not verified", hint)
    return Probe("TLS", "ok", "certificate verified")


def _zones(zones: Sequence[ZoneWire], mark: str) -> Probe:
    ours = sum(zone.account == mark for zone in zones)
    return Probe("zones", "ok", f"{len(zones)} zones, {ours} of them ours ({mark})")


async def _may_write(client: PowerDNSClient) -> Probe:
    try:
        await client.patch_zone(NO_SUCH_ZONE, b'{"rrsets":[]}')
    except NotThereError:
        return Probe("may write", "ok", "changes are taken")
    return Probe("may write", "warning", f"it has a zone {NO_SUCH_ZONE}", "delete it: nobody can ask for it")


async def _configured(
    client: PowerDNSClient, settings: TargetSettings, zones: Sequence[ZoneWire], mark: str
) -> Sequence[Probe]:
    try:
        configuration = await client.configuration()
    except ConfigurationError as error:  # an API behind a filter, which need not show it
        return [
            Probe("configuration", "warning", f"it is not shown: {error}", "request size and serials are not checked")
        ]
    except NetboxPdnsError as error:
        return [_failed("configuration", error)]
    return [_request_size(configuration, settings), _serials(configuration, zones, mark)]


def _request_size(configuration: Mapping[str, str], settings: TargetSettings) -> Probe:
    limit = capabilities("", configuration).body_limit
    if limit is None:
        return Probe("request size", "ok", f"{settings.batch_bytes} bytes; the server does not tell its limit")
    if limit < settings.batch_bytes:
        hint = "raise `webserver-max-bodysize` in pdns.conf to 2 or more: fewer requests"
        return Probe("request size", "warning", f"{limit} bytes, less than our {settings.batch_bytes}", hint)
    return Probe("request size", "ok", f"{settings.batch_bytes} of {limit} bytes")


def _serials(configuration: Mapping[str, str], zones: Sequence[ZoneWire], mark: str) -> Probe:
    """Tell where another serial is served than the one that is stored (SOA-EDIT, `default-soa-edit`)."""
    rules = ("default-soa-edit", "default-soa-edit-signed")
    named = [f"{rule}={value}" for rule in rules if (value := configuration.get(rule, "")) not in {"", "NONE"}]
    edited = [zone.name.rstrip(".") for zone in zones if zone.account == mark and served_serial(zone) != zone.serial]
    if not named and not edited:
        return Probe("serials", "ok", "served as they are stored")
    examples = ", ".join(edited[:3]) + (", …" if len(edited) > 3 else "")
    which = f"{len(edited)} zones of ours serve another serial than they store ({examples})"
    detail = "; ".join([*named, *([which] if edited else [])])
    return Probe(
        "serials", "warning", detail, "secondaries see every change; without SOA-EDIT they see NetBox's serials"
    )


async def _dns(settings: TargetSettings, zones: Sequence[ZoneWire], mark: str, *, tcp: bool) -> Probe:
    """Ask for a zone's SOA, one of ours where there is one; without zones any answer is enough."""
    name = f"DNS over {'TCP' if tcp else 'UDP'}"
    served = min(
        (zone for zone in zones if zone.serial), key=lambda zone: (zone.account != mark, zone.name), default=None
    )
    try:
        where = dns_endpoint(settings).text
        answer = await asked(settings, NO_SUCH_ZONE if served is None else served.name, "SOA", tcp=tcp)
    except NetboxPdnsError as error:
        return _failed(name, error)
    if served and (soa_serial_of(answer) is None or not answer.flags & dns.flags.AA):
        hint = f"is this the same server? correct {settings.setting('dns_address')}"
        return Probe(name, "failed", f"{where} does not serve {served.name}, which the API lists", hint)
    return Probe(name, "ok", f"{where} answers")


def _clock(client: PowerDNSClient) -> Sequence[Probe]:
    if client.ahead is None:
        return []
    if abs(client.ahead) <= CLOCK_TOLERANCE:
        return [Probe("clock", "ok", f"within {CLOCK_TOLERANCE:.0f} s of ours")]
    way = "ahead of" if client.ahead > 0 else "behind"
    hint = "set both clocks by NTP: SOA-EDIT and signatures go by them"
    return [Probe("clock", "warning", f"{abs(client.ahead):.0f} s {way} ours", hint)]


def _failed(name: str, error: NetboxPdnsError) -> Probe:
    return Probe(name, "failed", str(error), error.hint)
