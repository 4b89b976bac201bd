"""What people do in NetBox, as the rules that both state machines of the service have (`service_machine`)."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import virtual_time

CLOCK = virtual_time.install()

from hypothesis import strategies as st  # noqa: E402 - what follows takes the time that it finds
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule  # noqa: E402
from machine_world import DNS, TARGETS, World  # noqa: E402

ZONES = st.sampled_from(["example.com", "sub.example.com", "example.net", "example.org", "2.0.192.in-addr.arpa"])
NAMES = st.sampled_from(["@", "www", "WWW", "a", "a.b", "c.a.b", "sub", "*"])
VALUES = st.integers(1, 4).map(lambda number: f"192.0.2.{number}")
TTLS = st.sampled_from([None, 60, 3600])
WHICH = st.integers(0, 50)
SECONDS = st.sampled_from([0.01, 0.3, 1.0, 5.0, 35.0, 400.0])
THEN = st.sampled_from([0.0, 0.0, 0.3, 5.0, 35.0, 120.0])
"""Seconds between a step and the next: the change log is looked at every 30."""
SERVERS = st.sampled_from(["netbox", *TARGETS])
LATE = st.sampled_from([0.0, 0.05, 0.4])
"""Seconds that answers are on their way: a look takes several, and edits come while it does."""
MEMORY = Path("/dev/shm")


@dataclass(frozen=True)
class Edit:
    """One of several edits in quick succession: an address is given to a name, or (None) the name's are deleted."""

    name: str
    value: str | None
    then: float
    """Seconds until the next."""


PAUSES = st.sampled_from([0.0, 0.0, 0.03, 0.2, 0.6])
VOLLEYS = st.lists(st.builds(Edit, NAMES, st.one_of(VALUES, VALUES, st.none()), PAUSES), min_size=2, max_size=5)
FIRST = st.lists(
    st.builds(Edit, NAMES, VALUES, PAUSES), min_size=2, max_size=5, unique_by=lambda edit: edit.name.lower()
)
"""Of different names, of addresses alone: each of these edits is missed where it is lost."""


class Edits(RuleBasedStateMachine):
    """The service, its servers, and what people do in NetBox."""

    options: ClassVar[Mapping[str, str]] = {}

    def __init__(self) -> None:
        super().__init__()
        self.loop = virtual_time.VirtualLoop(CLOCK)
        asyncio.set_event_loop(self.loop)
        self.directory = tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None)
        self.world = World(Path(self.directory.name), CLOCK, options=self.options)
        self.loop.run(self.world.open())

    def begin(self, by_hand: bool) -> None:
        """Have something there to be edited."""
        for zone in ("example.com", "2.0.192.in-addr.arpa"):
            self.make_zone(zone, None, by_hand=by_hand, then=0.0)
        for name in ("www", "a.b"):
            self.make_record(0, name, "192.0.2.1", None, pointer=True, then=0.0)
        self.wait(35.0)

    # Edits in NetBox

    @rule(name=ZONES, ttl=TTLS, by_hand=st.booleans(), then=THEN)
    def make_zone(self, name: str, ttl: int | None, by_hand: bool, then: float) -> None:
        """With a serial that NetBox moves, or one that nobody does."""
        given = {"default_ttl": ttl or 300, "soa_serial_auto": not by_hand, "soa_serial": 1 if by_hand else None}
        self._edit("POST", "zones/", name=name, **self.world.zone_fields(), **given)
        self.wait(then)

    @precondition(lambda self: self.zones)
    @rule(zone=WHICH, name=NAMES, value=VALUES, ttl=TTLS, pointer=st.booleans(), then=THEN)
    def make_record(self, zone: int, name: str, value: str, ttl: int | None, pointer: bool, then: float) -> None:
        """With the PTR record that follows it, where there is a zone for it, or without."""
        given = {"name": name, "type": "A", "value": value, "ttl": ttl, "disable_ptr": not pointer}
        self._edit("POST", "records/", zone=self._one(self.zones, zone), **given)
        self.wait(then)

    @precondition(lambda self: self.records)
    @rule(record=WHICH, value=VALUES, then=THEN)
    def change_record(self, record: int, value: str, then: float) -> None:
        """To another address, or the same."""
        self._change("records", self._one(self.records, record), value=value)
        self.wait(then)

    @precondition(lambda self: self.records)
    @rule(record=WHICH, name=NAMES, then=THEN)
    def rename_record(self, record: int, name: str, then: float) -> None:
        """Within its zone."""
        self._change("records", self._one(self.records, record), name=name)
        self.wait(then)

    @precondition(lambda self: self.records and self.zones)
    @rule(record=WHICH, zone=WHICH, then=THEN)
    def move_record(self, record: int, zone: int, then: float) -> None:
        """Into another zone."""
        self._change("records", self._one(self.records, record), zone=self._one(self.zones, zone))
        self.wait(then)

    @precondition(lambda self: self.records)
    @rule(record=WHICH, status=st.sampled_from(["active", "inactive"]), then=THEN)
    def switch_record(self, record: int, status: str, then: float) -> None:
        """On or off."""
        self._change("records", self._one(self.records, record), status=status)
        self.wait(then)

    @precondition(lambda self: self.records)
    @rule(record=WHICH, then=THEN)
    def delete_record(self, record: int, then: float) -> None:
        """For good."""
        self._edit("DELETE", f"records/{self._one(self.records, record)}/")
        self.wait(then)

    @precondition(lambda self: self.zones)
    @rule(zone=WHICH, name=ZONES, then=THEN)
    def rename_zone(self, zone: int, name: str, then: float) -> None:
        """With all its records."""
        self._change("zones", self._one(self.zones, zone), name=name)
        self.wait(then)

    @precondition(lambda self: self.zones)
    @rule(zone=WHICH, status=st.sampled_from(["active", "parked"]), then=THEN)
    def park_zone(self, zone: int, status: str, then: float) -> None:
        """Or take it up again."""
        self._change("zones", self._one(self.zones, zone), status=status)
        self.wait(then)

    @precondition(lambda self: self.zones)
    @rule(zone=WHICH, ttl=st.sampled_from([60, 300, 7200]), then=THEN)
    def set_default_ttl(self, zone: int, ttl: int, then: float) -> None:
        """Which many records have."""
        self._change("zones", self._one(self.zones, zone), default_ttl=ttl)
        self.wait(then)

    @precondition(lambda self: self.zones)
    @rule(zone=WHICH, then=THEN)
    def delete_zone(self, zone: int, then: float) -> None:
        """With all its records."""
        self._edit("DELETE", f"zones/{self._one(self.zones, zone)}/")
        self.wait(then)

    # Time

    @rule(seconds=st.sampled_from([-3600.0, -10.0, 10.0, 3600.0]))
    def set_clock(self, seconds: float) -> None:
        """Of the machine that all of them run on."""
        CLOCK.set(seconds)

    @rule(seconds=SECONDS)
    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self._run(asyncio.sleep(seconds))

    def teardown(self) -> None:
        """See that all ends equal."""
        try:
            self._run(self.world.settle())
        finally:
            self.loop.run(self.world.close())
            self.loop.run(self.loop.shutdown_default_executor())
            self.loop.close()
            asyncio.set_event_loop(None)
            self.directory.cleanup()

    @property
    def zones(self) -> list[int]:
        """The ids of NetBox's zones, the one that stays left out."""
        return sorted(zone.id for zone in self.world.inventory.zones if zone.id != self.world.stays)

    @property
    def records(self) -> list[int]:
        """The ids of the records that people made."""
        return sorted(record.id for record in self.world.inventory.records if not record.managed)

    @property
    def served(self) -> list[tuple[str, str]]:
        """The zones of the targets."""
        return [(target, name) for target in TARGETS for name in sorted(self.world.zones[target].by_name)]

    def _change(self, kind: str, number: int, **fields: Any) -> None:
        self._edit("PATCH", f"{kind}/{number}/", **fields)

    def _edit(self, method: str, path: str, **body: Any) -> None:
        self._run(self.world.edit(method, f"{DNS}/{path}", **body))

    def _patch(self, target: str, zone: str, rrset: dict[str, Any]) -> None:
        self._run(self.world.write(target, "PATCH", f"/{zone}", rrsets=[rrset]))

    async def _made(self, place: int, edits: list[Edit], *, told: bool) -> None:
        zone = self._one([self.world.stays, *self.zones], place)
        for edit in edits:
            await self._put(zone, edit)
            if told:
                self.world.deliver_the_rest()
            await asyncio.sleep(edit.then)

    async def _put(self, zone: int, edit: Edit) -> None:
        inventory = self.world.inventory
        there = [
            record.id for record in inventory.records.of_zone(zone) if (record.name, record.type) == (edit.name, "A")
        ]
        for number in there if edit.value is None else there[1:]:
            await self.world.edit("DELETE", f"{DNS}/records/{number}/")
        if edit.value is not None and there:
            await self.world.edit("PATCH", f"{DNS}/records/{there[0]}/", value=edit.value)
        elif edit.value is not None:
            given = {"name": edit.name, "type": "A", "value": edit.value, "disable_ptr": False}
            await self.world.edit("POST", f"{DNS}/records/", zone=zone, **given)

    async def _delivered(self, numbers: list[int]) -> None:
        self.world.deliver(numbers)

    @staticmethod
    def _one(items: list[Any], number: int) -> Any:
        return items[number % len(items)]

    def _run(self, work: Any) -> None:
        self.loop.run(work)
        self.world.see_no_wrong()
