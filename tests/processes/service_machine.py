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

import sys
import warnings
from collections.abc import Mapping
from typing import ClassVar

# First: it sets the kind of time, and what follows takes the time that it finds.
from machine_edits import FIRST, LATE, SECONDS, SERVERS, THEN, VALUES, VOLLEYS, WHICH, Edit, Edits  # isort: skip

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule, run_state_machine_as_test
from machine_world import PROMPT, RECOVERED, TARGETS, Fault


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
