"""One zone: what a server refuses, and what others did since we looked."""

from __future__ import annotations

from pathlib import Path

import pytest
from sync_memory import MemorySource, MemoryTarget, sync, zone

from netbox_pdns.errors import ConflictError
from netbox_pdns.planning.values import Action

NAME = "a.example."
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


def test_a_record_refused_by_the_last_run_is_not_sent_again(tmp_path: Path) -> None:
    """The next run plans without it at once: nothing to do, and it is still named."""
    target = MemoryTarget(refuses={(f"www.{NAME}", "A", "192.0.2.2"): "no"})
    source = MemorySource({None: [zone(NAME, "192.0.2.1", "192.0.2.2")]})
    sync(tmp_path, source, target)
    target.calls.clear()
    (outcome,) = sync(tmp_path, source, target).outcomes
    assert outcome.plan is not None
    assert (target.calls, outcome.plan.action, len(outcome.plan.left_out)) == ([], Action.NOTHING, 1)
