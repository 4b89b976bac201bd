"""With which SOAs zones were adopted: until either changes, the server's stays, since adopting writes the mark alone.

One JSON object a line, added as zones are adopted. What is lost here, or cannot be read, costs an SOA that is written by the
next sync in place of the zone's next change.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from os import SEEK_END
from pathlib import Path
from typing import BinaryIO

import msgspec

from netbox_pdns.errors import ConfigurationError
from netbox_pdns.planning.values import SoaPair


class _Line(msgspec.Struct, frozen=True):
    target: str
    zone: str
    soas: SoaPair


class Adopted:
    """The adoptions of one data directory; each is written down as it is noted."""

    def __init__(self, path: Path, known: Mapping[tuple[str, str], SoaPair]) -> None:
        self._path = path
        self._known = dict(known)
        self._writing = asyncio.Lock()

    @classmethod
    async def load(cls, directory: Path) -> Adopted:
        """Read what is remembered in *directory*; a later line of a zone stands for those before it."""
        path = directory / "adopted.jsonl"
        lines = await asyncio.to_thread(_read, path)
        return cls(path, {(line.target, line.zone): line.soas for line in lines})

    def of(self, target: str, zone: str) -> SoaPair | None:
        """Return the SOAs with which *target*'s *zone* was adopted, None where they were the same or nothing is known."""
        return self._known.get((target, zone))

    async def note(self, target: str, zone: str, soas: SoaPair) -> None:
        """Remember an adoption; raises `ConfigurationError` where the data directory cannot be written."""
        if self.of(target, zone) == soas:
            return
        async with self._writing:
            await asyncio.to_thread(_add, self._path, msgspec.json.encode(_Line(target, zone, soas)) + b"\n")
        self._known[target, zone] = soas


def _read(path: Path) -> list[_Line]:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    found = []
    for line in content.splitlines():
        try:
            found.append(msgspec.json.decode(line, type=_Line))
        except (msgspec.MsgspecError, UnicodeDecodeError):  # one that was cut off
            continue
    return found


def _add(path: Path, line: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab+") as file:
            if not _ends_whole(file):
                file.write(b"\n")
            file.write(line)
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be written: {error}",
            hint="make the data directory writable for this user",
            setting="NETBOX_PDNS_DATA_DIR",
        ) from error


def _ends_whole(file: BinaryIO) -> bool:
    """Tell whether the last line was not cut off."""
    if file.seek(0, SEEK_END) == 0:
        return True
    file.seek(-1, SEEK_END)
    return file.read() == b"\n"
