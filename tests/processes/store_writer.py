"""Run as a program, to be killed: writes to the store in the directory given, and prints each number that is on disk."""

from __future__ import annotations

import asyncio
import itertools
import sys
from pathlib import Path

from netbox_pdns.store.memory import remembering
from netbox_pdns.store.values import Receipt, ZoneNote


async def main(directory: Path) -> None:
    """Write for ever."""
    async with remembering(directory, "https://netbox.example.com") as memory:
        for number in itertools.count(1):
            for zone in ("a.example.", "b.example."):
                memory.zones.note(ZoneNote("ns1", zone, source_serial=number))
                memory.receipts.add(Receipt("ns1", zone, "updated", float(number)))
            memory.removals.settle(
                await memory.removals.reserve("ns1", "a.example.", [("a.example.", "A", str(number))])
            )
            memory.cursors.save("changes", "ns1", number)
            if number % 3 == 0:
                assert await memory.settled(30)
                print(number, flush=True)  # noqa: T201  the test reads it


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
