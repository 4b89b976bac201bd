"""What secondaries see grows with every change, whatever SOA-EDIT-API and SOA-EDIT do: by query, on a real secondary too."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from time import monotonic, sleep

import pytest
import servers
from powerdns_zones import MARK, bring, planned, target_of, wanted
from servers import api, ask, follow, served_serial

from netbox_pdns.dns.serial import serial_gt
from netbox_pdns.planning.values import Action
from netbox_pdns.powerdns.target import PowerDNSTarget
from netbox_pdns.sandbox.installation import Backend, find_pdns_server
from netbox_pdns.sandbox.pdns_server import running_pdns_server
from netbox_pdns.sandbox.running import RunningPowerDNS

pytestmark = pytest.mark.real

NETBOX = (8, 8, 3, 1_795_500_000)
"""NetBox's serials: the next, two edits in one second, set back, and far ahead."""
_AT_ONCE = 8
_PATIENCE, _PAUSE = 20.0, 0.05


@dataclass(frozen=True, slots=True)
class Rules:
    """What a zone says about its serial. `api` None is left out when the zone is made."""

    api: str | None
    signed: bool = False
    edit: str = ""
    start: int = 7

    @property
    def id(self) -> str:
        """A name for the combination."""
        api = {None: "unset", "": "off"}.get(self.api, self.api)
        return f"{api}-{'signed' if self.signed else 'unsigned'}-{self.edit or 'none'}-{self.start}"

    @property
    def hide_growth(self) -> bool:
        """Tell whether nothing that is sent can make the served serial grow."""
        return (self.api, self.edit) == ("EPOCH", "INCEPTION-INCREMENT")


_APIS = (None, "", "DEFAULT", "INCREASE", "EPOCH")
_EDITS = ("", "INCEPTION-INCREMENT", "INCREMENT-WEEKS", "INCEPTION-EPOCH", "EPOCH", "NONE", "INCEPTION")
RULES = (
    *(Rules(api) for api in _APIS),
    *(Rules(api, True, edit) for api in _APIS for edit in _EDITS),
    *(Rules(api, start=2_026_112_411) for api in _APIS if api != "EPOCH"),
    *(Rules("", True, edit, start=4_294_967_290) for edit in ("", "INCREMENT-WEEKS", "INCEPTION-EPOCH", "NONE")),
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What was served: by the primary after each change, and by the secondary, with the content that it had then."""

    primary: tuple[int, ...]
    secondary: tuple[tuple[int | None, str], ...]
    notes: tuple[str, ...]
    settled: bool


@pytest.fixture(scope="module", params=["gsqlite3", pytest.param("lmdb", marks=pytest.mark.full)])
def seen(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[Rules, Seen]:
    """Every combination on a primary of our own, followed by the real secondary."""
    if find_pdns_server() is None:
        servers.missing("pdns_server is not there: apt-get install pdns-server")
    secondary = servers.powerdns("powerdns_secondary")
    return asyncio.run(_all(secondary, request.param, tmp_path_factory.mktemp("serials")))


async def _all(secondary: RunningPowerDNS, backend: Backend, directory: Path) -> dict[Rules, Seen]:
    settings = {"also-notify": secondary.dns_address}
    async with (
        running_pdns_server(directory, backend=backend, settings=settings) as primary,
        target_of(primary) as target,
    ):
        slots = asyncio.Semaphore(_AT_ONCE)
        works = [
            _changed(slots, target, primary, secondary, f"s{number}.{backend}.example.", rules)
            for number, rules in enumerate(RULES)
        ]
        return dict(zip(RULES, await asyncio.gather(*works), strict=True))


async def _changed(
    slots: asyncio.Semaphore,
    target: PowerDNSTarget,
    primary: RunningPowerDNS,
    secondary: RunningPowerDNS,
    zone: str,
    rules: Rules,
) -> Seen:
    async with slots:
        await asyncio.to_thread(_make, primary, secondary, zone, rules)
        serials = [await asyncio.to_thread(served_serial, primary, zone) or 0]
        followed: list[tuple[int | None, str]] = []
        notes: list[str] = []
        for number, serial in enumerate(NETBOX):
            desired = wanted(zone, serial, [("text", "TXT", f'"{number}"')])
            applied, _ = await bring(target, desired)
            notes.extend(applied.notes)
            serials.append(await asyncio.to_thread(served_serial, primary, zone) or 0)
            if not rules.hide_growth:
                followed.append(await asyncio.to_thread(_followed, secondary, zone, number))
        settled = (await planned(target, desired)).action is Action.NOTHING
        await asyncio.to_thread(api, secondary, "DELETE", f"/zones/{zone}")
        return Seen(tuple(serials), tuple(followed), tuple(notes), settled)


def _make(primary: RunningPowerDNS, secondary: RunningPowerDNS, zone: str, rules: Rules) -> None:
    soa = f"ns1.{zone} hostmaster.{zone} {rules.start} 3600 600 86400 300"
    rrsets = [
        {"name": zone, "type": type, "ttl": 300, "records": [{"content": content, "disabled": False}]}
        for type, content in (("SOA", soa), ("NS", "ns.example.net."))
    ]
    fields = {"name": zone, "kind": "Primary", "account": MARK, "soa_edit": rules.edit, "dnssec": rules.signed}
    edit = {} if rules.api is None else {"soa_edit_api": rules.api}
    made = api(primary, "POST", "/zones", json={**fields, **edit, "rrsets": rrsets})
    assert made.status_code == 201, made.text
    api(secondary, "DELETE", f"/zones/{zone}")
    follow(secondary, zone, primary)


def _followed(secondary: RunningPowerDNS, zone: str, number: int) -> tuple[int | None, str]:
    """Wait until the secondary has the change of that number; return its serial, and its content."""
    deadline, text = monotonic() + _PATIENCE, ""
    while text != f'"{number}"' and monotonic() < deadline:
        sleep(_PAUSE)
        answer = ask(secondary, f"text.{zone}", "TXT").answer
        text = next((rdata.to_text() for rrset in answer for rdata in rrset if rrset.rdtype == 16), "")
    return served_serial(secondary, zone), text


@pytest.mark.parametrize("rules", RULES, ids=lambda rules: rules.id)
def test_the_served_serial_grows_with_every_change(rules: Rules, seen: dict[Rules, Seen]) -> None:
    """Each change is served under a greater serial (RFC 1982); where the zone's rules forbid that, it is named."""
    serials = seen[rules].primary
    grown = [serial_gt(after, before) for before, after in pairwise(serials)]
    if rules.hide_growth:
        assert len(seen[rules].notes) == len(NETBOX)
        assert all("SOA-EDIT INCEPTION-INCREMENT" in note for note in seen[rules].notes)
    else:
        assert all(grown), serials
        assert seen[rules].notes == ()


@pytest.mark.parametrize("rules", [rules for rules in RULES if not rules.hide_growth], ids=lambda rules: rules.id)
def test_the_real_secondary_has_every_change(rules: Rules, seen: dict[Rules, Seen]) -> None:
    """After each change the secondary soon serves it."""
    assert [text for _, text in seen[rules].secondary] == [f'"{number}"' for number in range(len(NETBOX))]


@pytest.mark.parametrize("rules", [rules for rules in RULES if not rules.hide_growth], ids=lambda rules: rules.id)
def test_a_second_look_finds_nothing_to_do(rules: Rules, seen: dict[Rules, Seen]) -> None:
    """A served serial ahead of NetBox's is no difference."""
    assert seen[rules].settled


@pytest.mark.parametrize("rules", [Rules(""), Rules("", True), Rules("", True, "NONE")], ids=lambda rules: rules.id)
def test_the_serial_is_netboxs_own_where_that_is_possible(rules: Rules, seen: dict[Rules, Seen]) -> None:
    """Without a rule, NetBox's serial is served where it is greater, else the next one."""
    assert seen[rules].primary == (7, 8, 9, 10, 1_795_500_000)
