"""What is written to a PowerDNS, judged as it is written: what is right at the end may have been wrong on the way there.

What is written is what NetBox wanted lately, of each RRset and of each zone: what stays in NetBox was never missing in
between. And nothing is written that is there already.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

from netbox_pdns.sandbox.powerdns.changes import read_changes
from netbox_pdns.sandbox.powerdns.zones import RRset, Zone, Zones

TYPES = frozenset({"A", "PTR"})
"""The types of what people edit, and of what follows it."""
REMEMBERED = 2 * 3600.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """The zones that NetBox wants, and the contents of their RRsets of `TYPES` by zone, owner name and type."""

    zones: frozenset[str]
    rrsets: Mapping[tuple[str, str, str], frozenset[str]]

    def contents(self, zone: str, name: str, type: str) -> frozenset[str]:
        """Return the contents of an RRset; none where there is none."""
        return self.rrsets.get((zone, name, type), frozenset())


class WantedLately:
    """What NetBox wanted, and since when."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._states: deque[tuple[float, Wanted]] = deque()

    def note(self, wanted: Wanted) -> None:
        """Take note of what is wanted from now on."""
        now = self._clock()
        self._states.append((now, wanted))
        while len(self._states) > 1 and self._states[1][0] < now - REMEMBERED:
            self._states.popleft()

    def within(self, seconds: float) -> Sequence[Wanted]:
        """Return all that was wanted at one time or another of the last *seconds*."""
        found, after = [], self._clock() - seconds
        for since, wanted in reversed(self._states):
            found.append(wanted)
            if since < after:
                break
        return found


@dataclass(frozen=True, slots=True)
class Watched:
    """A PowerDNS, watched: *wrong* is told of each write that is.

    *lately* returns what may be written; *exact* tells whether whoever writes knows for sure what is there.
    """

    app: ASGIApp
    zones: Zones
    lately: Callable[[], Sequence[Wanted]]
    exact: Callable[[], bool]
    wrong: Callable[[str], None]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and judge."""
        zone = self.zones.by_name.get(scope["path"].rpartition("/")[2]) if scope["type"] == "http" else None
        if zone is None or scope["method"] not in {"PATCH", "DELETE"}:
            await self.app(scope, receive, send)
            return
        body, statuses, before = bytearray(), [], _rrsets(zone)

        async def hear() -> Any:
            message = await receive()
            body.extend(message.get("body", b""))
            return message

        async def answer(message: Any) -> None:
            statuses.extend([message["status"]] if "status" in message else [])
            await send(message)

        await self.app(scope, hear, answer)
        if not any(status < 300 for status in statuses):
            return
        found = self._deleted(zone) if scope["method"] == "DELETE" else self._changed(zone, before, bytes(body))
        for what in found:
            self.wrong(what)

    def _deleted(self, zone: Zone) -> Iterator[str]:
        if all(zone.name in wanted.zones for wanted in self.lately()):
            yield f"{zone.name} was deleted, and was wanted all along"

    def _changed(self, zone: Zone, before: Mapping[tuple[str, str], RRset], body: bytes) -> Iterator[str]:
        after = _rrsets(zone)
        for change in read_changes(msgspec.json.decode(body)["rrsets"]):
            key = (change.name, change.type)
            old, new = before.get(key), after.get(key)
            if old == new and change.type != "SOA" and self.exact():
                yield f"{change.words} was written in {zone.name}, and was there: {new}"
            contents = frozenset() if new is None else frozenset(new.contents)
            lately = {wanted.contents(zone.name, *key) for wanted in self.lately()}
            if old != new and change.type in TYPES and contents not in lately:
                yield f"{change.words} became {sorted(contents)}, wanted was {sorted(map(sorted, lately))}"


def _rrsets(zone: Zone) -> Mapping[tuple[str, str], RRset]:
    return {(name, type): rrset for name, types in zone.rrsets.items() for type, rrset in types.items()}
