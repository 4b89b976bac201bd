"""Saved plans as files: what is written is read again, and what is no plan is told with a clear word."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from planning_text import context, desired, observed

from netbox_pdns.errors import ConfigurationError, DataError, NetboxPdnsError
from netbox_pdns.planning.saved import FORMAT, SavedPlan, SavedRequest, as_reviewed
from netbox_pdns.planning.values import HoldReason
from netbox_pdns.planning.zone_plan import plan_zone
from netbox_pdns.store.plan_file import must_be_writable, read_plan, write_plan


def plan() -> SavedPlan:
    """Return a plan in which there is some of everything."""
    wanted = desired("www 60 A 192.0.2.2\nn 60 NULL \\# 1 00", 9)
    there = observed("www 60 A 192.0.2.1\n" + "\n".join(f"h{n} 60 A 192.0.2.{n}" for n in range(1, 7)))
    zone = as_reviewed(plan_zone(wanted, there, context()), wanted, there, {("x.", "A", "192.0.2.1"): "refused"})
    assert zone.plan.changes
    assert zone.plan.held
    assert zone.plan.left_out
    request = SavedRequest(("*.com",), (), (HoldReason.KEYS,))
    return SavedPlan(
        FORMAT, "2026-01-02T03:04:05+00:00", "0.1.0", "default", "https://nb", {"pdns": {}}, request, (zone,)
    )


def test_a_plan_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Nothing is lost, and nothing but the file is left."""
    write_plan(tmp_path / "plan.json", plan())
    assert read_plan(tmp_path / "plan.json") == plan()
    assert [path.name for path in tmp_path.iterdir()] == ["plan.json"]


def _cut(text: str) -> str:
    return text[: len(text) // 2]


def _newer(text: str) -> str:
    return json.dumps({**json.loads(text), "format": FORMAT + 1, "by": "9.0", "zones": "something new"})


def _without_zones(text: str) -> str:
    return json.dumps({key: value for key, value in json.loads(text).items() if key != "zones"})


def _changed(text: str) -> str:
    document = json.loads(text)
    document["zones"][0]["plan"]["changes"][0] = {"before": None, "after": None}
    return json.dumps(document)


@pytest.mark.parametrize(
    ("damage", "error", "words"),
    [
        pytest.param(_cut, DataError, "is no saved plan, or is cut off", id="cut-off"),
        pytest.param(lambda _: "", DataError, "is no saved plan", id="empty"),
        pytest.param(lambda _: "[1]", DataError, "is no saved plan", id="other-json"),
        pytest.param(lambda _: '{"schema": "run/1"}', DataError, "is no saved plan", id="plan-json"),
        pytest.param(lambda _: '{"x": ' + "[" * 100_000, DataError, "is no saved plan", id="deeply-nested"),
        pytest.param(_without_zones, DataError, "zones", id="a-field-is-missing"),
        pytest.param(_changed, DataError, "a change changes something", id="a-change-of-nothing"),
        pytest.param(
            _newer, ConfigurationError, "format 2, written by netbox-pdns 9.0; this one reads format 1", id="newer"
        ),
    ],
)
def test_what_is_no_plan_is_told(tmp_path: Path, damage: object, error: type[NetboxPdnsError], words: str) -> None:
    """By the file's name, what is wrong with it, and what to do."""
    path = tmp_path / "plan.json"
    write_plan(path, plan())
    path.write_text(damage(path.read_text()))  # type: ignore[operator]  # a function
    with pytest.raises(error, match=words) as caught:
        read_plan(path)
    assert str(path) in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize("name", ["absent.json", "."])
def test_what_cannot_be_read_is_told(tmp_path: Path, name: str) -> None:
    """A file that is not there, a directory."""
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_plan(tmp_path / name)


@pytest.mark.parametrize("name", ["absent/plan.json", "."])
def test_where_none_can_be_written_it_is_told_beforehand(tmp_path: Path, name: str) -> None:
    """In a directory that is not there; as a directory."""
    with pytest.raises(ConfigurationError, match="cannot be saved as"):
        must_be_writable(tmp_path / name)


def test_a_plan_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    """It is written whole or not at all."""
    path = tmp_path / "plan.json"
    path.write_text("the old one")
    (tmp_path / "plan.json.new").mkdir()
    with pytest.raises(ConfigurationError, match="cannot be saved as"):
        write_plan(path, plan())
    assert path.read_text() == "the old one"
