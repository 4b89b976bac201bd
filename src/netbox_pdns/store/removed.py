"""What is removed is written down first: master-file text under ``removed/`` in the data directory.

One file a zone and moment: ``removed/TARGET/ZONE/2026-11-24T101500.123456Z.zone``. It holds the whole RRsets as the
server had them, so that loading the file into the zone puts them back (docs/putting-back.md).
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from netbox_pdns.dns.master_file import master_file
from netbox_pdns.dns.rdata import canonical_type
from netbox_pdns.dns.rrset import Key, RRset, Zone
from netbox_pdns.errors import ConfigurationError

_UNSAFE = re.compile(r"[^a-z0-9._-]")
_STAMP = "%Y-%m-%dT%H%M%S.%fZ"


@dataclass(frozen=True, slots=True)
class RemovedRecords:
    """The archive of what was removed; `keep` is how long a file stays."""

    directory: Path
    keep: timedelta = timedelta(days=90)

    async def write(
        self,
        target: str,
        zone: str,
        rrsets: Iterable[RRset],
        reasons: Iterable[str],
        *,
        disabled: Iterable[RRset] = (),
    ) -> Path:
        """Write *rrsets* of *zone* down and return the file; it is on disk when this returns.

        *disabled* records of the server are no records in a master file: they are written as comments.
        Raises `ConfigurationError` where the data directory cannot be written: then nothing may be removed.
        """
        text = master_file(Zone.of(zone, rrsets), self._header(target, zone, reasons), disabled)
        return await asyncio.to_thread(self._write, target, zone, text)

    async def prune(self) -> int:
        """Remove the files older than `keep`; return how many."""
        return await asyncio.to_thread(self._prune, datetime.now(UTC) - self.keep)

    async def last_naming(self, target: str, zone: str, key: Key) -> Path | None:
        """Return the newest file about *zone* on *target* that holds a record of the RRset, None without one."""
        return await asyncio.to_thread(self._last_naming, self._folder(target, zone), key)

    def _folder(self, target: str, zone: str) -> Path:
        return self.directory / _file_name(target) / _file_name(zone.rstrip(".") or "root")

    @staticmethod
    def _last_naming(folder: Path, key: Key) -> Path | None:
        for path in sorted(folder.glob("*.zone"), reverse=True):
            with path.open(encoding="utf-8") as file:
                if any(_names(line, key) for line in file):
                    return path
        return None

    def _header(self, target: str, zone: str, reasons: Iterable[str]) -> tuple[str, ...]:
        now = datetime.now(UTC)
        return (
            f"Removed from {zone} on {target}, {now:%Y-%m-%d %H:%M:%S} UTC, by netbox-pdns.",
            *(f"Reason: {reason}" for reason in dict.fromkeys(reasons)),
        )

    def _write(self, target: str, zone: str, text: str) -> Path:
        folder = self._folder(target, zone)
        path = folder / f"{datetime.now(UTC).strftime(_STAMP)}.zone"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise ConfigurationError(
                f"what is to be removed from {zone} could not be written down: {error}",
                hint="make the data directory writable; until then nothing is removed",
                setting="NETBOX_PDNS_DATA_DIR",
            ) from error
        return path

    def _prune(self, before: datetime) -> int:
        count = 0
        for path in self.directory.glob("*/*/*.zone"):
            try:
                written = datetime.strptime(path.name.removesuffix(".zone"), _STAMP).replace(tzinfo=UTC)
            except ValueError:
                continue  # not a file of ours
            if written < before:
                path.unlink(missing_ok=True)
                count += 1
        return count


def _names(line: str, key: Key) -> bool:
    """Tell whether a line of master-file text, `NAME TTL IN TYPE RDATA`, is a record of the RRset."""
    name, *rest = line.split(" ", 4)
    return name == key[0] and len(rest) == 4 and canonical_type(rest[2]) == key[1]


def _file_name(text: str) -> str:
    return _UNSAFE.sub(lambda match: f"={ord(match[0]):02x}", text.lower()).lstrip(".") or "root"


def writable(directory: Path) -> Path:
    """Make *directory* and return it; raises `ConfigurationError` where it cannot be made or written, or is full."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(directory).free
    except OSError as error:
        raise ConfigurationError(
            f"the data directory {directory} cannot be made: {error}",
            hint="name a directory that this user may write",
            setting="NETBOX_PDNS_DATA_DIR",
        ) from error
    if not os.access(directory, os.W_OK) or free == 0:
        raise ConfigurationError(
            f"the data directory {directory} cannot be written",
            hint="name a directory that this user may write, on a file system with room",
            setting="NETBOX_PDNS_DATA_DIR",
        )
    return directory
