"""What zones are called, by their ids: payloads of NetBox refer to a zone by its id alone, where it *was*."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from netbox_pdns.dns.names import canonical_name
from netbox_pdns.errors import DataError

MOST_NAMES = 100_000
"""Names that are kept; of more, those learnt first are forgotten."""


class NamesOfZones(Protocol):
    """Whoever knows the names of zones."""

    async def zone_names(self, ids: Sequence[int]) -> Mapping[int, str]:
        """Return the names of those of the zones *ids* that are there."""


class ZoneNames(Mapping[int, str]):
    """The canonical names by id, as far as they are known: learnt by the way, or asked for.

    A zone that is gone keeps its name: NetBox gives no id twice, and word of its records may come late.
    """

    def __init__(self, source: NamesOfZones | None = None, most: int = MOST_NAMES) -> None:
        self._source = source
        self._most = most
        self._names: dict[int, str] = {}

    def __getitem__(self, number: int) -> str:
        """Return the name of the zone *number*; raises KeyError."""
        return self._names[number]

    def __iter__(self) -> Iterator[int]:
        """Yield the ids."""
        return iter(self._names)

    def __len__(self) -> int:
        """Return how many are known."""
        return len(self._names)

    def learn(self, number: int, name: object) -> None:
        """Take note of the name of a zone as NetBox writes it; what is no domain name is not kept."""
        try:
            canonical = canonical_name(str(name))
        except DataError:
            return
        self._names.pop(number, None)
        self._names[number] = canonical
        if len(self._names) > self._most:
            del self._names[next(iter(self._names))]

    def learn_all(self, zones: Iterable[tuple[int, str]]) -> None:
        """Take note of a list of zones: id and name."""
        for number, name in zones:
            self.learn(number, name)

    async def find(self, ids: Iterable[int]) -> None:
        """Ask for the names of *ids*; those that are gone stay unknown."""
        wanted = sorted(set(ids) - self._names.keys())
        if wanted and self._source is not None:
            for number, name in (await self._source.zone_names(wanted)).items():
                self.learn(number, name)
