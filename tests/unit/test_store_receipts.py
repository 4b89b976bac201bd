"""A receipt for each change: added, marked as served, read in pages, pruned; bounded in what it says."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection
from store_world import LONG, NOON, StoreWorld, all_written, until

from netbox_pdns.errors import TransientError
from netbox_pdns.store.database import Patience
from netbox_pdns.store.journal import JournalLimits
from netbox_pdns.store.receipts import AddReceipt
from netbox_pdns.store.values import MOST_CAUSES, MOST_LINES, Receipt, ReceiptCause

DAY = 24 * 3600.0


def receipt(zone: str = "example.com.", target: str = "ns1", applied: float = NOON) -> Receipt:
    """Return a receipt that says something."""
    cause = ReceiptCause("webhook", NOON, NOON - 1, "ada", "7d0e", 17)
    return Receipt(target, zone, "updated", applied, 1, 2, 3, 2**32 - 1, (cause,), NOON - 1, None, ("+ a A",))


def test_a_receipt_comes_back_as_it_was(tmp_path: Path) -> None:
    """All of its fields, and when it was seen to be served, whether that was known before it was written or after."""
    world = StoreWorld(tmp_path)

    async def story() -> None:
        async with world.opened() as memory:
            early = memory.receipts.add(receipt())
            memory.receipts.mark_served(early, NOON + 1)
            late = memory.receipts.add(receipt())
            assert await memory.settled(LONG)
            memory.receipts.mark_served(late, NOON + 2)
            assert await memory.settled(LONG)
            page = await memory.receipts.page()
            assert [each.id for each in page.receipts] == [late, early]
            assert [each.served for each in page.receipts] == [NOON + 2, NOON + 1]
            assert page.receipts[1].causes == receipt().causes
            assert page.receipts[1].serial == 2**32 - 1

    asyncio.run(story())


@pytest.mark.parametrize(
    ("target", "zone", "expected"),
    [
        pytest.param(None, None, [6, 5, 4, 3, 2, 1, 0], id="all"),
        pytest.param("ns1", None, [6, 4, 2, 0], id="of-a-target"),
        pytest.param(None, "example.net.", [6, 3, 0], id="of-a-zone"),
        pytest.param("ns2", "example.net.", [3], id="of-both"),
        pytest.param("ns3", None, [], id="of-none"),
    ],
)
def test_pages_are_read_newest_first(tmp_path: Path, target: str | None, zone: str | None, expected: list[int]) -> None:
    """Page after page, each receipt comes once, whatever is added meanwhile and however the clock jumps."""
    world = StoreWorld(tmp_path)

    async def story() -> None:
        async with world.opened() as memory:
            for number in range(7):
                world.clock.now = NOON - number
                zone_name = "example.com." if number % 3 else "example.net."
                memory.receipts.add(receipt(zone_name, f"ns{number % 2 + 1}", NOON + number))
            assert await memory.settled(LONG)
            seen: list[float] = []
            before = None
            while True:
                page = await memory.receipts.page(limit=2, before=before, target=target, zone=zone)
                seen += [each.applied - NOON for each in page.receipts]
                if page.following is None:
                    break
                before = page.following
                memory.receipts.add(receipt("example.net.", "ns2"))
            assert seen == expected

    asyncio.run(story())


def test_receipts_of_more_than_thirty_days_go(tmp_path: Path) -> None:
    """Those of more than thirty days are deleted by the housekeeping."""
    world = StoreWorld(tmp_path)

    async def gone() -> bool:
        return len(world.dump()["receipt"]) == 1

    async def story() -> None:
        async with world.opened() as memory:
            memory.receipts.add(receipt(applied=NOON - 29 * DAY))
            memory.receipts.add(receipt(applied=NOON - 31 * DAY))
        async with world.opened():
            await until(gone)

    asyncio.run(story())


def test_what_a_receipt_says_is_bounded(tmp_path: Path) -> None:
    """A hundred causes, fifty lines, each of five hundred characters: what is beyond is counted."""
    world = StoreWorld(tmp_path)
    many = Receipt(
        "ns1", "example.com.", "updated", NOON, causes=receipt().causes * 1000, summary=("x" * 10_000,) * 1000
    )

    async def story() -> None:
        async with world.opened() as memory:
            memory.receipts.add(many)
            assert await memory.settled(LONG)
            (found,) = (await memory.receipts.page()).receipts
            assert len(found.causes) == MOST_CAUSES
            assert len(found.summary) == MOST_LINES
            assert found.summary[-1] == "and 951 more"
            assert max(len(line) for line in found.summary) == 501

    asyncio.run(story())


def test_what_is_no_text_is_stored_all_the_same(tmp_path: Path) -> None:
    """A user whom NetBox or a forger names by half a character, or by NUL, holds nothing up."""
    world = StoreWorld(tmp_path)
    odd = Receipt("ns1", "example.com.", "updated", NOON, causes=(ReceiptCause("webhook", NOON, user="\ud800\0"),))

    async def story() -> None:
        async with world.opened() as memory:
            memory.receipts.add(odd)
            assert await memory.settled(LONG)
            (found,) = (await memory.receipts.page()).receipts
            assert found.causes[0].user == "?\N{REPLACEMENT CHARACTER}"

    asyncio.run(story())


def test_past_the_bound_receipts_of_a_zone_become_one(tmp_path: Path) -> None:
    """While nothing can be written the oldest are folded: their counts add up, their causes are kept."""
    world = StoreWorld(tmp_path, limits=JournalLimits(most=20))

    async def story() -> None:
        async with world.opened() as memory:
            assert await memory.settled(LONG)
            with world.locked():
                for number in range(100):
                    memory.receipts.add(receipt(f"z{number % 5}.example."))
                assert memory.health.behind <= 20
            await all_written(memory)
            page = await memory.receipts.page(limit=100)
            assert sum(each.created for each in page.receipts) == 100
            assert sum(len(each.causes) for each in page.receipts) == 100
            assert memory.health.lost == 0

    asyncio.run(story())


def test_what_cannot_be_folded_is_given_up_and_counted(tmp_path: Path) -> None:
    """Receipts of too many zones: the oldest are lost, and that is said."""
    world = StoreWorld(tmp_path, limits=JournalLimits(most=20))

    async def story() -> None:
        async with world.opened() as memory:
            assert await memory.settled(LONG)
            with world.locked():
                for number in range(100):
                    memory.receipts.add(receipt(f"z{number}.example."))
            await all_written(memory)
            kept = (await memory.receipts.page(limit=100)).receipts
            assert [each.zone for each in kept[:3]] == ["z99.example.", "z98.example.", "z97.example."]
            assert memory.health.lost == 100 - len(kept)
            assert world.health[-1].lost == memory.health.lost

    asyncio.run(story())


async def _for_ever(connection: AsyncConnection) -> None:
    await connection.execute(
        text("WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n")
    )


def test_a_read_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    """People get a clear word in place of waiting, and the query ends: the next read has its connection."""
    world = StoreWorld(tmp_path, patience=Patience(read=0.01))

    async def story() -> None:
        async with world.opened() as memory:
            begun = time.monotonic()
            for _ in range(5):
                with pytest.raises(TransientError, match="did not answer within"):
                    await memory.zones._database.read(_for_ever)
            assert time.monotonic() - begun < LONG
            memory.zones._database._patience = Patience(read=LONG)
            assert (await memory.receipts.page()).receipts == ()

    asyncio.run(story())


def test_what_is_in_memory_outlives_a_read_that_was_given_up(tmp_path: Path) -> None:
    """The one connection to it is not closed for that."""
    (tmp_path / "data").write_text("a file in the directory's place")
    world = StoreWorld(tmp_path / "data")

    async def story() -> None:
        async with world.opened() as memory:
            memory.receipts.add(receipt())
            assert await memory.settled(LONG)
            memory.zones._database._patience = Patience(read=0.01)
            with pytest.raises(TransientError, match="did not answer within"):
                await memory.zones._database.read(_for_ever)
            memory.zones._database._patience = Patience(read=LONG)
            assert len((await memory.receipts.page()).receipts) == 1

    asyncio.run(story())


def test_what_is_in_memory_outlives_a_write_that_was_cancelled(tmp_path: Path) -> None:
    """Wherever in its transaction that was."""
    (tmp_path / "data").write_text("a file in the directory's place")
    world = StoreWorld(tmp_path / "data")

    async def some_work(connection: AsyncConnection) -> None:
        for _ in range(20):
            await connection.execute(text("SELECT 1"))

    async def story() -> None:
        async with world.opened() as memory:
            memory.receipts.add(receipt())
            assert await memory.settled(LONG)
            for turns in range(50):
                writing = asyncio.create_task(memory.zones._database.write_now(some_work))
                for _ in range(turns):
                    await asyncio.sleep(0)
                writing.cancel()
                await asyncio.wait({writing})
            assert len((await memory.receipts.page()).receipts) == 1

    asyncio.run(story())


def test_a_folded_receipt_has_the_later_ones_times() -> None:
    """And the earlier one's edit: the lag is counted from there."""
    earlier, later = receipt(applied=NOON), receipt(applied=NOON + 60)
    folded = AddReceipt(earlier).folded(AddReceipt(later)).receipt
    assert (folded.edited, folded.applied) == (NOON - 1, NOON + 60)
