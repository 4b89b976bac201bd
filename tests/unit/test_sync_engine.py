"""The laws of a run: what fails stops nothing else, a dead target is given up, what ends comes last."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from sync_memory import MemorySource, MemoryTarget, settings_of, sync, zone

from netbox_pdns.dns.rrset import RRset, Zone
from netbox_pdns.errors import ConfigurationError, ConflictError, DataError, NetboxPdnsError, TransientError
from netbox_pdns.planning.values import Gone, GuardLimits
from netbox_pdns.settings import ZoneRule
from netbox_pdns.sync.lane import FAILURES_IN_A_ROW, MOST_WAITING
from netbox_pdns.sync.outcome import SyncReport, SyncRequest
from netbox_pdns.sync.patterns import plain_names
from netbox_pdns.sync.reconcile import Served

NAMES = [f"z{number}.example." for number in range(6)]


def source(gone: Mapping[str, Gone] | NetboxPdnsError | None = None) -> MemorySource:
    """Return a NetBox with the zones `NAMES`."""
    return MemorySource({None: [zone(name) for name in NAMES]}, gone or {})


def failed(report: SyncReport) -> list[str]:
    """Return the zones that failed."""
    return [outcome.zone for outcome in report.outcomes if outcome.error is not None]


@pytest.mark.parametrize("error", [DataError("bad"), ConflictError("taken"), TransientError("slow")])
def test_a_zone_that_fails_stops_no_other(tmp_path: Path, error: NetboxPdnsError) -> None:
    """Whatever a zone's failure is, every other zone is brought in the same run."""
    target = MemoryTarget(fails={NAMES[1]: error})
    report = sync(tmp_path, source(), target)
    assert failed(report) == [NAMES[1]]
    assert target.done == [f"create {name}" for name in NAMES if name != NAMES[1]]
    assert report.targets[0].error is None


def test_a_dead_target_is_given_up_and_the_others_are_done(tmp_path: Path) -> None:
    """After three zones in a row without an answer the rest is not tried, and every zone says so; other targets go on."""
    dead = MemoryTarget("dead", fails={name: TransientError("no answer") for name in NAMES})
    alive = MemoryTarget("alive")
    report = sync(tmp_path, source(), dead, alive)
    assert [name for name, _ in dead.calls] == NAMES[:FAILURES_IN_A_ROW]
    assert alive.done == [f"create {name}" for name in NAMES]
    of_dead, of_alive = report.targets
    assert (str(of_dead.error), of_alive.error) == ("no answer", None)
    assert [outcome.zone for outcome in of_dead.outcomes if outcome.error] == NAMES


def test_failures_with_a_success_between_them_are_no_dead_target(tmp_path: Path) -> None:
    """Only failures in a row mean that nobody is there."""
    target = MemoryTarget(fails={name: TransientError("slow") for name in NAMES if name != NAMES[2]})
    sync(tmp_path, source(), target)
    assert [name for name, _ in target.calls] == NAMES[:6]


def test_a_netbox_that_does_not_explain_is_no_dead_target(tmp_path: Path) -> None:
    """However many zones fail for want of NetBox's word, the target is tried to the last."""
    changed = [zone(name, "192.0.2.1", serial=8) for name in NAMES]
    target = MemoryTarget()
    for name in NAMES:
        target.has(zone(name, "192.0.2.1", *(f"192.0.2.{number}" for number in range(2, 6))))
    report = sync(tmp_path, MemorySource({None: changed}, explains=TransientError("no answer")), target)
    assert [str(outcome.error) for outcome in report.outcomes] == ["no answer"] * len(NAMES)
    assert report.targets[0].error is None


@pytest.mark.parametrize(
    ("patterns", "shown"),
    [
        pytest.param((), ["x.example.", "y.example."], id="all"),
        pytest.param(("y*",), ["y.example."], id="pattern"),
        pytest.param(("x.example",), ["x.example."], id="name"),
    ],
)
def test_zones_of_others_are_shown_where_they_were_asked_for(
    tmp_path: Path, patterns: tuple[str, ...], shown: list[str]
) -> None:
    """What is neither ours nor NetBox's is reported as far as it fits the patterns, and never touched."""
    target = MemoryTarget()
    for name in ("x.example.", "y.example."):
        target.has(zone(name), account="")
    report = sync(tmp_path, source(), target, request=SyncRequest(zones=patterns))
    assert [each.name for each in report.targets[0].foreign] == shown
    assert not set(target.served) - {"x.example.", "y.example.", *NAMES}


@pytest.mark.parametrize(
    ("patterns", "names"),
    [
        pytest.param(["a.example", "B.example."], ("a.example", "B.example."), id="names"),
        pytest.param(["a.example", "*.example"], (), id="a-pattern-among-them"),
        pytest.param(["all"], (), id="all"),
        pytest.param([], (), id="none"),
    ],
)
def test_names_without_a_pattern_are_listed_alone(patterns: list[str], names: tuple[str, ...]) -> None:
    """Only where every pattern is a plain name need the source list no more than those."""
    assert plain_names(patterns) == names


MANY = [f"m{number:02}.example." for number in range(10)]


def many() -> MemorySource:
    """Return a NetBox with the zones `MANY`, of which a lane does not hold half."""
    rrsets = [RRset.of(f"h{number}.example.", "A", 60, ["192.0.2.1"]) for number in range(MOST_WAITING // 5)]
    return MemorySource({None: [Zone.of(name, [*zone(name).rrsets.values(), *_below(name, rrsets)]) for name in MANY]})


def _below(name: str, rrsets: Sequence[RRset]) -> list[RRset]:
    return [RRset(rrset.name.replace("example.", name), rrset.type, rrset.ttl, rrset.rdatas) for rrset in rrsets]


@pytest.mark.parametrize("error", [None, TransientError("no answer")], ids=["wakes-up", "is-given-up"])
def test_a_target_that_hangs_holds_up_no_other(tmp_path: Path, error: NetboxPdnsError | None) -> None:
    """The others are brought to the last zone while it hangs; its own come after, those that did not fit read again."""
    others_done = asyncio.Event()
    alive = MemoryTarget("alive", after=lambda: others_done.set() if len(alive.calls) == len(MANY) else None)
    hanging = MemoryTarget("hanging", fails=dict.fromkeys(MANY, error) if error else {}, until=others_done.wait)
    source = many()
    report = sync(tmp_path, source, hanging, alive, patience=0.2, limit=60.0)
    assert alive.done == [f"create {name}" for name in MANY]
    assert [outcome.zone for outcome in report.targets[0].outcomes] == MANY
    if error is None:
        assert sorted(hanging.done) == [f"create {name}" for name in MANY]
        assert source.reads[0] == len(MANY)
        assert 0 < sum(source.reads[1:]) < len(MANY)
    else:
        assert failed(report) == MANY
        assert len(hanging.calls) == FAILURES_IN_A_ROW


@pytest.mark.parametrize("error", [None, TransientError("no answer")], ids=["wakes-up", "is-given-up"])
def test_a_target_that_hangs_while_it_is_listed_holds_up_no_other(
    tmp_path: Path, error: NetboxPdnsError | None
) -> None:
    """The others are brought meanwhile, and what ends there ends; its own zones come when it is listed."""
    others_done = asyncio.Event()
    alive = MemoryTarget("alive", after=lambda: others_done.set() if len(alive.calls) == len(NAMES) + 1 else None)
    alive.has(zone("old.example."))
    hanging = MemoryTarget("hanging", listed_after=others_done.wait, lists=error)
    report = sync(tmp_path, source({"old.example.": Gone("deleted")}), hanging, alive, patience=0.3)
    assert alive.done == [*(f"create {name}" for name in NAMES), "delete old.example."]
    assert hanging.done == ([f"create {name}" for name in NAMES] if error is None else [])
    assert [target.error for target in report.targets] == [error, None]


def test_targets_of_one_server_wait_for_each_others_lists(tmp_path: Path) -> None:
    """Which zones both want is known only then; a target of another server goes on meanwhile."""
    other_done = asyncio.Event()
    other = MemoryTarget("other", after=other_done.set)
    one, late = MemoryTarget("one"), MemoryTarget("late", listed_after=other_done.wait)
    served = [Served(each, settings_of(each, url=f"http://{each is other}")) for each in (one, late, other)]
    report = sync(tmp_path, MemorySource({None: [zone(NAMES[0])]}), *served, patience=0.3)
    assert (one.done, late.done, other.done) == ([], [], [f"create {NAMES[0]}"])
    errors = [str(outcome.error) for outcome in report.outcomes if outcome.error]
    assert ["target late" in errors[0], "target one" in errors[1]] == [True, True]


def test_one_target_is_waited_for_and_nothing_is_read_twice(tmp_path: Path) -> None:
    """Where there is nobody else to hold up, the reading goes at the target's pace."""
    source, target = many(), MemoryTarget(until=lambda: asyncio.sleep(0.001))
    sync(tmp_path, source, target)
    assert (target.done, source.reads) == ([f"create {name}" for name in MANY], [len(MANY)])


def test_what_ends_comes_last(tmp_path: Path) -> None:
    """A zone that is not wanted goes when all that is wanted was brought."""
    target = MemoryTarget()
    target.has(zone("a.example."))
    sync(tmp_path, source({"a.example.": Gone("deleted")}), target)
    assert target.done == [*(f"create {name}" for name in NAMES), "delete a.example."]


@pytest.mark.parametrize(
    ("gone", "goes"),
    [
        pytest.param(Gone("renamed", 0), False, id="its-successor-is-not-served"),
        pytest.param(Gone("renamed", 1), True, id="its-successor-is-served"),
        pytest.param(Gone("deleted"), True, id="it-has-no-successor"),
    ],
)
@pytest.mark.parametrize("dry_run", [False, True], ids=["sync", "plan"])
def test_a_renamed_zone_waits_for_its_successor(tmp_path: Path, gone: Gone, goes: bool, dry_run: bool) -> None:
    """The old zone stays while the new one is not served; any other zone that fails does not concern it."""
    target = MemoryTarget(fails={NAMES[0]: DataError("bad")})
    target.has(zone("old.example."))
    report = sync(tmp_path, source({"old.example.": gone}), target, request=SyncRequest(dry_run=dry_run))
    if dry_run:  # a plan that would be tried is all that it can tell
        assert failed(report) == []
        assert target.done == []
    else:
        assert ("old.example." not in target.served) is goes
        assert ("old.example." in failed(report)) is not goes


@pytest.mark.parametrize(
    ("limits", "ended"),
    [
        pytest.param({}, "", id="four-of-ten-are-too-many-for-the-target"),
        pytest.param(
            {"rules": [ZoneRule(zone="*.lab", zones=9, zones_percent=100)]},
            "a.lab. b.lab. c.lab. d.office.",
            id="of-the-lab",
        ),
        pytest.param(
            {"rules": [ZoneRule(zone="*.lab", zones_percent=100)]}, "a.lab. b.lab. c.lab. d.office.", id="its-share"
        ),
        pytest.param({"rules": [ZoneRule(zone="*.lab", zones=9)]}, "d.office.", id="the-share-is-the-targets"),
        pytest.param({"rules": [ZoneRule(zone="*.lab", mode="apply")]}, "", id="a-rule-without-limits-for-it"),
        pytest.param(
            {"limits": GuardLimits(zones=9, zones_percent=90)}, "a.lab. b.lab. c.lab. d.office.", id="of-the-target"
        ),
    ],
)
def test_how_many_zones_may_end_is_a_setting_of_the_target_and_of_zones_by_pattern(
    tmp_path: Path, limits: dict[str, object], ended: str
) -> None:
    """Zones with limits of their own are counted by themselves: `d.office.` is one of seven, whatever ends in the lab."""
    target = MemoryTarget()
    ends = ["a.lab.", "b.lab.", "c.lab.", "d.office."]
    for name in (*ends, *NAMES):
        target.has(zone(name))
    report = sync(
        tmp_path, source({name: Gone("deleted") for name in ends}), Served(target, settings_of(target, **limits))
    )
    assert " ".join(name for name in ends if name not in target.served) == ended
    assert {held.zone for held in report.targets[0].held} == set(ends) - set(ended.split())


def test_where_nobody_explains_the_ends_the_rest_is_reported(tmp_path: Path) -> None:
    """A NetBox that does not answer when asked why zones go costs the ends alone, and the report names it."""
    target = MemoryTarget()
    target.has(zone("a.example."))
    report = sync(tmp_path, source(ConfigurationError("may not view the change log")), target)
    assert str(report.targets[0].error) == "may not view the change log"
    assert target.done == [f"create {name}" for name in NAMES]
    assert "a.example." in target.served


def test_one_zone_for_two_targets_of_one_server_is_refused(tmp_path: Path) -> None:
    """Neither writes what both want, and each names the other; a server of its own is no matter."""
    one, two, three = targets = [MemoryTarget(name) for name in ("one", "two", "three")]
    urls = ("http://a", "http://a/", "http://b")
    served = [Served(target, settings_of(target, url=url)) for target, url in zip(targets, urls, strict=True)]
    report = sync(tmp_path, MemorySource({None: [zone(NAMES[0])]}), *served)
    assert (one.done, two.done, three.done) == ([], [], [f"create {NAMES[0]}"])
    errors = [outcome.error for outcome in report.outcomes if outcome.error]
    assert ["target two" in str(errors[0]), "target one" in str(errors[1])] == [True, True]
    assert all(isinstance(error, ConfigurationError) for error in errors)
