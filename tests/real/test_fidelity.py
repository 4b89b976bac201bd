"""The proof of the fidelity table: NetBox's API, then us, then PowerDNS, then a DNS query, rdata compared in wire form."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import dns.message
import dns.name
import dns.query
import dns.rdatatype
import pytest
import servers
from fidelity import ROWS, Row
from pydantic import SecretStr

from netbox_pdns.errors import RefusedRecord
from netbox_pdns.netbox.rrsets import desired_zone
from netbox_pdns.netbox.wire import Named, RecordRow
from netbox_pdns.planning.values import Action, Desired, LeftOut, PlanContext, ZonePlan, ZoneRef
from netbox_pdns.planning.zone_plan import plan_zone
from netbox_pdns.powerdns.target import PowerDNSTarget
from netbox_pdns.sandbox.running import RunningPowerDNS
from netbox_pdns.settings import TargetSettings, ZoneTemplate

pytestmark = pytest.mark.real

MARK = "netbox-pdns:fidelity:test"
BACKENDS = ("gsqlite3", "lmdb")
TTL = 300


@dataclass(frozen=True, slots=True)
class Served:
    """What became of a zone: where it is served, what was left out, and what a second look would do."""

    server: RunningPowerDNS
    zone: str
    left_out: tuple[LeftOut, ...]
    second: ZonePlan

    def rdatas(self, name: str, type: str) -> list[bytes]:
        """Return the rdatas that DNS answers for *name* (relative to the zone) and *type*, in wire form."""
        owner = dns.name.from_text(name, origin=dns.name.from_text(self.zone))
        query = dns.message.make_query(owner, type, use_edns=0, payload=4096)
        answer = dns.query.tcp(query, self.server.dns_host, port=self.server.dns_port, timeout=10.0)
        wanted = dns.rdatatype.from_text(type)
        sections = (*answer.answer, *answer.authority)  # a delegation's NS are in the authority section
        found = [rrset for rrset in sections if rrset.rdtype == wanted and rrset.name == owner]
        return [rdata.to_wire(origin=dns.name.root) or b"" for rrset in found for rdata in rrset]


@asynccontextmanager
async def _target(server: RunningPowerDNS) -> AsyncIterator[PowerDNSTarget]:
    settings = TargetSettings(url=server.url, token=SecretStr(server.api_key), server_id=server.server_id)
    async with PowerDNSTarget(settings, MARK) as target:
        yield target


async def _applied(server: RunningPowerDNS, desired: Desired) -> Served:
    """Apply *desired* as a run does, each refused record left out, and look a second time."""
    context = PlanContext(target="test", mark=MARK, now=0)
    async with _target(server) as target:
        for _ in range(len(ROWS)):
            plan = plan_zone(desired, await target.read(desired.zone.name), context)
            try:
                await target.apply(plan, ZoneTemplate())
            except RefusedRecord as refusal:
                key = (refusal.name, refusal.type, refusal.rdata or "")
                context = replace(context, refused={**context.refused, key: refusal.reason})
                continue
            second = plan_zone(desired, await target.read(desired.zone.name), context)
            return Served(server, desired.zone.name, plan.left_out, second)
        raise AssertionError(context.refused)


async def _removed(server: RunningPowerDNS, zone: str) -> None:
    async with _target(server) as target:
        await target.client.delete_zone(zone)


def _desired(zone: str, rows: Sequence[Row]) -> Desired:
    """Return what NetBox would want if it held *rows* as they are, and the zone's own SOA and NS."""
    own = [
        Row("@", "SOA", f"ns1.{zone} hostmaster.{zone} 1 3600 600 86400 300", ""),
        Row("@", "NS", "ns.example.net.", ""),
    ]
    origin = dns.name.from_text(zone)
    records = [
        RecordRow(
            id=number,
            zone=Named(1, zone),
            fqdn=dns.name.from_text(row.name, origin=origin).to_text(),
            type=row.type,
            value=row.value,
            ttl=None,
        )
        for number, row in enumerate([*own, *rows], 1)
    ]
    return desired_zone(ZoneRef(1, zone, "v", ""), records, TTL, "{id}")


@pytest.fixture(scope="module", params=BACKENDS)
def served_as_held(request: pytest.FixtureRequest) -> Iterator[Served]:
    """All rows, as if NetBox held them, on each backend."""
    server = servers.powerdns(f"powerdns_{request.param}")
    served = asyncio.run(_applied(server, _desired(f"z{secrets.token_hex(6)}.example.", ROWS)))
    yield served
    asyncio.run(_removed(server, served.zone))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_what_netbox_holds_is_what_dns_answers(row: Row, served_as_held: Served) -> None:
    """Every row is answered with the octets that dnspython makes of it, or left out with its reason."""
    _judge(row, served_as_held)


def test_a_second_look_finds_nothing_to_do(served_as_held: Served) -> None:
    """After all rows were applied, planning again gives an empty plan."""
    assert served_as_held.second.action is Action.NOTHING, served_as_held.second.changes


def _judge(row: Row, served: Served) -> None:
    if row.left_out is None:
        assert row.wire(served.zone) in served.rdatas(row.name, row.type), _why(row, served)
    else:
        assert row.left_out in _why(row, served)


def _why(row: Row, served: Served) -> str:
    """Return why the row is left out, empty where it is not."""
    owner = dns.name.from_text(row.name, origin=dns.name.from_text(served.zone)).canonicalize().to_text()
    type = row.type.replace("_", "-")
    found = [record for record in served.left_out if (record.name, record.type) == (owner, type)]
    return " | ".join(f"{record.value}: {record.reason}" for record in found)
