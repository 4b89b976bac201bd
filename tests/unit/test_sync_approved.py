"""The engine with a reviewed plan: each zone as it was reviewed or not at all, and no other zone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sync_memory import MemorySource, MemoryTarget, sync, zone

from netbox_pdns.cli.reviewing import Planned
from netbox_pdns.errors import MovedError, TransientError
from netbox_pdns.planning.values import Gone, Observed
from netbox_pdns.sync.outcome import SyncReport, SyncRequest
from netbox_pdns.sync.reviewed import must_be_as_reviewed

A, B, C = (f"{letter}.example." for letter in "abc")


def source(**addresses: str) -> MemorySource:
    """Return a NetBox with the zones of those letters, each with one address of `www`."""
    return MemorySource({None: [zone(f"{letter}.example.", address) for letter, address in addresses.items()]})


def reviewed(directory: Path, wanted: MemorySource, *targets: MemoryTarget) -> SyncRequest:
    """Return the request that applies what a plan says now."""
    planned = Planned()
    sync(directory, wanted, *targets, request=SyncRequest(dry_run=True), listener=planned)
    return SyncRequest(reviewed=planned.zones)


def moved(report: SyncReport) -> Mapping[str, tuple[str, ...]]:
    """Return what moved, by zone."""
    return {each.zone: each.error.moves for each in report.outcomes if isinstance(each.error, MovedError)}


def test_a_zone_that_moves_after_the_check_is_refused_alone(tmp_path: Path) -> None:
    """What was found as reviewed by the check is looked at once more just before it is applied."""
    target = MemoryTarget()
    request = reviewed(tmp_path, source(a="192.0.2.1", b="192.0.2.1"), target)
    report = sync(tmp_path, source(a="192.0.2.1", b="192.0.2.7"), target, request=request)
    assert target.done == [f"create {A}"]
    assert moved(report) == {B: (f"NetBox: ~ www.{B} 60 A 192.0.2.1 → 192.0.2.7",)}


def test_zones_that_were_not_reviewed_are_not_looked_at(tmp_path: Path) -> None:
    """New ones in NetBox, and ours that NetBox wants no more."""
    target = MemoryTarget()
    request = reviewed(tmp_path, source(a="192.0.2.1"), target)
    target.has(zone(C))
    later = replace(source(a="192.0.2.1", b="192.0.2.1"), gone={C: Gone("deleted")})
    report = sync(tmp_path, later, target, request=request)
    assert (target.done, [each.zone for each in report.outcomes]) == ([f"create {A}"], [A])


def test_a_record_that_the_server_refuses_is_not_left_out_of_a_reviewed_plan(tmp_path: Path) -> None:
    """The plan without it is another one: nothing of the zone is applied, and the refused record is named."""
    target = MemoryTarget(refuses={(f"www.{A}", "A", "192.0.2.1"): "no such thing"})
    wanted = source(a="192.0.2.1", b="192.0.2.1")
    report = sync(tmp_path, wanted, target, request=reviewed(tmp_path, wanted, target))
    assert [each.zone for each in report.outcomes if each.applied] == [B]
    lines = moved(report)[A]
    assert f"the plan: no longer + www.{A} 60 A 192.0.2.1" in lines
    assert f"the plan: now left out: www.{A} A 192.0.2.1: no such thing" in lines


def test_what_was_left_out_for_a_refusal_stays_left_out(tmp_path: Path) -> None:
    """A reviewed plan holds though the refusal is forgotten meanwhile: here by another data directory."""
    target = MemoryTarget(refuses={(f"www.{A}", "A", "192.0.2.1"): "no such thing"})
    target.has(zone(A))
    wanted = source(a="192.0.2.1")
    sync(tmp_path / "one", wanted, target)
    more = MemorySource({None: [zone(A, "192.0.2.1", "192.0.2.2")]})
    request = reviewed(tmp_path / "one", more, target)
    report = sync(tmp_path / "two", more, target, request=request)
    assert [each.applied for each in report.outcomes] == [True]


def test_a_zone_that_ended_already_is_done(tmp_path: Path) -> None:
    """A reviewed deletion of a zone that is gone is nothing to refuse."""
    target = MemoryTarget()
    target.has(zone(A))
    wanted = replace(source(b="192.0.2.1"), gone={A: Gone("deleted")})
    request = reviewed(tmp_path, wanted, target)
    sync(tmp_path, wanted, target, request=request)
    assert target.done == [f"create {B}", f"delete {A}"]
    again = sync(tmp_path, wanted, target, request=request)
    assert [each.error for each in again.outcomes] == [None, None]
    assert len(target.calls) == 2


class Fading(MemoryTarget):
    """A server whose zones are listed, and gone when they are read."""

    async def read(self, zone: str) -> Observed | None:
        """Return that there is none."""
        return None


@pytest.mark.parametrize(
    ("later", "lines"),
    [
        pytest.param({}, {A: ("NetBox: the zone is not wanted any more",)}, id="it-was-to-change"),
        pytest.param({"gone": {A: Gone("deleted")}}, {}, id="it-was-to-end"),
    ],
)
def test_a_zone_that_goes_while_it_is_looked_at(
    tmp_path: Path, later: Mapping[str, Any], lines: Mapping[str, tuple[str, ...]]
) -> None:
    """That is an end that was reviewed, or a move."""
    target = MemoryTarget()
    target.has(zone(A))
    wanted = source(b="192.0.2.1") if later else source(a="192.0.2.1", b="192.0.2.1")
    request = reviewed(tmp_path, replace(wanted, **later), target)
    assert {name for _, name in request.reviewed or {}} == {A, B}
    report = sync(tmp_path, source(b="192.0.2.1"), Fading(served=target.served), request=request)
    assert moved(report) == lines
    assert target.done == []


@pytest.mark.parametrize(
    ("lists", "words"),
    [
        pytest.param(None, "1 of 2 zones are not as they were reviewed", id="a-zone-moved"),
        pytest.param(TransientError("no answer"), "not all is as it was reviewed", id="a-target-is-down"),
    ],
)
def test_the_check_stops_everything(tmp_path: Path, lists: TransientError | None, words: str) -> None:
    """A zone that moved, or a target that cannot be asked: whoever applies gets to hear it before anything is applied."""
    targets = MemoryTarget("one"), MemoryTarget("two")
    request = reviewed(tmp_path, source(a="192.0.2.1"), *targets)
    must_be_as_reviewed(sync(tmp_path, source(a="192.0.2.1"), *targets, request=replace(request, dry_run=True)))
    targets[1].lists = lists
    if lists is None:
        targets[1].has(zone(A, "192.0.2.9"), "others")
    checked = sync(tmp_path, source(a="192.0.2.1"), *targets, request=replace(request, dry_run=True))
    with pytest.raises(MovedError, match=words) as caught:
        must_be_as_reviewed(checked)
    assert "two" in caught.value.moves[0]
    assert not targets[0].calls
