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
from fidelity import MADE_BY_NETBOX, ROWS, Row
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from servers import NetBoxServer

from netbox_pdns.errors import RefusedRecord
from netbox_pdns.netbox.client import NetBoxClient
from netbox_pdns.netbox.listing import whole
from netbox_pdns.netbox.rrsets import desired_zone
from netbox_pdns.netbox.wire import RECORD_FIELDS, RECORDS, RecordRow
from netbox_pdns.planning.values import Action, Desired, LeftOut, PlanContext, ZonePlan, ZoneRef
from netbox_pdns.planning.zone_plan import plan_zone
from netbox_pdns.powerdns.target import PowerDNSTarget
from netbox_pdns.sandbox.running import RunningPowerDNS
from netbox_pdns.settings import NetBoxSettings, TargetSettings, ZoneTemplate

pytestmark = pytest.mark.real

MARK = "netbox-pdns:fidelity:test"
BACKENDS = servers.primaries(sid=True)
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
            name=row.name,
            fqdn=dns.name.from_text(row.name, origin=origin).to_text(),
            type=row.type,
            value=row.value,
            ttl=None,
        )
        for number, row in enumerate([*own, *rows], 1)
    ]
    return desired_zone(ZoneRef(1, zone, "v", ""), records, TTL, "{id}")


async def _read(netbox: NetBoxServer, zone_id: int, zone: str) -> Desired:
    """Read the zone's records as a run does."""
    reached = NetBoxSettings(url=netbox.url, token=SecretStr(netbox.token))
    async with NetBoxClient(reached) as client:
        query = [("fields", RECORD_FIELDS), ("zone_id", zone_id), ("active", "true")]
        records = await whole(client, RECORDS, query, RecordRow)
    return desired_zone(ZoneRef(zone_id, zone, "_default_", ""), records, TTL, "{id}")


TYPED_IN = tuple(row for row in ROWS if row.typed_in)
_AT_ONCE = 100
_DNS = "plugins/netbox-dns"


@pytest.fixture(scope="module")
def wanted_by_netbox() -> Iterator[Desired]:
    """A zone of the real NetBox with all rows that its API takes, as we read it."""
    netbox, zone = servers.netbox(), f"z{secrets.token_hex(6)}.example"
    nameserver = netbox.request("POST", f"{_DNS}/nameservers/", json={"name": f"ns1.{zone}"})["id"]
    soa = {"soa_mname": nameserver, "soa_rname": f"hostmaster.{zone}", "default_ttl": TTL}
    made = netbox.request("POST", f"{_DNS}/zones/", json={"name": zone, "nameservers": [nameserver], **soa})["id"]
    try:
        for start in range(0, len(TYPED_IN), _AT_ONCE):
            rows = TYPED_IN[start : start + _AT_ONCE]
            records = [
                {"zone": made, "name": row.name, "type": row.type, "value": row.value, "disable_ptr": True}
                for row in rows
            ]
            netbox.request("POST", f"{_DNS}/records/", json=records)
        yield asyncio.run(_read(netbox, made, f"{zone}."))
    finally:
        netbox.request("DELETE", f"{_DNS}/zones/{made}/")
        netbox.request("DELETE", f"{_DNS}/nameservers/{nameserver}/")


@pytest.fixture(scope="module", params=BACKENDS)
def served_from_netbox(request: pytest.FixtureRequest, wanted_by_netbox: Desired) -> Iterator[Served]:
    """The zone of the real NetBox, on each backend."""
    served = asyncio.run(_applied(servers.powerdns(f"powerdns_{request.param}"), wanted_by_netbox))
    yield served
    asyncio.run(_removed(served.server, served.zone))


@pytest.mark.parametrize("row", TYPED_IN, ids=lambda row: row.id)
def test_what_was_typed_into_netbox_is_what_dns_answers(row: Row, served_from_netbox: Served) -> None:
    """By way of NetBox's API every row is answered with the octets that dnspython makes of it, or left out."""
    _judge(row, served_from_netbox)


def test_a_second_look_at_netbox_finds_nothing_to_do(served_from_netbox: Served) -> None:
    """After the zone was applied, planning again gives an empty plan."""
    assert served_from_netbox.second.action is Action.NOTHING, served_from_netbox.second.changes


def test_the_table_has_every_type_that_netbox_can_hold(netbox_server: NetBoxServer) -> None:
    """NetBox's own list of record types is in the table: a new type fails here until it is handled."""
    offered = netbox_server.request("OPTIONS", f"{_DNS}/records/")["actions"]["POST"]["type"]["choices"]
    missing = {choice["value"] for choice in offered} - {row.type for row in ROWS} - MADE_BY_NETBOX
    assert not missing


_WHOLE_TABLE = (*(each for each in BACKENDS if each.values != ("gpgsql",)), "gpgsql")
"""Not sampled on gpgsql: of that backend this is what every run sees."""


@pytest.fixture(scope="module", params=_WHOLE_TABLE)
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


_REFUSED_SINCE_51 = "key65281"
"""A parameter without a name and without a value: PowerDNS 5.1 refuses what it prints for it."""


def _judge(row: Row, served: Served) -> None:
    if _REFUSED_SINCE_51 in row.value and servers.release(served.server) >= (5, 1):
        assert "PowerDNS refuses it" in _why(row, served)
    elif row.left_out is None:
        assert row.wire(served.zone) in served.rdatas(row.name, row.type), _why(row, served)
    else:
        assert row.left_out in _why(row, served)


def _why(row: Row, served: Served) -> str:
    """Return why the row is left out, empty where it is not."""
    owner = dns.name.from_text(row.name, origin=dns.name.from_text(served.zone)).canonicalize().to_text()
    type = row.type.replace("_", "-")
    found = [record for record in served.left_out if (record.name, record.type) == (owner, type)]
    return " | ".join(f"{record.value}: {record.reason}" for record in found)


RRSETS = (
    *(Row("many", "TXT", f'"{number:03d}"', f'"{number:03d}"') for number in range(300)),
    *(
        Row("hosts", "A", f"10.0.{number // 256}.{number % 256}", f"10.0.{number // 256}.{number % 256}")
        for number in range(600)
    ),
    Row("same", "AAAA", "2001:db8::1", "2001:db8::1"),
    Row("SAME", "AAAA", "2001:DB8:0::0:1", "2001:db8::1"),
    Row("same", "AAAA", "2001:db8::2", "2001:db8::2"),
    Row("same", "TXT", '"\\065"', '"A"'),
    Row("Same", "TXT", "A", '"A"'),
)


@pytest.mark.parametrize("backend", BACKENDS)
def test_rrsets_are_served_whole_and_each_record_once(backend: str) -> None:
    """RRsets of hundreds of records, names that differ in case, and spellings of one record: each is answered once."""
    server = servers.powerdns(f"powerdns_{backend}")
    served = asyncio.run(_applied(server, _desired(f"z{secrets.token_hex(6)}.example.", RRSETS)))
    for name, type in (("many", "TXT"), ("hosts", "A"), ("same", "AAAA"), ("same", "TXT")):
        expected = {row.wire(served.zone) for row in RRSETS if (row.name.lower(), row.type) == (name, type)}
        assert sorted(served.rdatas(name, type)) == sorted(expected)
    assert served.second.action is Action.NOTHING
    asyncio.run(_removed(server, served.zone))


@pytest.mark.parametrize("backend", BACKENDS)
def test_types_of_powerdns_own_are_sent_or_left_out_once_and_for_all(backend: str) -> None:
    """ALIAS of `custom_record_types` is taken and found again; LUA is left out; neither is looked at twice."""
    server = servers.powerdns(f"powerdns_{backend}")
    rows = [Row("alias", "ALIAS", "Target.Example.NET.", ""), Row("lua", "LUA", "A \"'192.0.2.1'\"", "")]
    served = asyncio.run(_applied(server, _desired(f"z{secrets.token_hex(6)}.example.", rows)))
    assert [record.type for record in served.left_out] == ["LUA"]
    assert served.second.action is Action.NOTHING
    asyncio.run(_removed(server, served.zone))


def _text(octets: bytes) -> str:
    return '"' + "".join(f"\\{octet:03d}" for octet in octets) + '"'


STRINGS = st.binary(max_size=20).map(_text)
RANDOM_VALUES = st.one_of(
    st.sampled_from([(row.type, row.means) for row in ROWS if row.left_out is None and row.name != "@"]),
    st.tuples(st.sampled_from(["TXT", "SPF"]), st.lists(STRINGS, min_size=1, max_size=4).map(" ".join)),
    st.tuples(st.just("HINFO"), st.tuples(STRINGS, STRINGS).map(" ".join)),
    st.tuples(
        st.just("CAA"), st.tuples(st.just("0 issue"), st.binary(min_size=1, max_size=20).map(_text)).map(" ".join)
    ),
    st.tuples(st.just("URI"), st.tuples(st.just("1 2"), st.binary(min_size=1, max_size=20).map(_text)).map(" ".join)),
    st.tuples(st.just("AAAA"), st.ip_addresses(v=6).map(str)),
    st.tuples(st.just("TYPE65280"), st.binary(max_size=20).map(lambda octets: f"\\# {len(octets)} {octets.hex()}")),
    st.tuples(
        st.sampled_from(
            ["A", "AAAA", "MX", "SRV", "SVCB", "SSHFP", "DS", "TLSA", "CERT", "LOC", "NID", "APL", "EUI48"]
        ),
        st.binary(min_size=3, max_size=24).map(lambda octets: f"\\# {len(octets)} {octets.hex()}"),
    ),
)
RANDOM_ROWS = st.lists(
    st.tuples(st.sampled_from(["a", "B", "*.c", "d.e", "_f._tcp", "0/28", "g-h"]), RANDOM_VALUES).map(
        lambda pair: Row(pair[0], pair[1][0], pair[1][1], pair[1][1])
    ),
    max_size=12,
)


def _random_zones_are_found_again(backend: str, before: Sequence[Row], after: Sequence[Row]) -> None:
    """Apply one random zone, then another in its place, and look again each time."""
    server, zone = servers.powerdns(f"powerdns_{backend}"), f"z{secrets.token_hex(6)}.example."
    try:
        for rows in (before, after):
            served = asyncio.run(_applied(server, _desired(zone, rows)))
            assert served.second.action is Action.NOTHING, served.second
    finally:
        asyncio.run(_removed(server, zone))


_SAMPLE = settings(deadline=None, suppress_health_check=list(HealthCheck), database=None)


@pytest.mark.parametrize("backend", BACKENDS)
@settings(_SAMPLE, max_examples=15)
@given(before=RANDOM_ROWS, after=RANDOM_ROWS)
def test_random_zones_are_found_again_as_they_were_sent(backend: str, before: list[Row], after: list[Row]) -> None:
    """Whatever is applied, reading and planning again finds nothing to do."""
    _random_zones_are_found_again(backend, before, after)


@pytest.mark.full
@pytest.mark.parametrize("backend", BACKENDS)
@settings(_SAMPLE, max_examples=300)
@given(before=RANDOM_ROWS, after=RANDOM_ROWS)
def test_many_random_zones_are_found_again_as_they_were_sent(backend: str, before: list[Row], after: list[Row]) -> None:
    """Whatever is applied, reading and planning again finds nothing to do; many times over."""
    _random_zones_are_found_again(backend, before, after)
