"""The journal's promises: nobody waits for it, nothing is lost, no cursor is ahead of what it promises."""

from __future__ import annotations

import asyncio
import random
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from store_world import LONG, NOON, StoreWorld, all_written, no_room

from netbox_pdns.store.cursors import PutCursor
from netbox_pdns.store.journal import DEFAULT_LIMITS, FailureKind, Journal, JournalLimits, StoreFailure
from netbox_pdns.store.memory import Memory
from netbox_pdns.store.values import Receipt, ReceiptCause, RemarkKind, StoreHealth, ZoneNote
from netbox_pdns.store.writes import Write
from netbox_pdns.store.zone_memory import PutZone


@dataclass
class Paper:
    """A disk without a database: what is written is in `written`, by key; it fails when told to."""

    failing: bool = False
    written: dict[object, Write] = field(default_factory=dict)
    largest: int = 0
    took: float = 0.0
    now: float = 0.0

    async def commit(self, writes: Sequence[Write]) -> None:
        if self.failing:
            raise StoreFailure(FailureKind.AGAIN, "no paper")
        self.now += self.took
        self.largest = max(self.largest, len(writes))
        self.written |= {write.key: write for write in writes}

    async def commit_some(self, writes: Sequence[Write]) -> int:
        raise NotImplementedError

    async def mend(self, why: str) -> None:
        raise NotImplementedError


def _zone(name: str, version: int) -> PutZone:
    return PutZone("ns1", name, ZoneNote("ns1", name, source_serial=version))


_STEPS = st.lists(st.sampled_from(["a", "b", "c", "cursor", "write", "fail"]), max_size=60)


@given(_STEPS, st.integers(1, 4))
def test_a_cursor_on_disk_promises_no_more_than_is_there(steps: list[str], batch: int) -> None:
    """Whatever is written in which batches: all that was put before a cursor is on disk where the cursor is."""

    async def story() -> None:
        paper = Paper()
        journal = Journal(paper, limits=JournalLimits(batch=batch))
        versions: dict[str, int] = {}
        promised: list[dict[str, int]] = []
        for number, step in enumerate([*steps, *["write"] * 60]):
            if step in {"write", "fail"}:
                paper.failing = step == "fail"
                await journal.step()
                _keeps(paper, promised)
            elif step == "cursor":
                journal.put(PutCursor("changes", "ns1", str(len(promised)), NOON))
                promised.append(dict(versions))
            else:
                versions[step] = number
                journal.put(_zone(step, number))
        assert journal.health == StoreHealth()
        assert {name: _version(paper, name) for name in versions} == versions

    asyncio.run(story())


def _keeps(paper: Paper, promised: list[dict[str, int]]) -> None:
    cursor = paper.written.get(("cursor", "changes", "ns1"))
    if isinstance(cursor, PutCursor):
        assert cursor.position is not None
        for name, version in promised[int(cursor.position)].items():
            assert _version(paper, name) >= version


def _version(paper: Paper, name: str) -> int:
    write = paper.written.get(("zone", "ns1", name))
    assert isinstance(write, PutZone)
    assert write.note is not None
    assert write.note.source_serial is not None
    return write.note.source_serial


def test_what_waits_is_bounded_by_the_zones() -> None:
    """However often a zone is noted while nothing can be written, one note of it waits; batches are bounded, too."""

    async def story() -> None:
        paper = Paper()
        journal = Journal(paper, limits=JournalLimits(batch=30))
        for number in range(10_000):
            journal.put(_zone(f"z{number % 100}", number))
        assert journal.health.behind == 100
        assert await journal.drain(LONG)
        assert len(paper.written) == 100
        assert paper.largest == 30

    asyncio.run(story())


def test_who_waits_is_not_made_to_linger() -> None:
    """A write that somebody waits for begins at once, others let more come first."""

    async def story() -> None:
        async def for_ever(_seconds: float) -> None:
            await asyncio.Event().wait()

        paper = Paper()
        journal = Journal(paper, sleep=for_ever)
        running = asyncio.create_task(journal.run())
        journal.put(_zone("a", 1))
        await asyncio.sleep(0)
        assert not paper.written
        assert await journal.written(LONG)
        running.cancel()
        await asyncio.wait({running})

    asyncio.run(story())


def test_the_end_tries_again() -> None:
    """What fails once while the service stops is written all the same."""

    async def story() -> None:
        paper = Paper(failing=True)

        async def sleep(_seconds: float) -> None:
            paper.failing = False

        journal = Journal(paper, sleep=sleep)
        journal.put(_zone("a", 1))
        assert await journal.drain(LONG)
        assert _version(paper, "a") == 1

    asyncio.run(story())


def test_how_it_stands_is_told_when_it_changes() -> None:
    """Once when it begins to fail, once when it works again: not with each try."""
    told: list[StoreHealth] = []

    async def story() -> None:
        paper = Paper(failing=True)
        journal = Journal(paper, told=told.append)
        journal.put(_zone("a", 1))
        for _ in range(5):
            await journal.step()
        paper.failing = False
        await journal.step()

    asyncio.run(story())
    assert [(health.ok, health.detail, health.behind) for health in told] == [
        (False, "no paper; it is tried again", 1),
        (True, "", 0),
    ]


def test_a_slow_disk_is_said() -> None:
    """A transaction that took longer than five seconds is a word to the operator; a quick one takes it back."""
    told: list[StoreHealth] = []

    async def story() -> None:
        paper = Paper(took=7.0)
        journal = Journal(paper, told=told.append, monotonic=lambda: paper.now)
        for paper.took in (7.0, 0.0):
            journal.put(_zone("a", 1))
            await journal.step()

    asyncio.run(story())
    assert [health.detail for health in told] == ["the disk is slow: one transaction took 7 s", ""]


@pytest.mark.parametrize(
    ("failures", "delay"),
    [
        pytest.param(1, 0.2, id="first"),
        pytest.param(2, 0.4, id="second"),
        pytest.param(8, 25.6, id="eighth"),
        pytest.param(9, 30.0, id="ninth"),
        pytest.param(2000, 30.0, id="for-ever"),
    ],
)
def test_tries_are_further_and_further_apart(failures: int, delay: float) -> None:
    """They double, up to half a minute, and never end."""
    waits: list[float] = []

    async def story() -> None:
        enough = asyncio.Event()

        async def sleep(seconds: float) -> None:
            if seconds != DEFAULT_LIMITS.linger:
                waits.append(seconds)
            if len(waits) == failures:
                enough.set()
                await asyncio.Event().wait()

        journal = Journal(Paper(failing=True), sleep=sleep, chance=lambda: 1.0)
        journal.put(_zone("a", 1))
        running = asyncio.create_task(journal.run())
        await enough.wait()
        running.cancel()
        await asyncio.wait({running})

    asyncio.run(story())
    assert waits[-1] == delay


# On a real file


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that was just made; to be copied."""
    world = StoreWorld(tmp_path_factory.mktemp("made"))

    async def opened() -> None:
        async with world.opened():
            pass

    asyncio.run(opened())
    return world.directory


def test_what_no_database_takes_holds_up_nothing(tmp_path: Path) -> None:
    """A write that is refused is given up and counted; all others of its batch are written."""
    world = StoreWorld(tmp_path)

    async def story() -> None:
        async with world.opened() as memory:
            memory.zones.note(ZoneNote("ns1", "a.example.", source_serial=2**80))
            memory.zones.note(ZoneNote("ns1", "b.example.", source_serial=1))
            assert await memory.settled(LONG)
            assert list(await memory.zones.load("ns1")) == ["b.example."]
            assert memory.health.ok
            assert memory.health.lost == 1

    asyncio.run(story())


def _removed(world: StoreWorld) -> None:
    world.file.unlink()


def _replaced(world: StoreWorld) -> None:
    other = world.file.with_name("other")
    with closing(sqlite3.connect(other)) as database:
        database.execute("CREATE TABLE songs (title TEXT)")
    other.replace(world.file)


def _table_dropped(world: StoreWorld) -> None:
    with closing(sqlite3.connect(world.file)) as database:
        database.execute("DROP TABLE zone_memory")


@pytest.mark.parametrize("happens", [_removed, _replaced, _table_dropped])
def test_a_file_that_goes_while_the_service_runs_is_made_anew(tmp_path: Path, happens: object) -> None:
    """It is told, a deep pass is owed, and cursors and the guard's counts are in the new one."""
    world = StoreWorld(tmp_path)
    assert callable(happens)

    async def story() -> None:
        async with world.opened() as memory:
            memory.source.deep_pass_done()
            memory.cursors.save("changes", "ns1", 5)
            memory.removals.settle(await memory.removals.reserve("ns1", "a.example.", [("a.example.", "A", "::")]))
            assert await memory.settled(LONG)
            happens(world)
            memory.zones.note(ZoneNote("ns1", "a.example."))
            assert await memory.settled(LONG)
            assert {remark.kind for remark in world.remarks} <= {RemarkKind.MADE, RemarkKind.BROKEN}
            assert world.remarks
            assert memory.source.owed is not None
        async with world.opened() as memory:
            assert memory.remarks == ()
            assert memory.source.owed is not None
            assert memory.cursors.load("changes", "ns1") == 5
            assert memory.removals.records_gone("ns1", "a.example.") == 1
            assert list(await memory.zones.load("ns1")) == ["a.example."]

    asyncio.run(story())


@given(st.integers(0, 200))
@settings(max_examples=10, deadline=None)
def test_an_end_in_the_middle_of_a_transaction_loses_nothing(made: Path, turns: int) -> None:
    """Wherever the loop is when the service is told to stop: what was put is on disk afterwards."""

    async def story(world: StoreWorld) -> None:
        async with world.opened() as memory:
            for number in range(50):
                memory.zones.note(ZoneNote("ns1", f"z{number}.example."))
            for _ in range(turns):
                await asyncio.sleep(0)

    with TemporaryDirectory() as directory:
        world = StoreWorld(Path(shutil.copytree(made, Path(directory, "a"))))
        asyncio.run(story(world))
        assert len(world.dump()["zone_memory"]) == 50


_FAULTS = ("lock", "unlock", "full", "room")
_WRITES = ("note", "note", "forget", "cursor", "receipt", "served", "reserve", "settle", "take_back", "owe")
_ACTIONS = st.lists(
    st.sampled_from((*_WRITES, "wait", *_FAULTS)),
    min_size=5,
    max_size=60,
)


@settings(max_examples=8, deadline=None)
@given(_ACTIONS, st.integers(0, 2**32))
def test_failures_leave_no_trace(made: Path, actions: list[str], seed: int) -> None:
    """Whatever is put while others have the file locked, or the disk is full: in the end all is as if it had not been so."""
    with TemporaryDirectory() as directory:
        worlds = [StoreWorld(Path(shutil.copytree(made, Path(directory, name)))) for name in ("a", "b")]
        disturbed, undisturbed = worlds
        asyncio.run(_played(disturbed, actions, seed))
        asyncio.run(_played(undisturbed, [action for action in actions if action not in _FAULTS], seed))
        assert disturbed.dump() == undisturbed.dump()
        assert not any(health.lost for health in disturbed.health)


async def _played(world: StoreWorld, actions: Sequence[str], seed: int) -> None:
    chance = random.Random(seed)
    async with world.opened(seed=seed) as memory:
        async with AsyncExitStack() as lock, AsyncExitStack() as disk:
            locked = full = False
            for action in actions:
                world.clock.now += action not in _FAULTS
                if action == "lock" and not locked and not full:
                    lock.enter_context(world.locked())
                    locked = True
                elif action == "unlock":
                    await lock.aclose()
                    locked = False
                elif action == "full" and not full:
                    disk.enter_context(no_room())
                    full = True
                elif action == "room":
                    await disk.aclose()
                    full = False
                elif action not in {"lock", "full"}:
                    await _done(memory, action, world, chance)
        await all_written(memory)
        assert memory.health.ok


async def _done(memory: Memory, action: str, world: StoreWorld, chance: random.Random) -> None:
    now, zone = world.clock.now, f"z{chance.randrange(3)}.example."
    match action:
        case "note":
            memory.zones.note(ZoneNote("ns1", zone, equal_at=now))
        case "forget":
            memory.zones.forget("ns1", zone)
        case "cursor":
            memory.cursors.save("changes", zone, {"at": now})
        case "receipt":
            memory.receipts.add(Receipt("ns1", zone, "updated", now, causes=(ReceiptCause("feed", now),)))
        case "served":
            memory.receipts.mark_served(memory.receipts.add(Receipt("ns1", zone, "created", now)), now)
        case "owe":
            memory.source.owe(zone)
        case "wait":
            await memory.settled(LONG)
        case _:
            reserved = await memory.removals.reserve("ns1", zone, [(zone, "A", str(now))])
            if action != "reserve":
                getattr(memory.removals, action)(reserved)
