"""Whatever lies in the place of the store's file, the service opens it: what was lost is said, and costs a deep pass."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import AsyncExitStack, closing
from pathlib import Path

import pytest
from store_world import LONG, NETBOX, StoreWorld, kinds, no_room, until

from netbox_pdns.store.values import Receipt, RemarkKind, ZoneNote

NOTE = ZoneNote("ns1", "example.com.", 7, 8, 9.0, 10, clean=True)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with a store in which something is remembered; to be copied."""
    world = StoreWorld(tmp_path_factory.mktemp("filled"))
    asyncio.run(_fill(world))
    return world.directory


@pytest.fixture
def world(filled: Path, tmp_path: Path) -> StoreWorld:
    """The same, to do with it what one likes."""
    return StoreWorld(Path(shutil.copytree(filled, tmp_path / "data")))


async def _fill(world: StoreWorld) -> None:
    async with world.opened() as memory:
        memory.zones.note(NOTE)
        memory.cursors.save("changes", "ns1", {"id": 5})
        memory.source.deep_pass_done()
        memory.receipts.add(Receipt("ns1", "example.com.", "updated", world.clock()))
        memory.removals.settle(await memory.removals.reserve("ns1", "example.com.", [("a.example.com.", "A", "::")]))


def _as_it_was(file: Path) -> None:
    assert file.stat().st_size > 0


def _lost(file: Path) -> None:
    file.unlink()


def _emptied(file: Path) -> None:
    file.write_bytes(b"")


def _text(file: Path) -> None:
    file.write_text("this is no database, but long enough to have a header of a hundred bytes. " * 3)


def _first_page_torn(file: Path) -> None:
    with file.open("r+b") as there:
        there.seek(100)
        there.write(os.urandom(3000))


def _cut_off(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def _free_pages_miscounted(file: Path) -> None:
    with file.open("r+b") as there:
        there.seek(36)
        there.write(b"\0\0\0\7")


def _inner_pages_torn(file: Path) -> None:
    with file.open("r+b") as there:
        there.seek(4096)
        there.write(b"\xff" * (file.stat().st_size - 4096))


def _sql(*statements: str) -> Callable[[Path], None]:
    def change(file: Path) -> None:
        with closing(sqlite3.connect(file)) as database, database:
            for statement in statements:
                database.execute(statement)

    return change


def _of_another_program(file: Path) -> None:
    file.unlink()
    _sql("CREATE TABLE songs (title TEXT)")(file)


@pytest.mark.parametrize(
    ("happens", "said", "recalled"),
    [
        pytest.param(_as_it_was, [], True, id="nothing-happened"),
        pytest.param(_lost, [RemarkKind.MADE], False, id="lost"),
        pytest.param(_emptied, [RemarkKind.MADE], False, id="emptied"),
        pytest.param(_text, [RemarkKind.BROKEN], False, id="no-database"),
        pytest.param(_first_page_torn, [RemarkKind.BROKEN], False, id="first-page-torn"),
        pytest.param(_free_pages_miscounted, [RemarkKind.BROKEN], False, id="only-the-check-finds-it"),
        pytest.param(_inner_pages_torn, [RemarkKind.BROKEN], False, id="inner-pages-torn"),
        pytest.param(_cut_off, [RemarkKind.BROKEN], False, id="cut-off"),
        pytest.param(_of_another_program, [RemarkKind.BROKEN], False, id="of-another-program"),
        pytest.param(_sql("DROP TABLE receipt"), [RemarkKind.BROKEN], False, id="a-table-is-missing"),
        pytest.param(
            _sql("ALTER TABLE receipt RENAME COLUMN served TO seen"),
            [RemarkKind.BROKEN],
            False,
            id="a-column-is-missing",
        ),
        pytest.param(_sql("UPDATE removal SET digests = '{'"), [RemarkKind.BROKEN], False, id="nonsense-in-a-column"),
        pytest.param(_sql("DELETE FROM source"), [], False, id="whose-it-is-is-missing"),
        pytest.param(_sql("UPDATE alembic_version SET version_num = '9999'"), [RemarkKind.NEWER], False, id="newer"),
    ],
)
def test_whatever_lies_there_is_opened(
    world: StoreWorld, happens: Callable[[Path], None], said: list[RemarkKind], recalled: bool
) -> None:
    """What is whole is recalled with no deep pass; all else is said, moved aside, made anew, and written to."""
    happens(world.file)

    async def opened() -> None:
        async with world.opened() as memory:
            assert kinds(memory) == said
            assert (memory.source.owed is None) == recalled
            assert memory.cursors.load("changes", "ns1") == ({"id": 5} if recalled else None)
            assert await memory.zones.load("ns1") == ({NOTE.zone: NOTE} if recalled else {})
            memory.zones.note(NOTE)
            assert await memory.settled(LONG)
            assert memory.health.ok
            assert memory.health.persistent

    asyncio.run(opened())
    aside = list(world.directory.glob("netbox-pdns.db.*"))
    assert bool(aside) == bool(set(said) & {RemarkKind.BROKEN, RemarkKind.NEWER})


def test_what_is_broken_is_kept(world: StoreWorld) -> None:
    """The file is moved aside as it was, under a name that says why and when."""
    _text(world.file)
    content = world.file.read_bytes()

    async def opened() -> None:
        async with world.opened() as memory:
            assert "netbox-pdns.db.broken-2026-11-25T120000.000000Z" in memory.remarks[0].text

    asyncio.run(opened())
    assert (world.directory / "netbox-pdns.db.broken-2026-11-25T120000.000000Z").read_bytes() == content


def test_a_newer_ones_file_can_be_taken_up_again(world: StoreWorld) -> None:
    """Whoever goes back a version and forward again finds the file moved aside, whole."""
    _sql("UPDATE alembic_version SET version_num = '9999'")(world.file)

    async def opened() -> None:
        async with world.opened():
            pass

    asyncio.run(opened())
    aside = next(world.directory.glob("netbox-pdns.db.newer-*"))
    shutil.move(aside, world.file)
    _sql("UPDATE alembic_version SET version_num = '0001'")(world.file)
    assert world.dump()["receipt"]


def test_a_deep_pass_is_owed_until_it_is_done(tmp_path: Path) -> None:
    """Whoever is killed after the file was made, and before all content was compared, compares it after the next start."""
    world = StoreWorld(tmp_path)

    async def starts() -> list[bool]:
        owed = []
        for done in (False, True, False):
            async with world.opened() as memory:
                owed.append(memory.source.owed is not None)
                if done:
                    memory.source.deep_pass_done()
        return owed

    assert asyncio.run(starts()) == [True, True, False]


@pytest.mark.parametrize(
    ("url", "same"),
    [
        pytest.param(NETBOX, True, id="the-same"),
        pytest.param("HTTPS://NetBox.Example.com", True, id="written-otherwise"),
        pytest.param("https://netbox.example.com/b", False, id="another-path"),
        pytest.param("https://other.example.com/", False, id="another-host"),
    ],
)
def test_a_store_of_another_netbox_is_not_believed(world: StoreWorld, url: str, same: bool) -> None:
    """What it says of zones, feeds and changes is dropped, and that is said; receipts and removals are history, and stay."""

    async def opened() -> None:
        async with world.opened(url) as memory:
            assert kinds(memory) == ([] if same else [RemarkKind.OTHER_SOURCE])
            assert (memory.source.owed is None) == same
            assert bool(await memory.zones.load("ns1")) == same
            assert (memory.cursors.load("changes", "ns1") is not None) == same
            assert len((await memory.receipts.page()).receipts) == 1
            assert memory.removals.records_gone("ns1", "example.com.") == 1

    asyncio.run(opened())


def _a_file_in_its_place(directory: Path) -> None:
    directory.write_text("")


def _a_directory_that_nobody_can_make(directory: Path) -> None:
    directory.symlink_to("/proc/self/fd/nothing")


@pytest.mark.parametrize("hindered", [_a_file_in_its_place, _a_directory_that_nobody_can_make])
def test_without_a_directory_the_service_works_in_memory(tmp_path: Path, hindered: Callable[[Path], None]) -> None:
    """Nothing can be written: that is said loudly, all is remembered while the process lives."""
    world = StoreWorld(tmp_path / "data")
    hindered(world.directory)

    async def opened() -> None:
        async with world.opened() as memory:
            assert kinds(memory) == [RemarkKind.UNUSABLE]
            assert memory.source.owed is not None
            memory.zones.note(NOTE)
            memory.cursors.save("changes", "ns1", 5)
            memory.receipts.add(Receipt("ns1", "example.com.", "updated", world.clock()))
            assert await memory.settled(LONG)
            assert await memory.zones.load("ns1") == {NOTE.zone: NOTE}
            assert len((await memory.receipts.page()).receipts) == 1
            assert not memory.health.ok
            assert not memory.health.persistent
            assert "cannot be used" in memory.health.detail

    asyncio.run(opened())


def test_a_file_that_others_write_to_is_opened(world: StoreWorld) -> None:
    """Somebody who looks in and holds the write lock keeps nobody from reading what is remembered."""

    async def opened() -> None:
        async with AsyncExitStack() as stack:
            with world.locked():
                memory = await stack.enter_async_context(world.opened())
                assert memory.remarks == ()
                assert memory.health.persistent
                assert await memory.zones.load("ns1") == {NOTE.zone: NOTE}

    asyncio.run(opened())


def test_a_full_disk_leaves_what_was_remembered(world: StoreWorld) -> None:
    """A file that can be read and not written is copied into memory: no deep pass, and the guard's counts are there."""

    async def opened() -> None:
        with no_room():
            async with world.opened() as memory:
                assert kinds(memory) == [RemarkKind.UNUSABLE]
                assert memory.source.owed is None
                assert memory.removals.records_gone("ns1", "example.com.") == 1
                assert await memory.zones.load("ns1") == {NOTE.zone: NOTE}

    asyncio.run(opened())


def test_when_the_disk_has_room_again_the_memory_goes_back_to_it(world: StoreWorld) -> None:
    """What came together in memory is in the file, which is tried every minute, and that is told."""

    new = ZoneNote("ns1", "example.net.")

    async def told() -> bool:
        return bool(world.health)

    async def opened() -> None:
        async with AsyncExitStack() as stack:
            with no_room():
                memory = await stack.enter_async_context(world.opened())
                memory.cursors.save("changes", "ns1", {"id": 6})
                memory.zones.note(new)
                assert await memory.settled(LONG)
            world.minute.set()
            await until(told)
            assert world.health[-1].ok
            assert memory.source.owed is not None
        async with world.opened() as memory:
            assert memory.remarks == ()
            assert memory.cursors.load("changes", "ns1") == {"id": 6}
            assert await memory.zones.load("ns1") == {NOTE.zone: NOTE, new.zone: new}

    asyncio.run(opened())
