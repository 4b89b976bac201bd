"""What zones are called, as far as we have heard: payloads of NetBox refer to a zone by its id alone, where it *was*."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from netbox_pdns.dns.names import canonical_name
from netbox_pdns.errors import DataError

_MOST = 50_000


class ZoneNames(Mapping[int, str]):
    """Canonical names of zones by their ids in NetBox; at most *most*, those that were heard of last.

    A zone that is gone keeps its name: NetBox gives no id twice, and word of its records may come late.
    """

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._names: dict[int, str] = {}

    def learn(self, number: int, name: str) -> None:
        """Take note that the zone *number* is called *name*; of what is no domain name no note is taken."""
        try:
            name = canonical_name(name)
        except DataError:
            return
        self._names.pop(number, None)
        self._names[number] = name
        if len(self._names) > self._most:
            del self._names[next(iter(self._names))]

    def learn_all(self, zones: Iterable[tuple[int, str]]) -> None:
        """Take note of a list of zones: id and name."""
        for number, name in zones:
            self.learn(number, name)

    def __getitem__(self, number: int) -> str:
        return self._names[number]

    def __iter__(self) -> Iterator[int]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
