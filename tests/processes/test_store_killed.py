"""Whoever is killed while it writes finds a store that opens, and in it all that it was told was written."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from store_world import Clock, StoreWorld, kinds

from netbox_pdns.store.memory import Memory
from netbox_pdns.store.values import RemarkKind


@contextmanager
def _writer(directory: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that writes until it is killed, at the end of the block."""
    program = Path(__file__).with_name("store_writer.py")
    with subprocess.Popen([sys.executable, program, directory], stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


async def _promises_are_kept(memory: Memory, told: int) -> None:
    """What was told is there, and the cursor is not ahead of what it promises."""
    cursor = memory.cursors.load("changes", "ns1") or 0
    assert cursor >= told
    zones = await memory.zones.load("ns1")
    assert all((note.source_serial or 0) >= cursor for note in zones.values())
    assert len(zones) == 2 or not cursor
    assert memory.removals.records_gone("ns1", "a.example.") >= cursor


def test_killed_while_it_writes(tmp_path: Path, sampled: random.Random) -> None:
    """At any point: the seed says at which."""
    world = StoreWorld(tmp_path / "data", clock=Clock(time.time()))

    async def opened(told: int) -> None:
        async with world.opened("https://netbox.example.com") as memory:
            assert kinds(memory) == []
            await _promises_are_kept(memory, told)

    told = 0
    with _writer(world.directory) as process:
        assert process.stdout is not None
        for _ in range(sampled.randrange(1, 60)):
            told = int(process.stdout.readline())
    asyncio.run(opened(told))


@pytest.mark.long
def test_killed_while_it_makes_the_file(tmp_path: Path) -> None:
    """The tables are all there or not at all: the file is used, or made anew; never is it broken."""
    world = StoreWorld(tmp_path / "data")
    with _writer(world.directory) as process:
        while not world.file.exists():
            assert process.poll() is None
            time.sleep(0.001)

    async def opened() -> None:
        async with world.opened("https://netbox.example.com") as memory:
            assert set(kinds(memory)) <= {RemarkKind.MADE}
            assert memory.source.owed is not None

    asyncio.run(opened())
