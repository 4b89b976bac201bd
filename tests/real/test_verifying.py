"""`verify` against the real PowerDNS: what it calls as wanted is, and each kind of fault is found and named."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import dns.name
import pytest
import servers
from fidelity import ROWS, Row
from pydantic import SecretStr

from netbox_pdns.errors import TransientError
from netbox_pdns.netbox.rrsets import desired_zone
from netbox_pdns.netbox.wire import RecordRow
from netbox_pdns.planning.values import Desired, Gone, RecordKey, ZoneRef
from netbox_pdns.powerdns.target import PowerDNSTarget
from netbox_pdns.resilience.retry import RetryPolicy
from netbox_pdns.sandbox.running import RunningPowerDNS
from netbox_pdns.settings import Selection, TargetSettings
from netbox_pdns.store.kept import Kept
from netbox_pdns.sync.engine import Engine
from netbox_pdns.sync.outcome import SyncReport, SyncRequest
from netbox_pdns.sync.reconcile import Served
from netbox_pdns.sync.verification import ServerReport, Verification, VerifyRequest
from netbox_pdns.sync.verifier import Verifier

pytestmark = pytest.mark.real

BACKENDS = ("gsqlite3", "lmdb")
TTL = 300


@dataclass
class Zones:
    """NetBox's zones, as rows, and the PowerDNS that they are brought to. Names are relative to `word`.example."""

    server: RunningPowerDNS
    directory: Path
    word: str
    rows: dict[str, list[Row]] = field(default_factory=dict)
    serial: int = 1
    breaks_off: bool = False

    # The source

    async def zones(self, selection: Selection, names: Sequence[str] = ()) -> tuple[ZoneRef, ...]:
        """Return every zone, whatever is selected and named."""
        return tuple(desired.ref for desired in self._desired())

    async def read(self, zones: Sequence[ZoneRef]) -> AsyncIterator[Desired]:
        """Yield the zones."""
        for desired in self._desired():
            if desired.ref in zones:
                yield desired
        if self.breaks_off:
            raise TransientError("NetBox went away")

    async def explain(self, zone: ZoneRef, removed: Sequence[RecordKey]) -> Mapping[RecordKey, str]:
        """Explain nothing."""
        return {}

    async def explain_zones(self, names: Sequence[str], selection: Selection) -> Mapping[str, Gone]:
        """Explain nothing."""
        return {}

    def _desired(self) -> list[Desired]:
        return [self._zone(number, label, rows) for number, (label, rows) in enumerate(self.rows.items(), 1)]

    def _zone(self, number: int, label: str, rows: Iterable[Row]) -> Desired:
        zone = self.name(label)
        soa = f"ns.{zone} hostmaster.{zone} {self.serial} 3600 600 86400 300"
        own = [Row("@", "SOA", soa, ""), Row("@", "NS", f"ns.{zone}", ""), Row("ns", "A", "127.0.0.1", "")]
        origin = dns.name.from_text(zone)
        records = [
            RecordRow(
                id=at,
                name=row.name,
                fqdn=dns.name.from_text(row.name, origin=origin).to_text(),
                type=row.type,
                value=row.value,
                ttl=None,
            )
            for at, row in enumerate([*own, *rows], 1)
        ]
        ref = ZoneRef(number, zone, "v", "", self.serial)
        return desired_zone(ref, records, TTL, "https://netbox/records/{id}/")

    # What is done

    def name(self, label: str) -> str:
        """Return a zone's name."""
        return f"{label}.{self.word}.example."

    def has(self, label: str, *rows: str) -> None:
        """Let NetBox hold a zone with *rows* of `NAME TYPE VALUE`, beside SOA, NS and the address of `ns`."""
        parts = (row.split(" ", 2) for row in rows)
        self.rows[label] = [Row(name, type, value, value) for name, type, value in parts]

    def sync(self, **template: object) -> SyncReport:
        """Bring all zones."""

        async def work() -> SyncReport:
            async with self._opened(template=template) as served:
                engine = Engine(self, [served], await Kept.load(self.directory, 0.0))
                return await engine.run(SyncRequest(zones=(f"*.{self.word}.example",)))

        return asyncio.run(work())

    def verify(self, *targets: Mapping[str, object], **request: object) -> Verification:
        """Ask DNS; *targets* are fields of the targets' settings, by default the one of `sync`."""

        async def work() -> Verification:
            async with AsyncExitStack() as stack:
                served = [await stack.enter_async_context(self._opened(**each)) for each in targets or ({},)]
                kept = await Kept.load(self.directory, 0.0)
                verifier = Verifier(self, served, kept, VerifyRequest(**request))  # type: ignore[arg-type]  # by name
                return await verifier.run()

        return asyncio.run(work())

    def found(self, report: ServerReport | None = None) -> dict[str, str]:
        """Return what is not as wanted: `NAME TYPE` and the finding, one that is no alarm in brackets."""
        (only,) = (report,) if report is not None else self.verify().servers
        assert only.error is None, only.error
        return {
            f"{each.name.removesuffix(f'.{self.word}.example.')} {each.type}": str(each.finding)
            if each.alarm
            else f"({each.finding})"
            for each in only.findings
        }

    def write(self, label: str, *rows: str, changetype: str = "REPLACE", ttl: int = TTL) -> None:
        """Write RRsets into PowerDNS by hand: `NAME TYPE VALUE|VALUE...`."""
        rrsets = []
        for row in rows:
            name, type, values = row.split(" ", 2)
            owner = self.name(label) if name == "@" else f"{name}.{self.name(label)}"
            records = [{"content": value} for value in values.split("|")]
            rrsets.append({"name": owner, "type": type, "ttl": ttl, "changetype": changetype, "records": records})
        answer = servers.api(self.server, "PATCH", f"/zones/{self.name(label)}", json={"rrsets": rrsets})
        assert answer.status_code == 204, answer.text

    @asynccontextmanager
    async def _opened(self, **fields: object) -> AsyncIterator[Served]:
        reached = {
            "url": self.server.url,
            "token": SecretStr(self.server.api_key),
            "dns_address": self.server.dns_address,
        }
        settings = TargetSettings.model_validate({**reached, **fields})
        async with PowerDNSTarget(
            settings, f"netbox-pdns:{self.word}:default", policy=RetryPolicy(attempts=1)
        ) as target:
            yield Served(target, settings)

    def clear(self) -> None:
        """Delete what is on the server."""
        for zone in servers.api(self.server, "GET", "/zones").json():
            if zone["name"].endswith(f"{self.word}.example."):
                servers.api(self.server, "DELETE", f"/zones/{zone['id']}")


@pytest.fixture(params=BACKENDS)
def zones(request: pytest.FixtureRequest, tmp_path: Path) -> Iterable[Zones]:
    """No zones yet, on each backend."""
    made = Zones(servers.powerdns(f"powerdns_{request.param}"), tmp_path, f"v{secrets.token_hex(5)}")
    yield made
    made.clear()


@pytest.fixture
def one(powerdns_gsqlite3: RunningPowerDNS, tmp_path: Path) -> Iterable[Zones]:
    """No zones yet, on SQLite."""
    made = Zones(powerdns_gsqlite3, tmp_path, f"v{secrets.token_hex(5)}")
    yield made
    made.clear()


def test_every_record_of_the_table_is_seen_as_wanted(zones: Zones) -> None:
    """All types and awkward values, the delegations, the DNAME and the wildcard among them: synced, then all is well."""
    zones.rows["all"] = list(ROWS)
    zones.sync()
    result = zones.verify()
    assert result.as_wanted, [each for server in result.servers for each in server.findings]
    assert result.servers[0].asked > 200


@pytest.mark.parametrize(
    ("by_hand", "finding"),
    [
        pytest.param("www A 192.0.2.9", "stale", id="another-in-its-place"),
        pytest.param("www A 192.0.2.1", "missing", id="one-of-two-is-missing"),
        pytest.param("www A 192.0.2.1|192.0.2.2|192.0.2.3", "extra", id="one-more"),
        pytest.param("www A 192.0.2.1|192.0.2.9", "stale", id="one-of-two-is-another"),
    ],
)
def test_a_record_changed_behind_our_back(by_hand: str, finding: str, one: Zones) -> None:
    """It is found, with what is wanted, what is served, the TTL, NetBox's record, and what the next sync does."""
    one.has("z", "www A 192.0.2.1", "www A 192.0.2.2", 'other TXT "a"')
    one.sync()
    assert one.found() == {}
    one.write("z", by_hand)
    result = one.verify()
    assert one.found(result.servers[0]) == {"www.z A": finding}
    (found,) = result.servers[0].findings
    assert not result.as_wanted
    assert (found.ttl, found.served_ttl) == (TTL, TTL)
    assert found.why == "the next sync changes it"
    assert found.urls
    one.sync()
    assert one.found() == {}


def test_a_record_deleted_behind_our_back_is_missing(one: Zones) -> None:
    """DNS says in which way it is not there."""
    one.has("z", "www A 192.0.2.1", 'www TXT "a"', "alone A 192.0.2.2")
    one.sync()
    one.write("z", "www A 192.0.2.1", "alone A 192.0.2.2", changetype="DELETE")
    report = one.verify().servers[0]
    assert {each.name.split(".")[0]: each.answer for each in report.findings} == {
        "alone": "NXDOMAIN",
        "www": "no data of this type",
    }
    assert set(one.found(report).values()) == {"missing"}


def test_another_ttl_is_stale(one: Zones) -> None:
    """The server itself owes the TTL in full."""
    one.has("z", "www A 192.0.2.1")
    one.sync()
    one.write("z", "www A 192.0.2.1", ttl=TTL + 1)
    assert one.found() == {"www.z A": "stale"}


def test_what_netbox_changed_since_is_stale_until_the_next_sync(one: Zones) -> None:
    """The SOA's serial lags behind with it."""
    one.has("z", "www A 192.0.2.1")
    one.sync()
    one.has("z", "www A 192.0.2.2")
    one.serial = 2
    assert one.found() == {"www.z A": "stale", "z SOA": "stale"}


def test_a_serial_ahead_of_netboxs_is_as_wanted(one: Zones) -> None:
    """Secondaries must see it grow, so ours may run ahead."""
    one.has("z", "www A 192.0.2.1")
    one.sync()
    one.has("z", "www A 192.0.2.2")
    one.sync()
    assert one.found() == {}


def test_a_zone_that_is_not_there_is_missing(one: Zones) -> None:
    """Nothing was synced: every RRset, and what DNS answers."""
    one.has("z", "www A 192.0.2.1")
    assert one.found() == dict.fromkeys(["z SOA", "z NS", "ns.z A", "www.z A"], "missing")
    assert {each.answer for each in one.verify().servers[0].findings} == {"REFUSED"}


@pytest.mark.long
def test_a_large_rrset_comes_over_tcp(one: Zones) -> None:
    """It is truncated over UDP and complete over TCP."""
    one.has("z", *(f"many A 10.0.{number // 250}.{number % 250}" for number in range(1_500)))
    one.sync()
    assert one.found() == {}


def test_delegations(zones: Zones) -> None:
    """A referral, its glue, its DS; what the delegation hides is told and no alarm. The glue's loss is found."""
    zones.has(
        "z",
        "sub NS ns1.sub",
        "sub NS ns2.sub",
        "sub NS ns.example.net.",
        f"sub DS 12345 8 2 {'ab' * 32}",
        "ns1.sub A 192.0.2.1",
        "ns1.sub AAAA 2001:db8::1",
        "ns2.sub A 192.0.2.2",
        "www.sub A 192.0.2.3",
        'sub TXT "hidden"',
    )
    zones.sync()
    hidden = {"sub.z TXT": "(occluded)", "www.sub.z A": "(occluded)"}
    assert zones.found() == hidden
    zones.write("z", "ns2.sub A 192.0.2.2", changetype="DELETE")
    zones.write("z", "ns1.sub AAAA 2001:db8::9", f"sub DS 1 8 2 {'cd' * 32}")
    assert zones.found() == {**hidden, "ns2.sub.z A": "missing", "ns1.sub.z AAAA": "stale", "sub.z DS": "stale"}
    zones.write("z", "sub NS ns1.sub." + zones.name("z"))
    assert zones.found()["sub.z NS"] == "missing"


@pytest.mark.long
def test_the_glue_of_many_name_servers(zones: Zones) -> None:
    """A referral that no datagram holds comes whole over TCP."""
    names = [f"{'n' * 40}{number:02d}.sub" for number in range(18)]
    zones.has("z", *(f"sub NS {name}" for name in names), *(f"{name} A 192.0.2.1" for name in names))
    zones.sync()
    assert zones.found() == {}


def test_a_zone_below_on_the_same_server(zones: Zones) -> None:
    """The parent's delegation and glue are hidden by it, its DS is the parent's to answer, all is well."""
    zones.has("z", "child NS ns.child", "ns.child A 192.0.2.1", f"child DS 12345 8 2 {'ab' * 32}")
    zones.has("child.z", "www A 192.0.2.2")
    zones.sync()
    (report,) = zones.verify().servers
    assert zones.found(report) == {"child.z NS": "(occluded)", "ns.child.z A": "(occluded)"}
    assert {each.why for each in report.findings} == {f"the zone {zones.name('child.z')} on the same server hides it"}


def test_a_signed_zone(zones: Zones) -> None:
    """What the signer adds is neither missing nor extra."""
    zones.has(
        "z", "www A 192.0.2.1", "www A 192.0.2.2", '*.w TXT "a"', "sub NS ns.example.net.", f"@ CDS 1 8 2 {'ab' * 32}"
    )
    zones.sync(dnssec=True)
    assert zones.found() == {}


def test_what_is_left_out_is_not_expected(zones: Zones) -> None:
    """A record that the server refuses, one that is never sent, and a CNAME beside other data."""
    zones.has(
        "z", 'bad SVCB 1 svc key65280="a;b"', "bad A 192.0.2.1", "never NULL \\# 1 00", "c CNAME d", "c A 192.0.2.2"
    )
    zones.sync()
    assert zones.found() == {}


def test_what_is_held_is_told_and_no_alarm(one: Zones) -> None:
    """The command that lets it through stands beside it."""
    one.has("z", *(f"www A 192.0.2.{number}" for number in range(1, 12)))
    one.sync()
    one.has("z", "www A 192.0.2.1")
    result = one.verify()
    assert one.found(result.servers[0]) == {"www.z A": "(extra)"}
    assert result.as_wanted
    assert "netbox-pdns sync --force unexplained" in result.servers[0].findings[0].why


def test_what_is_held_excuses_nothing_that_is_missing(one: Zones) -> None:
    """Held is the old record, and the new one is wanted all the same."""
    one.has("z", "www A 192.0.2.1", *(f"h{number} A 192.0.2.1" for number in range(6)))
    one.sync()
    one.has("z", "www A 192.0.2.1", *(f"h{number} A 192.0.2.2" for number in range(6)))
    report = one.verify().servers[0]
    assert one.found(report) == {f"h{number}.z A": "stale" for number in range(6)}
    assert all(each.why.startswith("held (unexplained)") for each in report.findings)


def test_a_foreign_zone_is_named_as_the_reason(one: Zones) -> None:
    """It is not as wanted, and waits for its adoption."""
    one.has("z", "www A 192.0.2.1")
    one.sync()
    servers.api(one.server, "PUT", f"/zones/{one.name('z')}", json={"account": "somebody"})
    one.write("z", "www A 192.0.2.9")
    result = one.verify()
    assert one.found(result.servers[0]) == {"www.z A": "stale"}
    assert "the zone is foreign (account 'somebody')" in result.servers[0].findings[0].why


@pytest.mark.long
def test_a_target_that_is_down_is_said_and_the_others_are_asked(one: Zones) -> None:
    """Each by its name, with the reason and the mend."""
    one.has("z", "www A 192.0.2.1")
    one.sync()
    down = {"name": "down", "dns_address": "127.0.0.1:9", "url": "http://127.0.0.1:9"}
    result = one.verify({"name": "up"}, down, {"name": "odd", "dns_address": "a/b"})
    reports = {report.server: report for report in result.servers}
    assert (reports["up"].error, one.found(reports["up"])) == (None, {})
    assert "DNS at 127.0.0.1 port 9 does not answer over UDP" in (reports["down"].error or "")
    assert "which is no address" in (reports["odd"].error or "")
    assert (
        reports["down"].hint
        == "set targets[down].dns_address to where PowerDNS answers queries (`local-address`, `local-port`)"
    )
    assert not result.as_wanted


def test_targets_and_zone_patterns_narrow_what_is_asked(one: Zones) -> None:
    """Only what was asked for is looked at."""
    one.has("z", "www A 192.0.2.1")
    one.has("other", "www A 192.0.2.1")
    one.sync()
    result = one.verify({"name": "a"}, {"name": "b"}, targets=("b",), zones=(f"z.{one.word}.*",))
    assert [(report.server, report.zones, report.asked) for report in result.servers] == [("b", 1, 4)]


def test_dns_is_asked_where_the_api_is_away(one: Zones) -> None:
    """What is found is told, and that nobody can say why."""
    one.has("z", "www A 192.0.2.1")
    one.sync()
    one.write("z", "www A 192.0.2.9")
    (report,) = one.verify({"url": "http://127.0.0.1:9"}).servers
    assert one.found(report) == {"www.z A": "stale"}
    assert report.findings[0].why == ""
    assert "its zones could not be listed" in report.notes[0]


def test_a_netbox_that_goes_away_is_said_with_what_was_found(one: Zones) -> None:
    """The zones that were read are reported."""
    one.has("z", "www A 192.0.2.1")
    one.sync()
    one.write("z", "www A 192.0.2.9")
    one.breaks_off = True
    (report,) = one.verify().servers
    assert report.error == "NetBox went away"
    assert [each.name for each in report.findings] == [f"www.{one.name('z')}"]


def test_the_name_servers_of_a_zone(one: Zones, powerdns_lmdb: RunningPowerDNS) -> None:
    """Their addresses come from NetBox's own zones; each is held against what NetBox wants."""
    one.has("z", "www A 192.0.2.1")
    one.sync()
    port = int(powerdns_lmdb.dns_address.rpartition(":")[2])
    target, nameserver = one.verify(nameservers=True, nameserver_port=port).servers
    assert one.found(target) == {}
    assert (nameserver.server, nameserver.kind) == (f"ns.{one.name('z')}", "nameserver")
    assert one.found(nameserver)["www.z A"] == "missing"
    assert "default itself has it as wanted" in nameserver.findings[0].why


def test_a_name_server_without_address_is_said(one: Zones) -> None:
    """Nobody knows where to ask."""
    one.has("z", "@ NS ns.invalid.", "www A 192.0.2.1")
    one.sync()
    port = int(one.server.dns_address.rpartition(":")[2])
    reports = one.verify(nameservers=True, nameserver_port=port).servers
    errors = {report.server: report.error for report in reports}
    assert errors[f"ns.{one.name('z')}"] is None
    assert errors["ns.invalid."] is not None
    assert "the address of the name server ns.invalid. is not known" in errors["ns.invalid."]
