"""A plan is saved, reviewed and applied: just that, or nothing where a side has moved, and what moved is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from cli_estate import Estate
from documents_promised import as_promised
from typer.testing import CliRunner

from netbox_pdns.cli.app import app

PLAN = "plan.json"


def saved(estate: Estate) -> dict[str, Any]:
    """Return what is in the saved plan."""
    found: dict[str, Any] = json.loads((estate.home / PLAN).read_text())
    return found


def must_have_served(estate: Estate, *addresses: str) -> None:
    """See that `www` of both zones answers with *addresses*, one a zone."""
    assert [estate.served(f"www.{zone}") for zone in estate.ids] == [[each] if each else [] for each in addresses]


def test_what_was_reviewed_is_applied(estate: Estate) -> None:
    """A saved plan changes nothing; applied it does what it said, and then there is nothing to do."""
    planned = estate.run("plan", "--save", PLAN, "--exit-code")
    assert planned.exit_code == 4
    assert f"saved as {PLAN}: 2 zones to apply, with: netbox-pdns sync --plan {PLAN}" in planned.stderr
    must_have_served(estate, "", "")
    assert estate.run("sync", "--plan", PLAN, "--dry-run").exit_code == 0
    must_have_served(estate, "", "")
    done = estate.run("sync", "--plan", PLAN)
    assert done.exit_code == 0
    assert done.stdout.startswith("2 zones: 2 changed (4 RRsets), 0 left out, 0 held, 0 failed, ")
    must_have_served(estate, "192.0.2.1", "192.0.2.1")
    assert estate.run("plan", "--exit-code").exit_code == 0


def test_a_plan_with_nothing_in_it_is_applied_by_doing_nothing(estate: Estate) -> None:
    """A pipeline needs no case of its own for it, and nobody is asked for anything."""
    estate.run("sync")
    assert estate.run("plan", "--save", PLAN).exit_code == 0
    estate.add("a.example", "late A 192.0.2.2")
    done = estate.run("sync", "--plan", PLAN)
    assert (done.exit_code, estate.served("late.a.example")) == (0, [])


def test_no_secret_is_in_a_saved_plan(estate: Estate) -> None:
    """Neither of the keys."""
    estate.run("plan", "--save", PLAN)
    text = (estate.home / PLAN).read_text()
    assert estate.powerdns.url in text
    assert [key for key in (estate.netbox.token, estate.netbox.token_v2, estate.powerdns.api_key) if key in text] == []


def test_a_zone_that_was_not_in_the_plan_is_not_touched(estate: Estate) -> None:
    """One that NetBox got since, or that did not differ, has its own plan to wait for."""
    estate.run("sync")
    estate.add("a.example", "new A 192.0.2.2")
    estate.run("plan", "--save", PLAN)
    estate.add("b.example", "new A 192.0.2.2")
    assert [zone["plan"]["zone"] for zone in saved(estate)["zones"]] == ["a.example."]
    assert estate.run("sync", "--plan", PLAN).exit_code == 0
    assert (estate.served("new.a.example"), estate.served("new.b.example")) == (["192.0.2.2"], [])


def _edited(estate: Estate) -> None:
    estate.add("b.example", "late A 192.0.2.9")


def _written(estate: Estate) -> None:
    estate.by_hand("b.example", "late A 192.0.2.9")


def _deleted(estate: Estate) -> None:
    estate.netbox_does("DELETE", "zones", [{"id": estate.ids["b.example"]}])


def _gone(estate: Estate) -> None:
    estate.pdns("DELETE", "/zones/b.example.")


def _taken(estate: Estate) -> None:
    estate.pdns("PUT", "/zones/b.example.", json={"account": "others"})


def _taken_and_deleted(estate: Estate) -> None:
    _taken(estate)
    _deleted(estate)


@pytest.mark.parametrize(
    ("move", "named"),
    [
        pytest.param(_edited, ["NetBox: + late.b.example. 300 A 192.0.2.9"], id="netbox"),
        pytest.param(_written, ["PowerDNS (default): + late.b.example. 300 A 192.0.2.9"], id="powerdns"),
        pytest.param(_deleted, ["NetBox: the zone is not wanted any more"], id="deleted-in-netbox"),
        pytest.param(_gone, ["PowerDNS (default): the zone is gone"], id="deleted-in-powerdns"),
        pytest.param(_taken, ["PowerDNS (default): account 'netbox-pdns:default:default' → 'others'"], id="taken"),
        pytest.param(_taken_and_deleted, ["PowerDNS (default): the zone is others' now (account 'others')"], id="both"),
    ],
)
def test_where_a_side_moved_nothing_is_applied_anywhere(
    estate: Estate, move: Callable[[Estate], None], named: list[str]
) -> None:
    """One zone has moved: the other one waits as well, the exit status is 1, and what moved is named."""
    estate.run("sync")
    for zone in estate.ids:
        estate.add(zone, "new A 192.0.2.2")
    estate.run("plan", "--save", PLAN)
    move(estate)
    refused = estate.run("sync", "--plan", PLAN, "--json")
    assert refused.exit_code == 1
    error = as_promised(json.loads(refused.stdout))["error"]
    assert (error["kind"], error["moved"]) == ("conflict", [f"b.example. on default: {line}" for line in named])
    assert "nothing was changed: 1 of 2 zones are not as they were reviewed" in refused.stderr
    assert all(f"  b.example. on default: {line}\n" in refused.stderr for line in named)
    assert [estate.served(f"new.{zone}") for zone in estate.ids] == [[], []]
    assert estate.run("sync", "--plan", PLAN, "--dry-run").exit_code == 1


def test_what_was_broken_off_can_be_gone_on_with(estate: Estate) -> None:
    """A zone that has what was reviewed already is done; the others are applied."""
    estate.run("plan", "--save", PLAN)
    estate.run("sync", "--zone", "a.example")
    must_have_served(estate, "192.0.2.1", "")
    assert estate.run("sync", "--plan", PLAN).exit_code == 0
    must_have_served(estate, "192.0.2.1", "192.0.2.1")
    assert estate.run("sync", "--plan", PLAN).exit_code == 0


def test_what_is_forced_and_adopted_is_in_the_plan(estate: Estate) -> None:
    """The reviewer sees what a word lets through, and applying it needs no word."""
    never = {"NETBOX_PDNS_ADOPT": "never"}
    estate.run("sync")
    estate.by_hand("a.example", *(f"h{number} A 192.0.2.{number}" for number in range(1, 7)))
    estate.pdns("PUT", "/zones/b.example.", json={"account": "others"})
    held = estate.run("plan", "--save", PLAN, **never)
    assert (held.exit_code, saved(estate)["zones"]) == (3, [])
    forced = estate.run("plan", "--force", "unexplained", "--adopt", "b.example", "--save", PLAN, **never)
    assert "- h1.a.example. 300" in forced.stdout
    assert estate.run("sync", "--plan", PLAN, **never).exit_code == 0
    assert estate.served("h1.a.example") == []
    assert estate.pdns("GET", "/zones/b.example.")["account"] == "netbox-pdns:default:default"
    assert estate.run("sync", "--plan", PLAN, **never).exit_code == 0


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        pytest.param(
            {"NETBOX_PDNS_INSTANCE": "other"}, "for the instance 'default', and it is 'other' now", id="instance"
        ),
        pytest.param({"NETBOX_PDNS_PDNS_NAME": "ns2"}, "for the target 'default', and there is none", id="target"),
        pytest.param(
            {"NETBOX_PDNS_PDNS_SERVER_ID": "x"}, "the target 'default' with server_id 'localhost'", id="server"
        ),
        pytest.param({"NETBOX_PDNS_MODE": "observe"}, "with mode 'apply', and it is 'observe' now", id="settings"),
        pytest.param({"NETBOX_PDNS_NB_URL": "http://127.0.0.1:9"}, "the plan was made for NetBox at", id="netbox"),
    ],
)
def test_a_plan_is_for_the_settings_that_it_was_made_with(
    shared_estate: Estate, variables: dict[str, str], words: str
) -> None:
    """Another instance, target, server or NetBox, and other settings that plans depend on, are named; nothing is asked."""
    file = str(shared_estate.home / PLAN)
    assert shared_estate.run("plan", "--save", file).exit_code == 0
    refused = shared_estate.run("sync", "--plan", file, **variables)
    assert refused.exit_code == 1
    assert words in refused.stderr
    must_have_served(shared_estate, "", "")


@pytest.mark.parametrize("option", ["--zone", "--force", "--adopt"])
def test_a_saved_plan_has_its_own_request(option: str) -> None:
    """What it is for was said when it was made."""
    assert CliRunner().invoke(app, ["sync", "--plan", PLAN, option, "all"]).exit_code == 2


def test_a_file_that_is_no_plan_is_an_error_that_says_so(shared_estate: Estate) -> None:
    """As text, and as the document that machines read."""
    file = shared_estate.home / "cut.json"
    file.write_text('{"format": 1, "by"')
    refused = shared_estate.run("sync", "--plan", str(file), "--json")
    assert refused.exit_code == 1
    error = as_promised(json.loads(refused.stdout))["error"]
    assert error["kind"] == "data"
    assert f"{file} is no saved plan, or is cut off" in error["message"]
    assert "hint: make it again: netbox-pdns plan --save FILE" in refused.stderr


def test_where_a_plan_cannot_be_saved_it_is_not_made(shared_estate: Estate) -> None:
    """That is said before anybody is asked for zones."""
    refused = shared_estate.run("plan", "--save", "nowhere/plan.json", NETBOX_PDNS_NB_URL="http://127.0.0.1:9")
    assert refused.exit_code == 1
    assert "the plan cannot be saved as nowhere/plan.json" in refused.stderr
