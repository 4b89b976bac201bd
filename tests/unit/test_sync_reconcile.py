"""One zone: what a server refuses, and what others did since we looked."""

from __future__ import annotations

from pathlib import Path

import pytest
from sync_memory import MemorySource, MemoryTarget, sync, zone

from netbox_pdns.errors import ConflictError
from netbox_pdns.planning.values import Action
from netbox_pdns.sync.outcome import SyncRequest

NAME = "a.example."
HOUR = 3600.0
CLASH = f"looked again: {NAME} is not ours (any more)"


@pytest.mark.parametrize(
    ("address", "account", "calls", "foreign"),
    [
        pytest.param("192.0.2.1", "", [Action.CREATE, Action.ADOPT], True, id="like-ours-it-is-adopted"),
        pytest.param("192.0.2.9", "someone", [Action.CREATE], True, id="another-it-stays-foreign"),
        pytest.param("192.0.2.9", None, [Action.CREATE, Action.UPDATE], False, id="ours-it-is-brought"),
    ],
)
def test_a_zone_that_appears_before_ours_is_made(
    tmp_path: Path, address: str, account: str | None, calls: list[Action], foreign: bool
) -> None:
    """A zone made by others between the list and our creation is looked at again in the same run, with a warning."""
    target = MemoryTarget()
    target.appears[NAME] = target.seen(zone(NAME, address), account)
    (outcome,) = sync(tmp_path, MemorySource({None: [zone(NAME, "192.0.2.1", serial=8)]}), target).outcomes
    assert [action for _, action in target.calls] == calls
    assert (outcome.error, outcome.notes, outcome.foreign) == (None, (CLASH,), foreign)
    assert outcome.observed is not None


def test_a_conflict_is_looked_at_once_more(tmp_path: Path) -> None:
    """A zone that is fought over is reported; the next run looks again."""
    target = MemoryTarget(fails={NAME: ConflictError(f"{NAME} is not ours (any more)")})
    (outcome,) = sync(tmp_path, MemorySource({None: [zone(NAME)]}), target).outcomes
    assert len(target.calls) == 2
    assert isinstance(outcome.error, ConflictError)
    assert outcome.notes == (CLASH,)


def test_refused_records_are_left_out_alone(tmp_path: Path) -> None:
    """Each record that the server refuses costs one more look, and the rest of the zone is there."""
    bad = {(f"www.{NAME}", "A", f"192.0.2.{number}"): "no" for number in (2, 3)}
    target = MemoryTarget(refuses=bad)
    source = MemorySource({None: [zone(NAME, "192.0.2.1", "192.0.2.2", "192.0.2.3")]})
    (outcome,) = sync(tmp_path, source, target).outcomes
    assert outcome.plan is not None
    assert [record.value for record in outcome.plan.left_out] == ["192.0.2.2", "192.0.2.3"]
    assert target.served[NAME].zone.rrsets[f"www.{NAME}", "A"].rdatas == ("192.0.2.1",)
    assert len(target.calls) == 3


RECORD = (f"www.{NAME}", "A", "192.0.2.2")


def two_addresses() -> MemorySource:
    """Return a NetBox with `RECORD` and another address beside it."""
    return MemorySource({None: [zone(NAME, "192.0.2.1", RECORD[2])]})


def looks(directory: Path, target: MemoryTarget, now: float, *, dry_run: bool = False) -> tuple[int, int]:
    """Run a sync *now*; return how many changes it tried, and how many records it left out."""
    target.calls.clear()
    (outcome,) = sync(directory, two_addresses(), target, request=SyncRequest(dry_run=dry_run), now=now).outcomes
    assert outcome.plan is not None
    assert outcome.error is None
    return len(target.calls), len(outcome.plan.left_out)


@pytest.mark.parametrize(
    ("by_name", "later", "dry_run", "tried"),
    [
        pytest.param(True, HOUR - 1, False, 0, id="within-an-hour-it-is-not-sent-again"),
        pytest.param(True, HOUR, False, 1, id="then-it-is-tried-again"),
        pytest.param(True, HOUR, True, 0, id="in-a-plan-it-is-left-out-all-the-same"),
        pytest.param(False, 1, False, 1, id="what-was-found-by-trying-is-tried-by-every-sync"),
    ],
)
def test_how_long_a_refusal_is_believed(tmp_path: Path, by_name: bool, later: float, dry_run: bool, tried: int) -> None:
    """What the server named is asked for again after an hour; what something on the way may have made up, at once."""
    target = MemoryTarget(refuses={RECORD: "no"}, by_name=by_name)
    assert looks(tmp_path, target, 0) == (2, 1)
    assert looks(tmp_path, target, later, dry_run=dry_run) == (tried, 1)


def test_what_is_refused_once_more_is_believed_anew(tmp_path: Path) -> None:
    """A record that is never taken costs one request an hour."""
    target = MemoryTarget(refuses={RECORD: "no"})
    assert [looks(tmp_path, target, hour * HOUR)[0] for hour in (0, 1, 1.5, 2, 2.5)] == [2, 1, 0, 1, 0]


@pytest.mark.parametrize("later", [1, HOUR], ids=["found-by-trying", "named-an-hour-ago"])
def test_a_refused_record_that_is_taken_later_is_served_and_forgotten(tmp_path: Path, later: float) -> None:
    """No good record stays out for what was said of it once; no plan names it any more."""
    target = MemoryTarget(refuses={RECORD: "no"}, by_name=later > 1)
    looks(tmp_path, target, 0)
    target.refuses.clear()
    assert looks(tmp_path, target, later) == (1, 0)
    assert target.served[NAME].zone.rrsets[f"www.{NAME}", "A"].rdatas == ("192.0.2.1", "192.0.2.2")
    assert looks(tmp_path, target, later + 1, dry_run=True) == (0, 0)


def test_adopting_leaves_the_zone_as_it_is(tmp_path: Path) -> None:
    """NetBox's SOA comes with the zone's next change; a dry run before it changes nothing of that."""
    target = MemoryTarget()
    target.has(zone(NAME, "192.0.2.1", serial=7), account="")
    source = MemorySource({None: [zone(NAME, "192.0.2.1", serial=8)]})
    for dry_run in (True, False, False):
        sync(tmp_path, source, target, request=SyncRequest(dry_run=dry_run))
    assert target.done == [f"adopt {NAME}"]
    assert target.served[NAME].zone.serial == 7
    sync(tmp_path, MemorySource({None: [zone(NAME, "192.0.2.1", "192.0.2.2", serial=9)]}), target)
    assert target.done == [f"adopt {NAME}", f"update {NAME}"]
    assert target.served[NAME].zone.serial == 9
