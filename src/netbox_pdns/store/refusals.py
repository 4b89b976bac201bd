"""Which records a server refused lately, so that the next plan is honest and the next sync asks not in vain.

A record is known by its content: edited in NetBox, it is tried at once. An unchanged one is tried again after an hour: what
stood in its way may be gone, or the server upgraded. Until then, and in every plan, it is told as left out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from pathlib import Path

import msgspec

from netbox_pdns.errors import ConfigurationError
from netbox_pdns.planning.values import RecordKey

BELIEVED = 3600.0
"""Seconds after which a sync tries a refused record again."""
REMEMBERED = 24 * 3600.0
"""Seconds after which nothing is known of a record that no sync has tried again."""


class _Refusal(msgspec.Struct, frozen=True):
    target: str
    zone: str
    name: str
    type: str
    rdata: str
    reason: str
    at: float


class Refusals:
    """The refusals of one data directory; loaded once, saved at the end of a run."""

    def __init__(self, path: Path, known: Mapping[tuple[str, str], Mapping[RecordKey, tuple[str, float]]]) -> None:
        self._path = path
        self._known = {key: dict(records) for key, records in known.items()}
        self._writing = asyncio.Lock()

    @classmethod
    async def load(cls, directory: Path, now: float) -> Refusals:
        """Read what is remembered in *directory*; what is older than a day, or cannot be read, is forgotten."""
        path = directory / "refused.json"
        known: dict[tuple[str, str], dict[RecordKey, tuple[str, float]]] = {}
        for refusal in await asyncio.to_thread(_read, path):
            if now - refusal.at < REMEMBERED:
                record = (refusal.name, refusal.type, refusal.rdata)
                known.setdefault((refusal.target, refusal.zone), {})[record] = (refusal.reason, refusal.at)
        return cls(path, known)

    def of(self, target: str, zone: str) -> dict[RecordKey, str]:
        """Return the records of *zone* that *target* refused lately, each with the server's reason."""
        return {record: reason for record, (reason, _) in self._known.get((target, zone), {}).items()}

    def believed(self, target: str, zone: str, now: float) -> dict[RecordKey, str]:
        """Return those of `of` that need not be tried again yet."""
        known = self._known.get((target, zone), {})
        return {record: reason for record, (reason, at) in known.items() if now - at < BELIEVED}

    def note(self, target: str, zone: str, refused: Mapping[RecordKey, str], now: float) -> None:
        """Remember what was refused just *now*."""
        known = self._known.setdefault((target, zone), {})
        known |= {record: (reason, now) for record, reason in refused.items()}

    def keep(self, target: str, zone: str, refused: Collection[RecordKey]) -> None:
        """Forget what of *zone* is not among *refused*: it is taken now, or not wanted any more."""
        known = self._known.get((target, zone), {})
        self._known[target, zone] = {record: known[record] for record in known if record in refused}

    async def save(self) -> None:
        """Write all down, after any save that goes on; raises `ConfigurationError` where that cannot be done."""
        async with self._writing:
            refusals = [
                _Refusal(target, zone, *record, reason, at)
                for (target, zone), records in self._known.items()
                for record, (reason, at) in records.items()
            ]
            await asyncio.to_thread(_write, self._path, msgspec.json.encode(refusals))


def _read(path: Path) -> list[_Refusal]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[_Refusal])
    except (FileNotFoundError, msgspec.MsgspecError):  # what is lost is one request a record
        return []


def _write(path: Path, content: bytes) -> None:
    fresh = path.with_suffix(".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_bytes(content)
        fresh.replace(path)
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be written: {error}",
            hint="make the data directory writable for this user",
            setting="NETBOX_PDNS_DATA_DIR",
        ) from error
