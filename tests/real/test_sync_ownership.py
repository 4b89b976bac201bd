"""Whose a zone is: the mark, adoption, zones that are never written, and other hands that are quicker than we."""

from __future__ import annotations

from typing import Any

import pytest
from sync_hands import make_by_hand, presign, whole
from sync_world import World

from netbox_pdns.planning.values import HoldReason
from netbox_pdns.sync.events import Event, RunStarted

pytestmark = [pytest.mark.real, pytest.mark.long]

ROW = "www A 192.0.2.1"
OTHER = "www A 192.0.2.9"
EVERYTHING = tuple(map(str, HoldReason))
KINDS = ("secondary", "consumer", "producer", "presigned")


@pytest.mark.parametrize(
    ("asked", "adopted"),
    [pytest.param([], ["same"], id="by-itself"), pytest.param(["*"], ["other", "same"], id="asked-for")],
)
def test_adopting_a_marked_zone_changes_its_mark_alone(world: World, asked: list[str], adopted: list[str]) -> None:
    """By itself what is identical becomes ours, whatever account it had; all of it, SOA, TTLs and serial, stays."""
    for label, row in (("same", ROW), ("other", OTHER)):
        world.make_zone(label, [ROW])
        make_by_hand(world, label, row, account="somebody")
    before = {label: whole(world, label) for label in ("same", "other")}
    run = world.adopt(*asked) if asked else world.sync()
    assert run.actions == dict.fromkeys(adopted, "adopt")
    for label, zone in before.items():
        mark = f"netbox-pdns:{world.word}:default" if label in adopted else "somebody"
        assert whole(world, label) == {**zone, "account": mark}


def test_a_foreign_zone_is_shown_with_what_differs_and_how_to_adopt_it(world: World) -> None:
    """It asks for attention: its note has the account, how much differs, and the command, which does it."""
    world.make_zone("a", [ROW])
    make_by_hand(world, "a", OTHER, account="somebody")
    run = world.sync()
    plan = run.zone("a").plan
    assert plan is not None
    assert (len(plan.differences), run.actions, run.report.needs_attention) == (1, {}, True)
    command = f"netbox-pdns sync --adopt {world.name('a').rstrip('.')}"
    assert plan.notes == (f"the zone is foreign (account 'somebody'), 1 RRset differs; adopt it with: {command}",)
    assert world.command(command).returncode == 0
    assert world.account("a") == f"netbox-pdns:{world.word}:default"


def test_a_foreign_zone_stays_whatever_netbox_does(world: World) -> None:
    """Changed or ended there, and everything forced: others' zones of the name stay as they are, beside ours that follow."""
    ours = world.make_zone("ours", [ROW])
    changed, ended = (world.make_zone(label, [ROW]) for label in ("changed", "ended"))
    for label in ("changed", "ended", "unknown"):
        make_by_hand(world, label, OTHER)
    before = [whole(world, label) for label in ("changed", "ended", "unknown")]
    world.sync()
    world.add(changed, "new A 192.0.2.7")
    world.delete("zones", ended)
    world.edit("zones", ours, default_ttl=60)
    assert world.sync(force=EVERYTHING).actions == {"ours": "update"}
    assert [whole(world, label) for label in ("changed", "ended", "unknown")] == before


def test_content_that_comes_from_elsewhere_is_never_written_though_the_zone_is_ours(world: World) -> None:
    """Kinds Secondary, Consumer and Producer, and presigned zones, with our mark: whether NetBox wants them or not."""
    for kind in KINDS:
        for label in (f"wanted-{kind}", f"ended-{kind}"):
            more = {} if kind == "presigned" else {"kind": kind.capitalize()}
            make_by_hand(world, label, OTHER, account=f"netbox-pdns:{world.word}:default", **more)
            if kind == "presigned":
                presign(world, label)
    labels = [f"{fate}-{kind}" for fate in ("wanted", "ended") for kind in KINDS]
    before = [whole(world, label) for label in labels]
    world.make_zones("ours", *labels[: len(KINDS)])
    assert world.sync(adopt="always", force=EVERYTHING).actions == {"ours": "create"}
    assert [whole(world, label) for label in labels] == before


def test_zones_that_others_make_before_we_do_are_looked_at_again(world: World) -> None:
    """Made between our list and our creation they are foreign: the same run says so, and adopts what is identical."""
    for label in ("same", "other"):
        world.make_zone(label, [ROW])
    made: dict[str, Any] = {}

    def others_are_quicker(event: Event) -> None:
        if isinstance(event, RunStarted):
            for label, row in (("same", ROW), ("other", OTHER)):
                make_by_hand(world, label, row, account="somebody")
                made[label] = whole(world, label)

    run = world.sync(listener=others_are_quicker)
    assert (run.failed, run.actions) == ({}, {"same": "adopt"})
    for label in ("same", "other"):
        assert "looked again: " in run.zone(label).notes[0]
        assert "its account is 'somebody'" in run.zone(label).notes[0]
    assert whole(world, "other") == made["other"]
    assert whole(world, "same") == {**made["same"], "account": f"netbox-pdns:{world.word}:default"}


def test_a_zone_that_others_remove_meanwhile_is_made_again(world: World) -> None:
    """Gone between our list and our change, it is made whole in the same run."""
    zone = world.make_zone("a", [ROW])
    world.settle()
    world.add(zone, "new A 192.0.2.7")

    def it_is_removed(event: Event) -> None:
        if isinstance(event, RunStarted):
            world.api("DELETE", f"/zones/{world.name('a')}")

    assert world.sync(listener=it_is_removed).actions == {"a": "create"}
    assert [world.served("www.a"), world.served("new.a")] == [["192.0.2.1"], ["192.0.2.7"]]
    world.must_be_quiet()
