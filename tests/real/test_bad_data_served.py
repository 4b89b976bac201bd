"""Records of any type with any value, brought to a real PowerDNS: DNS answers what they mean, or they are named."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

import bad_data
import pytest
import servers
from dns import rdatatype
from hypothesis import HealthCheck, Phase, given, settings
from pydantic import SecretStr

from netbox_pdns.dns.names import is_within
from netbox_pdns.dns.rdata import canonical_text
from netbox_pdns.dns.rrset import RRset
from netbox_pdns.netbox.rrsets import desired_zone
from netbox_pdns.netbox.wire import RecordRow
from netbox_pdns.planning.values import NO_EXPLANATIONS, Desired, Explanations, Gone, RecordKey, ZoneRef
from netbox_pdns.powerdns.target import PowerDNSTarget
from netbox_pdns.sandbox.running import RunningPowerDNS
from netbox_pdns.settings import Selection, TargetSettings
from netbox_pdns.store.kept import Kept
from netbox_pdns.sync.engine import Engine
from netbox_pdns.sync.outcome import SyncRequest, ZoneOutcome
from netbox_pdns.sync.reconcile import Served

pytestmark = [pytest.mark.real, pytest.mark.long]
QUIET = settings(
    deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate, Phase.target], max_examples=25
)


class OneZone:
    """A source with one zone."""

    def __init__(self, desired: Desired) -> None:
        self._desired = desired

    async def zones(self, selection: Selection, names: Sequence[str] = ()) -> tuple[ZoneRef, ...]:
        """Return it."""
        return (self._desired.ref,)

    async def read(self, zones: Sequence[ZoneRef]) -> AsyncIterator[Desired]:
        """Yield it."""
        yield self._desired

    async def explain(self, zone: ZoneRef, removed: Sequence[RecordKey]) -> Explanations:
        """Explain nothing."""
        return NO_EXPLANATIONS

    async def explain_zones(self, names: Sequence[str], selection: Selection) -> Mapping[str, Gone]:
        """Explain nothing."""
        return {}


def brought(server: RunningPowerDNS, desired: Desired, directory: Path) -> ZoneOutcome:
    """Bring the zone and return what came of it."""
    target = TargetSettings(url=server.url, token=SecretStr(server.api_key))
    request = SyncRequest(zones=(desired.zone.name,))

    async def work() -> ZoneOutcome:
        async with PowerDNSTarget(target, "netbox-pdns:bad:default") as reached:
            kept = await Kept.load(directory, time.time())
            engine = Engine(OneZone(desired), [Served(reached, target)], kept)
            (outcome,) = (await engine.run(request)).outcomes
            return outcome

    return asyncio.run(work())


def wanted(rows: Sequence[RecordRow], zone: str) -> Desired:
    """Return what is wanted of *rows* in a zone of another name than they were drawn for."""
    moved = [replace_zone(row, zone) for row in rows if row.type != "SOA"]
    soa = RecordRow(99_999, "@", zone, "SOA", "ns1 hostmaster 7 3600 600 86400 300", 300)
    return desired_zone(ZoneRef(1, zone, "_default_", "", 7), [*moved, soa], 300, "https://netbox/records/{id}/")


def replace_zone(row: RecordRow, zone: str) -> RecordRow:
    """Return *row* with its owner below *zone*."""
    if row.fqdn is None:
        return row
    name = row.fqdn.lower()
    owner = row.fqdn[: len(name) - len(bad_data.ZONE)] + zone if name.endswith(bad_data.ZONE) else row.fqdn
    return RecordRow(row.id, row.name, owner, row.type, row.value, row.ttl)


def occluded(rrset: RRset, zone: str, rrsets: Sequence[RRset]) -> bool:
    """Tell whether others answer for the name of *rrset*: at or below a delegation, or below a DNAME."""
    cuts = [each.name for each in rrsets if each.type == "NS" and each.name != zone]
    aliases = [each.name for each in rrsets if each.type == "DNAME" and each.name != rrset.name]
    return any(is_within(rrset.name, cut) for cut in [*cuts, *aliases])


def answered(server: RunningPowerDNS, rrset: RRset) -> set[str]:
    """Return the canonical rdatas that DNS answers."""
    answer = servers.ask(server, rrset.name, rrset.type, tcp=True)
    return {
        canonical_text(rdata)
        for each in answer.answer
        if rdatatype.to_text(each.rdtype) == rrset.type
        for rdata in each
    }


@given(rows=bad_data.records(most=40))
@QUIET
def test_whatever_netbox_holds_is_served_or_named(
    powerdns_primary: RunningPowerDNS, tmp_path_factory: pytest.TempPathFactory, rows: list[RecordRow]
) -> None:
    """The zone is there whatever of it cannot be; every RRset of it is answered; the next sync has nothing to do."""
    zone = f"b{secrets.token_hex(5)}.example."
    desired, directory = wanted(rows, zone), tmp_path_factory.mktemp("bad")
    try:
        outcome = brought(powerdns_primary, desired, directory)
        assert outcome.error is None, outcome.error
        assert outcome.plan is not None
        content = [change.after for change in outcome.plan.changes if change.after is not None]
        for rrset in content:
            if not occluded(rrset, zone, content):
                assert answered(powerdns_primary, rrset) == set(rrset.rdatas), rrset
        again = brought(powerdns_primary, desired, directory)
        assert (again.error, again.plan and again.plan.changes, again.applied) == (None, (), False)
        assert again.plan is not None
        assert {each.record_id for each in again.plan.left_out} == {each.record_id for each in outcome.plan.left_out}
    finally:
        servers.api(powerdns_primary, "DELETE", f"/zones/{zone}")
