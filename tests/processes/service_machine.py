"""The state machines of the service, as a program: `python service_machine.py EXAMPLES STEPS SEED [shrink]`.

Whatever people edit, in NetBox or in a PowerDNS, whichever webhooks are lost, doubled or late, whatever fails, is killed or
sets its clock: when the faults are over and time passes, every PowerDNS is as NetBox wants it (`Service`). There so much
looks at everything again that a hint which was lost is hardly missed; so a second one has nothing but webhooks, each of
which arrives, and after each edit nothing else puts things right (`WebhooksAlone`).

Both see after each step that no write was wrong or needless, and that the place in the change log is not ahead of what was
done. A run that ends otherwise is printed as the steps that lead there, and its seed repeats it; with `shrink` fewer steps
are looked for, which takes minutes.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import virtual_time

CLOCK = virtual_time.install()

from hypothesis import HealthCheck, Phase, seed, settings  # noqa: E402 - what follows takes the time that it finds
from hypothesis import strategies as st  # noqa: E402
from hypothesis.stateful import (  # noqa: E402
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from machine_world import DNS, PROMPT, RECOVERED, TARGETS, Fault, World  # noqa: E402

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


class Service(Edits):
    """All of it, and all that happens to it."""

    def __init__(self) -> None:
        super().__init__()
        self.hands = False

    @initialize(
        hands=st.integers(0, 3).map(lambda number: number == 3),
        late=LATE,
        by_hand=st.booleans(),
        edits=FIRST,
        server=st.sampled_from(TARGETS),
        fault=st.sampled_from(Fault),
        killed=st.booleans(),
    )
    def have_hands(
        self, hands: bool, late: float, by_hand: bool, edits: list[Edit], server: str, fault: Fault, killed: bool
    ) -> None:
        """In some runs people write to PowerDNS, too: the drift check at their end hides what others should have done.

        All begin with edits of which the change log, looked at twice, tells while they cannot be served.
        """
        self.hands = hands
        self.begin(by_hand)
        self.world.make_late(late)
        self.break_server(server, fault, 0.0)
        self.edit_many(1, edits, 70.0)
        if killed:
            self.kill(1.0)
        self.heal_server(server, 0.0)

    @rule(place=WHICH, edits=VOLLEYS, then=THEN)
    def edit_many(self, place: int, edits: list[Edit], then: float) -> None:
        """RRsets of one zone, in quick succession."""
        self._run(self._made(place, edits, told=False))
        self.wait(then)

    @precondition(lambda self: self.world.is_well(RECOVERED) and self.world.service and not self.world.touched)
    @rule()
    def see_that_it_is_prompt(self) -> None:
        """Where nothing fails the change log alone is enough."""
        self._run(self.world.become_equal(PROMPT, PROMPT))

    # Webhooks

    @precondition(lambda self: self.world.mail)
    @rule(numbers=st.lists(WHICH, min_size=1, max_size=6), then=THEN)
    def deliver(self, numbers: list[int], then: float) -> None:
        """Some, in any order, some of them twice."""
        self._run(self._delivered(numbers))
        self.wait(then)

    @rule()
    def lose_webhooks(self) -> None:
        """All that are on their way."""
        self.world.mail.clear()

    # Faults

    @rule(server=SERVERS, fault=st.sampled_from(Fault), then=THEN)
    def break_server(self, server: str, fault: Fault, then: float) -> None:
        """From now on."""
        self.world.begin_fault(server, fault)
        self.wait(then)

    @rule(server=SERVERS, then=THEN)
    def heal_server(self, server: str, then: float) -> None:
        """It works again."""
        self.world.heal(server)
        self.wait(then)

    @precondition(lambda self: self.world.service)
    @rule(down=SECONDS)
    def restart(self, down: float) -> None:
        """In good order."""
        self._run(self.world.stop())
        self.wait(down)
        self._run(self.world.start())

    @precondition(lambda self: self.world.service)
    @rule(down=SECONDS)
    def kill(self, down: float) -> None:
        """And start it again on what it left behind."""
        self._run(self.world.kill())
        self.wait(down)
        self._run(self.world.start())

    @precondition(lambda self: self.world.service)
    @rule(down=SECONDS)
    def lose_memory(self, down: float) -> None:
        """And start it again with nothing."""
        self._run(self.world.lose_memory())
        self.wait(down)
        self._run(self.world.start())

    # By hand, in PowerDNS

    @precondition(lambda self: self.hands and self.served)
    @rule(place=WHICH, name=st.sampled_from(["www", "by-hand"]), value=VALUES, then=THEN)
    def write_by_hand(self, place: int, name: str, value: str, then: float) -> None:
        """An RRset of an address."""
        target, zone = self._one(self.served, place)
        records = [{"content": value, "disabled": False}]
        self._patch(target, zone, {"name": f"{name}.{zone}", "changetype": "REPLACE", "ttl": 5, "records": records})
        self.wait(then)

    @precondition(lambda self: self.hands and self.served)
    @rule(place=WHICH, name=st.sampled_from(["www", "a.b"]), then=THEN)
    def delete_by_hand(self, place: int, name: str, then: float) -> None:
        """An RRset of an address."""
        target, zone = self._one(self.served, place)
        self._patch(target, zone, {"name": f"{name}.{zone}", "changetype": "DELETE"})
        self.wait(then)

    @precondition(lambda self: self.hands and self.served)
    @rule(place=WHICH, then=THEN)
    def delete_zone_by_hand(self, place: int, then: float) -> None:
        """With all that is in it."""
        target, zone = self._one(self.served, place)
        self._run(self.world.write(target, "DELETE", f"/{zone}"))
        self.wait(then)


class WebhooksAlone(Edits):
    """A service that nothing but webhooks tells of edits: each arrives, and a hint that is lost stays so.

    It follows no change log, is not restarted, and looks at everything once, at its start. No circuit breaker opens: after
    that a zone is looked at as a whole.
    """

    options: ClassVar[Mapping[str, str]] = {"feed_interval": "0", "breaker_failures": "1000000"}

    @initialize(
        late=LATE,
        by_hand=st.booleans(),
        edits=FIRST,
        together=st.booleans(),
        in_vain=FIRST,
        server=SERVERS,
        fault=st.sampled_from(Fault),
        seconds=st.sampled_from([2.0, 900.0]),
    )
    def have_volleys(
        self,
        late: float,
        by_hand: bool,
        edits: list[Edit],
        together: bool,
        in_vain: list[Edit],
        server: str,
        fault: Fault,
        seconds: float,
    ) -> None:
        """Begin with what each run is about: hints are merged, and come while a zone is looked at, in vain or not."""
        self.begin(by_hand)
        self.hear(late)
        self.edit_many(0, edits, together, [])
        self.edit_many_in_vain(0, in_vain, False, server, fault, seconds)

    @rule(late=LATE)
    def hear(self, late: float) -> None:
        """All webhooks, and have the answers of all servers be so late from now on."""
        self.world.make_late(late)
        self._hear()

    @rule(place=WHICH, edits=VOLLEYS, together=st.booleans(), order=st.lists(WHICH, max_size=4))
    def edit_many(self, place: int, edits: list[Edit], together: bool, order: list[int]) -> None:
        """RRsets of one zone, in quick succession: their webhooks arrive one by one, or together, in any order."""
        self._hear()
        self._run(self._made(place, edits, told=not together))
        self.world.deliver_the_rest(order)
        self._hear()

    @rule(
        place=WHICH,
        edits=VOLLEYS,
        together=st.booleans(),
        server=SERVERS,
        fault=st.sampled_from(Fault),
        seconds=st.sampled_from([0.5, 2.0, 5.0, 60.0, 900.0, 3600.0]),
    )
    def edit_many_in_vain(
        self, place: int, edits: list[Edit], together: bool, server: str, fault: Fault, seconds: float
    ) -> None:
        """While a server is at fault, for so long."""
        self._hear()
        self.world.begin_fault(server, fault)
        self._run(self._made(place, edits, told=not together))
        self.world.deliver_the_rest()
        self.wait(seconds)
        self.world.heal(server)
        self._hear()

    def teardown(self) -> None:
        """See that all webhooks together were enough."""
        try:
            self._hear()
        finally:
            super().teardown()

    def _hear(self) -> None:
        """Have all webhooks arrive that did not, and see that this is enough."""
        self.world.deliver_the_rest()
        self._run(self.world.become_equal(PROMPT if self.world.is_well(RECOVERED) else RECOVERED, 1.0))


def main() -> None:
    """Run so many examples of each machine; a failure is raised with its steps.

    With webhooks alone each step is a look at the end by itself, and takes as long as two: half of them are enough.
    """
    examples, steps, number = (int(each) for each in sys.argv[1:4])
    phases = [Phase.generate, Phase.shrink] if sys.argv[4:] == ["shrink"] else [Phase.generate]
    warnings.simplefilter("error")
    found = settings(
        max_examples=examples,
        deadline=None,
        database=None,
        print_blob=False,
        phases=phases,
        suppress_health_check=list(HealthCheck),
    )
    for machine, count in ((WebhooksAlone, steps // 2), (Service, steps)):
        of_this = settings(found, stateful_step_count=count)
        run_state_machine_as_test(seed(number)(machine), settings=of_this)  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
