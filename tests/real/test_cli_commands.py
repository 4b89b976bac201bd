"""The program on the real servers, as an operator runs it: what it prints, what it does, and its exit status."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import yaml
from documents_promised import as_promised
from program import Done, on_terminal, program
from servers import NetBoxServer, api, ask

from netbox_pdns.sandbox.running import RunningPowerDNS

pytestmark = [pytest.mark.real, pytest.mark.long]

_DNS = "plugins/netbox-dns"


@dataclass(frozen=True)
class Estate:
    """Two zones in a view of their own, and the settings with which the program serves them on one PowerDNS."""

    netbox: NetBoxServer
    powerdns: RunningPowerDNS
    home: Path
    zones: tuple[str, ...]
    ids: tuple[int, ...]
    variables: Mapping[str, str]

    def run(self, *args: str, **more: str) -> Done:
        """Run the program in pipes."""
        return program(*args, home=self.home, variables={**self.variables, **more})

    def add(self, zone: int, *records: tuple[str, str, str]) -> list[int]:
        """Add records (name, type, value) to the zone number *zone* in NetBox and return their ids."""
        rows = [{"zone": self.ids[zone], "name": name, "type": type, "value": value} for name, type, value in records]
        return [row["id"] for row in self.netbox.request("POST", f"{_DNS}/records/", json=rows)]

    def write(self, zone: str, *addresses: tuple[str, str]) -> None:
        """Write addresses (relative name, value) into PowerDNS by hand."""
        rrsets = [
            {
                "name": f"{name}.{zone}.",
                "type": "A",
                "ttl": 60,
                "changetype": "REPLACE",
                "records": [{"content": value, "disabled": False}],
            }
            for name, value in addresses
        ]
        assert api(self.powerdns, "PATCH", f"/zones/{zone}.", json={"rrsets": rrsets}).status_code == 204

    def served(self, name: str) -> list[str]:
        """Return the addresses that PowerDNS answers for *name*."""
        return sorted(rdata.to_text() for rrset in ask(self.powerdns, name, "A").answer for rdata in rrset)


@pytest.fixture
def estate(netbox_server: NetBoxServer, powerdns_gsqlite3: RunningPowerDNS, tmp_path: Path) -> Iterator[Estate]:
    """Two zones with an address each in NetBox, and a PowerDNS that has none of them."""
    word = f"c{secrets.token_hex(4)}"
    view = netbox_server.request("POST", f"{_DNS}/views/", json={"name": word})["id"]
    server = netbox_server.request("POST", f"{_DNS}/nameservers/", json={"name": f"ns1.{word}.test"})["id"]
    zones = (f"a.{word}.example", f"b.{word}.example")
    soa = {"soa_mname": server, "soa_rname": f"hostmaster.{word}.test", "default_ttl": 300}
    rows = [{"name": zone, "view": view, "nameservers": [server], **soa} for zone in zones]
    ids = tuple(row["id"] for row in netbox_server.request("POST", f"{_DNS}/zones/", json=rows))
    variables = {
        "NETBOX_PDNS_NB_URL": netbox_server.url,
        "NETBOX_PDNS_NB_TOKEN": netbox_server.token,
        "NETBOX_PDNS_NB_VIEW": word,
        "NETBOX_PDNS_PDNS_URL": powerdns_gsqlite3.url,
        "NETBOX_PDNS_PDNS_TOKEN": powerdns_gsqlite3.api_key,
        "NETBOX_PDNS_PDNS_DNS_ADDRESS": powerdns_gsqlite3.dns_address,
        "NETBOX_PDNS_INSTANCE": word,
    }
    made = Estate(netbox_server, powerdns_gsqlite3, tmp_path, zones, ids, variables)
    for number in range(2):
        made.add(number, ("www", "A", "192.0.2.1"))
    yield made
    netbox_server.request("DELETE", f"{_DNS}/zones/", json=[{"id": number} for number in ids])
    netbox_server.request("DELETE", f"{_DNS}/views/{view}/")
    netbox_server.request("DELETE", f"{_DNS}/nameservers/{server}/")
    for zone in zones:
        api(powerdns_gsqlite3, "DELETE", f"/zones/{zone}.")


def test_from_plan_to_nothing_to_do(estate: Estate) -> None:
    """The plan tells, a dry run writes nothing, the sync does what the plan said, and then nothing is left to do."""
    a, b = estate.zones
    planned = estate.run("plan", "--exit-code")
    assert planned.status == 4
    assert f"{a}. on default: new zone: 2 added" in planned.out
    assert "2 zones: 2 to change (4 RRsets), 0 left out, 0 held, 0 failed, " in planned.out
    dry = estate.run("sync", "--dry-run")
    assert (dry.status, dry.out.splitlines()[:-1]) == (0, planned.out.splitlines()[:-1])
    assert estate.served(f"www.{a}") == []
    assert not (estate.home / "data").exists()
    done = estate.run("sync")
    assert done.status == 0
    assert done.out.startswith("2 zones: 2 changed (4 RRsets), 0 left out, 0 held, 0 failed, ")
    assert estate.served(f"www.{b}") == ["192.0.2.1"]
    lines = [line for line in done.err.splitlines() if "zone changed" in line]
    assert len(lines) == len(done.err.splitlines()) == 2
    assert all("action=create added=2 rrsets=2 serial=" in line and "seconds=" in line for line in lines)
    again = estate.run("plan", "--exit-code")
    assert (again.status, again.err) == (0, "")
    assert again.out.startswith("2 zones: nothing to apply, ")


def test_old_and_new_stand_beside_each_other(estate: Estate) -> None:
    """An edit in NetBox is one line with both values; 4 goes before 3 where a record is left out as well."""
    zone = estate.zones[0]
    (record,) = estate.add(0, ("mail", "A", "192.0.2.5"))
    estate.run("sync")
    estate.netbox.request("PATCH", f"{_DNS}/records/{record}/", json={"value": "192.0.2.6"})
    estate.add(0, ("null", "NULL", "\\# 1 00"))
    planned = estate.run("plan", "--exit-code", "--zone", f"{zone}.")
    assert planned.status == 4
    assert " ".join(planned.out.split()).count(f"~ mail.{zone}. 300 A 192.0.2.5 → 192.0.2.6") == 1
    assert f"  null.{zone}. NULL \\# 1 00\n" in planned.out
    assert estate.run("plan", "--zone", zone).status == 3
    done = estate.run("sync")
    assert done.status == 3
    assert estate.served(f"mail.{zone}") == ["192.0.2.6"]
    assert estate.run("plan", "--exit-code").status == 3


def test_what_is_held_waits_for_its_word(estate: Estate) -> None:
    """What NetBox does not explain is held with the command that lets it through, and that command does."""
    zone = estate.zones[0]
    estate.run("sync")
    estate.write(zone, *((f"h{number}", f"192.0.2.{number}") for number in range(1, 7)))
    held = estate.run("sync")
    assert held.status == 3
    assert f"- h1.{zone}. 60 A 192.0.2.1" in held.out
    (command,) = [line.rpartition("netbox-pdns ")[2] for line in held.out.splitlines() if "to let it through" in line]
    assert command == f"sync --force unexplained --zone {zone}"
    assert estate.served(f"h1.{zone}") == ["192.0.2.1"]
    row = next(row for row in estate.run("zones", "--json").json["zones"] if row["zone"] == f"{zone}.")
    assert (row["owner"], row["differences"], row["held"]) == ("ours", 6, 1)
    assert estate.run(*command.split()).status == 0
    assert estate.served(f"h1.{zone}") == []


def test_zone_patterns_narrow_a_run(estate: Estate) -> None:
    """Only what fits is looked at; a pattern that fits nothing is told."""
    a, b = estate.zones
    done = estate.run("sync", "--zone", "A.*", "--zone", "misspelt.*")
    assert done.status == 0
    assert "note: no zone fits 'misspelt.*'" in done.err
    assert estate.served(f"www.{a}") == ["192.0.2.1"]
    assert estate.served(f"www.{b}") == []


def test_a_foreign_zone_is_shown_and_adopted_when_told(estate: Estate) -> None:
    """It is not touched, its differences are shown with the command, `--adopt` makes it ours; then it is as NetBox wants."""
    zone = estate.zones[0]
    body = {"name": f"{zone}.", "kind": "Native", "nameservers": ["ns.other.test."]}
    assert api(estate.powerdns, "POST", "/zones", json=body).status_code == 201
    shown = estate.run("plan", "--zone", zone)
    assert f"{zone}. on default: foreign, is not touched; it differs: 1 added, 1 changed" in shown.out
    assert f"netbox-pdns sync --adopt {zone}" in shown.out
    done = estate.run("sync")
    assert (done.status, "0 failed, 1 foreign" in done.out) == (3, True)
    assert estate.served(f"www.{zone}") == []
    assert estate.run("sync", "--adopt", zone).status == 0
    row = next(row for row in estate.run("zones", "--json", "--zone", zone).json["zones"])
    assert row["owner"] == "ours"
    estate.run("sync", "--force", "all", "--zone", zone)
    assert estate.served(f"www.{zone}") == ["192.0.2.1"]


@pytest.mark.parametrize(
    "command",
    [["plan"], ["sync", "--dry-run"], ["sync"], ["zones"], ["check"], ["settings"], ["version"]],
    ids=" ".join,
)
def test_json_is_one_document_and_nothing_else(command: list[str], estate: Estate) -> None:
    """Whatever there is to say beside it goes to standard error."""
    done = estate.run(*command, "--json")
    assert done.status == 0
    assert as_promised(done.json)
    assert estate.netbox.token not in done.out + done.err


def test_a_plan_in_every_form_says_the_same(estate: Estate) -> None:
    """JSON and YAML hold the same data, Markdown the lines of the text."""
    read = (estate.run("plan", "--json").json, yaml.safe_load(estate.run("plan", "--output", "yaml").out))
    first, second = ([zone["plan"] for zone in each["targets"][0]["zones"]] for each in read)
    assert first == second
    text, markdown = estate.run("plan").out, estate.run("plan", "-o", "markdown").out
    changes = [line.strip() for line in text.splitlines() if line.startswith("  ")]
    assert len(changes) == 6
    assert [line for line in changes if line not in markdown.splitlines()] == []


def test_progress_is_for_terminals(estate: Estate) -> None:
    """On a terminal the run shows zones done of all and takes it away at the end; a pipe sees none of it."""
    shown = on_terminal("sync", home=estate.home, variables=estate.variables, columns=100)
    assert shown.status == 0
    assert "listing zones" in shown.out
    assert "/2 zones" in shown.out
    assert shown.coloured
    assert "2 zones: 2 changed (4 RRsets)" in shown.plain
    piped = estate.run("plan")
    assert "\x1b" not in piped.out + piped.err
    assert piped.err == ""


def test_nothing_that_can_be_worked_with_is_status_1(estate: Estate) -> None:
    """The error, its mend, and with `-v` what caused it; no key."""
    key = "canary-e3b0c44298fc1c14"
    wrong = estate.run("sync", "-v", NETBOX_PDNS_PDNS_TOKEN=key)
    assert wrong.status == 1
    assert wrong.out == ""
    assert "error: PowerDNS (default) refuses the API key (401)\nhint: correct NETBOX_PDNS_PDNS_TOKEN" in wrong.err
    token = estate.run("plan", "--json", NETBOX_PDNS_NB_TOKEN=key)
    assert token.status == 1
    assert as_promised(token.json)["error"]["kind"] == "configuration"
    nobody = estate.run("plan", "-v", NETBOX_PDNS_NB_URL="http://127.0.0.1:9")
    assert nobody.status == 1
    assert (
        "Function get_object_changes failed (attempt 1/3): NetBox at http://127.0.0.1:9 cannot be reached" in nobody.err
    )
    assert "Function get_object_changes failed after 3 attempts: " in nobody.err
    assert "caused by: ConnectionRefusedError: " in nobody.err
    assert not [each for each in (wrong, token, nobody) if key in each.out + each.err]


def test_a_target_that_is_down_does_not_stop_the_other(estate: Estate) -> None:
    """The other is done, the run is one with a failure, and the failure is named."""
    (estate.home / "c.toml").write_text('[[targets]]\nname = "down"\nurl = "http://127.0.0.1:9"\ntoken = "k"\n')
    # The view is the first target's own; the second takes the default view, and is down before that matters.
    done = estate.run("sync", NETBOX_PDNS_CONFIG="c.toml")
    assert done.status == 3
    assert "Failed (1)\n  down: PowerDNS (down) at http://127.0.0.1:9 cannot be reached" in done.out
    assert estate.served(f"www.{estate.zones[0]}") == ["192.0.2.1"]
    data = as_promised(estate.run("plan", "--json", NETBOX_PDNS_CONFIG="c.toml").json)
    assert [target["error"] and target["error"]["kind"] for target in data["targets"]] == [None, "transient"]


def test_the_log_in_json(estate: Estate) -> None:
    """NETBOX_PDNS_LOG_FORMAT and NETBOX_PDNS_LOG_LEVEL do what they say."""
    done = estate.run("sync", NETBOX_PDNS_LOG_FORMAT="json", NETBOX_PDNS_LOG_LEVEL="debug")
    lines = [json.loads(line) for line in done.err.splitlines()]
    assert {line["event"] for line in lines} >= {"run started", "zone changed"}
    quiet = estate.run("sync", NETBOX_PDNS_LOG_LEVEL="error")
    assert quiet.err == ""


def test_observe_plans_and_writes_nothing(estate: Estate) -> None:
    """In `observe` mode there is something to see, and nothing to apply."""
    planned = estate.run("plan", "--exit-code", NETBOX_PDNS_MODE="observe")
    assert planned.status == 0
    assert "new zone: 2 added (observed only, not applied)" in planned.out
    assert estate.run("sync", NETBOX_PDNS_MODE="observe").out.startswith("2 zones: nothing was changed")
    assert estate.served(f"www.{estate.zones[0]}") == []


def test_verify_asks_dns(estate: Estate) -> None:
    """Status 3 and what is missing before the sync; 0 and nothing but the sum after it; patterns and targets narrow it."""
    a, b = estate.zones
    before = estate.run("verify")
    assert before.status == 3
    assert f"{b}. on default (127.0.0.1 port " in before.out
    assert f"  missing    www.{a}. A: REFUSED\n    wanted: 192.0.2.1\n    the next sync changes it\n" in before.out
    assert "    NetBox: http" in before.out
    assert "questions to 1 server: 6 missing, " in before.out
    estate.run("sync")
    after = estate.run("verify", "--zone", f"{a}.")
    assert (after.status, after.err) == (0, "")
    assert after.out.startswith("3 questions to 1 server: all as NetBox wants it, ")
    estate.write(a, ("www", "192.0.2.9"))
    data = as_promised(estate.run("verify", "--json", "--target", "default").json)
    assert (data["as_wanted"], data["counts"]["stale"]) == (False, 1)
    assert [found["name"] for found in data["servers"][0]["findings"]] == [f"www.{a}."]
    nobody = estate.run("verify", "--zone", "misspelt.*")
    assert (nobody.status, "note: there is no zone to ask for" in nobody.err) == (0, True)
    wrong = estate.run("verify", "--target", "defualt")
    assert (wrong.status, "did you mean default?" in wrong.err) == (1, True)


def test_check_of_what_is_set_up_well(estate: Estate) -> None:
    """Exit status 0, no line that fails; and with another server's DNS address status 3."""
    estate.run("sync")
    done = estate.run("check")
    assert done.status == 0
    assert "FAILED" not in done.out
    elsewhere = replace(estate, variables={**estate.variables, "NETBOX_PDNS_PDNS_DNS_ADDRESS": "127.0.0.1:9"})
    wrong = elsewhere.run("check")
    assert wrong.status == 3
    assert "set NETBOX_PDNS_PDNS_DNS_ADDRESS to where PowerDNS answers queries" in wrong.out
