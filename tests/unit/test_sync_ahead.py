"""What is read of a server before its turn: each zone once where there is nothing to do, and never what is written from."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sync_memory import MemorySource, MemoryTarget, sync, zone

from netbox_pdns.dns.rrset import Zone
from netbox_pdns.errors import NetboxPdnsError, TransientError
from netbox_pdns.planning.values import Desired, Explanations, Observed, RecordKey, ZoneRef
from netbox_pdns.settings import Selection
from netbox_pdns.sync import ahead
from netbox_pdns.sync.ahead import FEWEST_ZONES, ReadAhead
from netbox_pdns.sync.outcome import SyncRequest

NAMES = [f"z{number:02}.example." for number in range(FEWEST_ZONES)]
LIMIT = 30.0


@dataclass
class ReadTarget(MemoryTarget):
    """A server that counts how often a zone is read; of the first `errors` readings each fails."""

    reads: list[str] = field(default_factory=list)
    errors: list[NetboxPdnsError] = field(default_factory=list)
    read_all: asyncio.Event = field(default_factory=asyncio.Event)

    async def read(self, zone: str) -> Observed | None:
        """Return what is there."""
        self.reads.append(zone)
        if len(set(self.reads)) == len(self.served):
            self.read_all.set()
        if self.errors:
            raise self.errors.pop()
        return await super().read(zone)


@dataclass
class SlowSource(MemorySource):
    """A NetBox whose first zone takes until `target` was read from end to end; `before` happens then."""

    target: ReadTarget = field(default_factory=ReadTarget)
    before: Callable[[], None] = lambda: None
    explained: list[str] = field(default_factory=list)

    async def read(self, zones: Sequence[ZoneRef]) -> AsyncIterator[Desired]:
        """Wait, then yield the zones."""
        await self.target.read_all.wait()
        self.before()
        async for desired in super().read(zones):
            yield desired

    async def explain(self, zone: ZoneRef, removed: Sequence[RecordKey]) -> Explanations:
        """Explain nothing."""
        self.explained.append(zone.name)
        return await super().explain(zone, removed)


@dataclass
class Hanging(ReadTarget):
    """A server that does not answer."""

    async def read(self, zone: str) -> Observed | None:
        """Wait for ever."""
        self.read_all.set()
        await asyncio.Event().wait()
        return None


@dataclass
class MuteSource(SlowSource):
    """A NetBox that lists its zones and gives none of them, once `target` is being read."""

    async def read(self, zones: Sequence[ZoneRef]) -> AsyncIterator[Desired]:
        """Fail before the first."""
        await self.target.read_all.wait()
        assert self.ends_with is not None
        raise self.ends_with
        yield  # an asynchronous iterator


@dataclass
class ListlessSource(MemorySource):
    """A NetBox that does not list its zones."""

    has_begun: asyncio.Event = field(default_factory=asyncio.Event)

    async def begin(self, selection: Selection) -> None:
        """Take note."""
        self.has_begun.set()

    async def zones(self, selection: Selection, names: Sequence[str] = ()) -> tuple[ZoneRef, ...]:
        """Fail when all that it has was begun."""
        await self.has_begun.wait()
        raise TransientError("no answer")


def served(names: Sequence[str], *addresses: str) -> ReadTarget:
    """Return a server with zones of ours."""
    target = ReadTarget()
    for name in names:
        target.has(zone(name, *addresses))
    return target


def wanted(names: Sequence[str], *addresses: str, serial: int = 7) -> list[Zone]:
    """Return what NetBox wants."""
    return [zone(name, *addresses, serial=serial) for name in names]


def test_where_nothing_is_to_be_done_each_zone_is_read_once_and_while_netbox_is_awaited(tmp_path: Path) -> None:
    """The server does not stand idle meanwhile."""
    target = served(NAMES, "192.0.2.1")
    report = sync(tmp_path, SlowSource({None: wanted(NAMES, "192.0.2.1")}, target=target), target, limit=LIMIT)
    assert sorted(target.reads) == NAMES
    assert (target.calls, report.needs_attention) == ([], False)


@pytest.mark.parametrize(
    ("there", "request_", "begun"),
    [
        pytest.param(NAMES, SyncRequest(), 1, id="little-to-write"),
        pytest.param(NAMES[1:], SyncRequest(), 0, id="a-first-sync"),
        pytest.param(NAMES, SyncRequest(zones=("z0*",)), 0, id="some-zones"),
        pytest.param(NAMES, SyncRequest(only=frozenset({("one", NAMES[0])})), 0, id="a-zone-that-needs-a-look"),
    ],
)
def test_all_of_netbox_is_begun_where_all_is_wanted_and_hardly_anything_is_written(
    tmp_path: Path, there: Sequence[str], request_: SyncRequest, begun: int
) -> None:
    """Else zones are wanted one after another, to be written while others are read; what was begun is given up."""
    source = MemorySource({None: wanted(NAMES)})
    sync(tmp_path, source, served(there), request=request_, limit=LIMIT)
    assert (len(source.begun), source.given_up > 0) == (begun, request_.is_of_all)


def test_what_was_begun_is_given_up_where_the_lists_fail(tmp_path: Path) -> None:
    """Nobody will ask for it."""
    source = ListlessSource({None: wanted(NAMES)})
    with pytest.raises(TransientError):
        sync(tmp_path, source, served(NAMES), limit=LIMIT)
    assert source.given_up == 1


def test_what_is_written_starts_from_what_is_there_by_then(tmp_path: Path) -> None:
    """Others wrote since it was read ahead: their serial is gone beyond, and what they took away is put back."""
    target = served(NAMES, "192.0.2.1")
    source = SlowSource({None: wanted(NAMES, "192.0.2.1", "192.0.2.2", serial=8)}, target=target)
    source.before = lambda: target.has(zone(NAMES[0], serial=20))
    sync(tmp_path, source, target, limit=LIMIT)
    serials = {name: target.served[name].zone.serial for name in NAMES}
    assert serials.pop(NAMES[0]) == 21
    assert set(serials.values()) == {8}
    assert {each.zone.rrsets[f"www.{name}", "A"].rdatas for name, each in target.served.items()} == {
        ("192.0.2.1", "192.0.2.2")
    }


def test_why_records_go_is_asked_once(tmp_path: Path) -> None:
    """What was read ahead is not worth a question to NetBox: the zone is read again first."""
    target = served(NAMES, "192.0.2.1")
    source = SlowSource({None: wanted(NAMES, "192.0.2.2", serial=8)}, target=target)
    sync(tmp_path, source, target, limit=LIMIT)
    assert sorted(source.explained) == NAMES


def test_few_zones_wait_for_their_turn(tmp_path: Path) -> None:
    """There is nothing to be gained for them, and one of them may be large."""
    names = NAMES[1:]
    target = served(names)
    sync(tmp_path, MemorySource({None: wanted(names)}), target, limit=LIMIT)
    assert sorted(target.reads) == names


def test_a_server_that_fails_meanwhile_is_asked_again_in_earnest(tmp_path: Path) -> None:
    """Its failure then is nobody's; the zones are read when their turn comes."""
    target = served(NAMES)
    target.errors = [TransientError("slow"), TransientError("slow")]
    report = sync(tmp_path, SlowSource({None: wanted(NAMES)}, target=target), target, limit=LIMIT)
    assert len(target.reads) == len(NAMES) + 2
    assert not report.needs_attention


def test_a_netbox_that_gives_nothing_ends_the_reading(tmp_path: Path) -> None:
    """The run ends with its error, however long the server takes."""
    error = TransientError("no answer")
    target = Hanging(served=served(NAMES).served)
    report = sync(tmp_path, MuteSource({None: wanted(NAMES)}, ends_with=error, target=target), target, limit=LIMIT)
    assert report.targets[0].error is error


def test_only_so_much_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading ends where what is kept has reached its limit, give or take what is under way."""
    monkeypatch.setattr(ahead, "MOST_KEPT", 30)
    target = served(NAMES)
    size = 1 + len(target.served[NAMES[0]].zone.rrsets)
    asyncio.run(ReadAhead(target).read(NAMES))
    assert 30 <= size * len(target.reads) <= 30 + 4 * size


def test_a_large_zone_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is read again when there is room for it."""
    monkeypatch.setattr(ahead, "LARGEST", 3)
    target = served(NAMES)
    target.has(zone(NAMES[0], "192.0.2.1"))
    reading = ReadAhead(target)
    asyncio.run(reading.read(NAMES))
    assert reading.take(NAMES[0]) is None
    assert reading.take(NAMES[1]) == target.served[NAMES[1]]
    assert reading.take(NAMES[1]) is None
