"""What a run comes to: its exit status, its numbers, and the rows of `zones`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from cli_reports import (
    CHANGED,
    DOWN,
    FAILED,
    FOREIGN,
    GOING,
    GOING_HELD,
    HELD,
    LEFT_OUT,
    NOTHING,
    WRONG,
    outcome,
    report,
)

from netbox_pdns.cli import as_documents
from netbox_pdns.cli.exit_status import ExitStatus
from netbox_pdns.cli.report import exit_status, summary
from netbox_pdns.cli.terminal import Terminal
from netbox_pdns.cli.zones import rows_of
from netbox_pdns.planning.values import TargetZone
from netbox_pdns.sync.outcome import ZoneOutcome


@pytest.mark.parametrize(
    ("outcomes", "fields", "plain", "telling"),
    [
        pytest.param([NOTHING], {}, 0, 0, id="nothing"),
        pytest.param([], {}, 0, 0, id="no-zones"),
        pytest.param([CHANGED], {}, 0, 4, id="something-to-apply"),
        pytest.param([replace(CHANGED, observe_only=True)], {}, 0, 0, id="observed-only-is-not-applied"),
        pytest.param([LEFT_OUT], {}, 3, 3, id="left-out"),
        pytest.param([HELD], {}, 3, 3, id="held"),
        pytest.param([FAILED], {}, 3, 3, id="failed"),
        pytest.param([NOTHING], {"error": WRONG}, 3, 3, id="target-failed"),
        pytest.param([CHANGED, LEFT_OUT], {}, 3, 4, id="4-goes-before-3"),
        pytest.param([FOREIGN], {}, 3, 3, id="foreign-zone-that-differs"),
        pytest.param([GOING], {}, 0, 4, id="zone-goes"),
        pytest.param([GOING], {"held": (GOING_HELD,)}, 3, 3, id="zone-that-goes-is-held"),
    ],
)
def test_exit_status(outcomes: list[ZoneOutcome], fields: dict[str, Any], plain: int, telling: int) -> None:
    """0: as NetBox wants; 3: something left out, held or failed; `--exit-code` 4: there is something to apply."""
    assert exit_status(report(*outcomes, **fields)) == ExitStatus(plain)
    assert exit_status(report(*outcomes, **fields), tell_changes=True) == ExitStatus(telling)


def test_the_summary_counts_what_was_applied_alone() -> None:
    """A dry run counts what is to apply, a real one what was: a zone that failed is not changed."""
    assert (summary(report(CHANGED, LEFT_OUT)).changed, summary(report(CHANGED)).rrsets) == (1, 1)
    real = report(replace(CHANGED, applied=True), replace(CHANGED, error=DOWN), LEFT_OUT, HELD, dry_run=False)
    numbers = summary(real)
    assert (numbers.zones, numbers.changed, numbers.rrsets) == (4, 1, 1)
    assert (numbers.left_out, numbers.held, numbers.failed, numbers.seconds) == (1, 1, 1, 1.5)


def test_the_document_holds_all_of_a_run() -> None:
    """What machines read has every number, every zone and every error with its kind and hint."""
    there = report(CHANGED, FAILED, error=WRONG, foreign=(TargetZone("f.", "Native", "", 1),))
    data = Terminal().data(as_documents.run(there))
    (target,) = data["targets"]
    assert data["summary"]["changed"] == 1
    assert target["error"] == {
        "kind": "configuration",
        "message": "the key is wrong",
        "hint": "correct it",
        "moved": [],
    }
    assert [each["error"] and each["error"]["kind"] for each in target["zones"]] == [None, "transient"]
    plan = target["zones"][0]["plan"]
    assert (plan["action"], plan["serial"]) == ("update", {"served": 7, "next": 8})
    assert plan["changes"][0]["after"] == {"ttl": 60, "rdata": ["192.0.2.2"]}
    assert target["foreign"] == [{"zone": "f.", "kind": "Native", "account": ""}]


@pytest.mark.parametrize(
    ("zone", "owner", "differences", "held"),
    [
        pytest.param(NOTHING, "ours", 0, 0, id="as-wanted"),
        pytest.param(CHANGED, "ours", 1, 0, id="differs"),
        pytest.param(HELD, "ours", 5, 1, id="what-is-held-differs-too"),
        pytest.param(FOREIGN, "foreign", 1, 0, id="foreign"),
        pytest.param(outcome(observed=None), "absent", None, 0, id="absent"),
        pytest.param(GOING, "orphaned", 0, 0, id="orphaned"),
        pytest.param(FAILED, "ours", None, 0, id="failed"),
    ],
)
def test_rows_of_zones(zone: ZoneOutcome, owner: str, differences: int | None, held: int) -> None:
    """Every zone says whose it is and how many RRsets are not as NetBox wants them, None where that is not known."""
    (row,) = rows_of(report(zone))
    assert (row.owner, row.differences, row.held) == (owner, differences, held)


def test_zones_lists_others_zones() -> None:
    """Zones that are neither ours nor in NetBox are listed, too, with their serials."""
    there = report(
        NOTHING, foreign=(TargetZone("a.example.", "Native", "", 3), TargetZone("b.example.", "Native", "", 4))
    )
    assert [row.zone for row in rows_of(there)] == ["example.com.", "a.example.", "b.example."]
    assert [row.served_serial for row in rows_of(there)][1:] == [3, 4]
