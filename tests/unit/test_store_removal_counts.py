"""What was removed without an explanation in the last day is counted: once, over restarts and crashes."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from store_world import NOON, StoreWorld

from netbox_pdns.planning.values import RecordKey
from netbox_pdns.store.memory import Memory
from netbox_pdns.store.removal_counts import WINDOW

ZONE = "example.com."


def records(*labels: str) -> list[RecordKey]:
    """Return an address record of each label."""
    return [(f"{label}.{ZONE}", "A", "192.0.2.1") for label in labels]


@pytest.mark.parametrize(
    ("removed", "end", "wanted", "counted"),
    [
        pytest.param("ab", "settle", "", 2, id="applied"),
        pytest.param("ab", "settle", "c", 2, id="applied-and-others-wanted"),
        pytest.param("ab", "settle", "ab", 2, id="applied-and-back-and-wanted-again"),
        pytest.param("ab", "take_back", "", 0, id="not-applied"),
        pytest.param("ab", "doubt", "", 2, id="in-doubt-and-gone"),
        pytest.param("ab", "doubt", "ab", 0, id="in-doubt-and-still-there"),
        pytest.param("ab", "doubt", "bc", 1, id="in-doubt-and-half-of-it-still-there"),
    ],
)
@pytest.mark.parametrize("restarted", [False, True])
def test_removed_records_count_once(
    tmp_path: Path, removed: str, end: str, wanted: str, counted: int, restarted: bool
) -> None:
    """What was applied counts, what was not does not; of what is in doubt, what is gone does."""
    world = StoreWorld(tmp_path)

    def count(memory: Memory) -> int:
        return memory.removals.records_gone("ns1", ZONE, records(*wanted))

    async def story() -> None:
        async with world.opened() as memory:
            reserved = await memory.removals.reserve("ns1", ZONE, records(*removed))
            if end != "doubt":
                getattr(memory.removals, end)(reserved)
            if not restarted:
                assert count(memory) == counted
        if restarted:
            async with world.opened() as memory:
                assert count(memory) == counted

    asyncio.run(story())


def test_what_was_reserved_in_vain_is_taken_over(tmp_path: Path) -> None:
    """A removal that is tried until it works counts once, however often it was killed in the middle."""
    world = StoreWorld(tmp_path)

    async def story() -> None:
        for seed in range(3):
            async with world.opened(seed=seed) as memory:
                reserved = await memory.removals.reserve("ns1", ZONE, records("a", "b"))
        async with world.opened() as memory:
            memory.removals.settle(reserved)  # of the last run: its id is known to the store
            assert memory.removals.records_gone("ns1", ZONE, records("a", "b")) == 2
            assert memory.removals.records_gone("ns1", ZONE) == 2

    asyncio.run(story())


def test_counts_are_kept_apart(tmp_path: Path) -> None:
    """Records count for their zone and target, zones for their target."""
    world = StoreWorld(tmp_path)

    async def story() -> None:
        async with world.opened() as memory:
            for target, zone in (("ns1", ZONE), ("ns1", "example.net."), ("ns2", ZONE)):
                memory.removals.settle(await memory.removals.reserve(target, zone, records("a"), whole_zone=True))
            assert memory.removals.records_gone("ns1", ZONE) == 1
            assert memory.removals.zones_gone("ns1") == 2
            assert memory.removals.zones_gone("ns2") == 1
            assert memory.removals.zones_gone("ns3") == 0

    asyncio.run(story())


@pytest.mark.parametrize(
    ("settled", "wanted", "counted"),
    [
        pytest.param(True, (), 1, id="deleted"),
        pytest.param(True, (ZONE,), 1, id="deleted-and-made-again-and-wanted-again"),
        pytest.param(False, (), 1, id="in-doubt-and-gone"),
        pytest.param(False, (ZONE,), 0, id="in-doubt-and-still-there"),
    ],
)
def test_deleted_zones_count_once(tmp_path: Path, settled: bool, wanted: tuple[str, ...], counted: int) -> None:
    """A zone whose deletion is in doubt counts where it is gone."""
    world = StoreWorld(tmp_path)

    async def story() -> None:
        async with world.opened() as memory:
            reserved = await memory.removals.reserve("ns1", ZONE, whole_zone=True)
            if settled:
                memory.removals.settle(reserved)
            assert memory.removals.zones_gone("ns1", wanted) == counted

    asyncio.run(story())


@pytest.mark.parametrize(
    ("later", "counted"),
    [
        pytest.param(WINDOW - 1, 1, id="within-a-day"),
        pytest.param(WINDOW + 1, 0, id="after-a-day"),
        pytest.param(-WINDOW * 100, 1, id="the-clock-was-wrong-and-is-right-now"),
    ],
)
def test_a_removal_counts_for_a_day(tmp_path: Path, later: float, counted: int) -> None:
    """Older ones are forgotten, here and on disk; one from the future counts for a day from now on."""
    world = StoreWorld(tmp_path)

    async def story() -> None:
        async with world.opened() as memory:
            memory.removals.settle(await memory.removals.reserve("ns1", ZONE, records("a")))
            world.clock.now = NOON + later
            assert memory.removals.records_gone("ns1", ZONE) == counted
            memory.removals.prune()
        assert len(world.dump()["removal"]) == counted
        async with world.opened() as memory:
            world.clock.now += WINDOW + 1
            assert memory.removals.records_gone("ns1", ZONE) == 0

    asyncio.run(story())


def test_a_reservation_is_on_disk_before_it_is_used(tmp_path: Path) -> None:
    """Whoever is killed right after it finds it again."""
    world = StoreWorld(tmp_path)

    async def story() -> None:
        async with world.opened() as memory:
            await memory.removals.reserve("ns1", ZONE, records("a"))
            assert len(world.dump()["removal"]) == 1

    asyncio.run(story())


def test_a_reservation_does_not_wait_for_a_disk_that_fails(tmp_path: Path) -> None:
    """It goes on as soon as the first transaction has failed, and gets onto the disk when that works again."""
    world = StoreWorld(tmp_path)

    async def story() -> None:
        async with world.opened() as memory:
            with world.locked():
                await memory.removals.reserve("ns1", ZONE, records("a"))
                assert not memory.health.ok
                assert "locked" in memory.health.detail
            assert memory.removals.records_gone("ns1", ZONE) == 1
        assert len(world.dump()["removal"]) == 1

    asyncio.run(story())
