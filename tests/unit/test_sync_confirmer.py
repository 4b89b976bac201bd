"""What was written is asked for until it is served; what is not served in the end is named."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rrset
import pytest
from sync_memory import MemoryTarget, settings_of, zone

from netbox_pdns.dns.rrset import RRset
from netbox_pdns.errors import NetboxPdnsError, TransientError
from netbox_pdns.planning.values import Action, Change, SerialStep, ZonePlan
from netbox_pdns.sync.confirmer import Confirmer
from netbox_pdns.sync.events import Confirmed, Event, LookDone
from netbox_pdns.sync.hints import WHOLE, Cause, Trigger
from netbox_pdns.sync.outcome import ZoneOutcome
from netbox_pdns.sync.queue import Work
from netbox_pdns.sync.reconcile import Served

A = "a.example."
WWW = f"www.{A}"


class Dns:
    """Answers from `data`, RRsets as text by name and type; a list of answers is given one after the other."""

    def __init__(self, data: Mapping[tuple[str, str], str | list[str]], *, authority: str = "") -> None:
        self.data = {key: [value] if isinstance(value, str) else list(value) for key, value in data.items()}
        self.authority = authority
        self.asked = 0
        self.fails = 0

    async def __call__(self, served: Served, questions: Sequence[bytes]) -> Sequence[bytes | None]:
        self.asked += 1
        if self.fails:
            self.fails -= 1
            raise TransientError("no answer")
        return [self._answer(question) for question in questions]

    def _answer(self, question: bytes) -> bytes:
        name, _ = dns.name.from_wire(question, 0)
        asked = dns.message.make_query(name, int.from_bytes(question[-4:-2], "big"))
        answer = dns.message.make_response(asked)
        each = asked.question[0]
        values = self.data.get((each.name.to_text(), each.rdtype.name), [""])
        value = values.pop(0) if len(values) > 1 else values[0]
        if self.authority:
            answer.authority.append(dns.rrset.from_text(A, 60, "IN", "NS", self.authority))
        else:
            answer.flags |= dns.flags.AA
        if value:
            answer.answer.append(dns.rrset.from_text(each.name, 60, "IN", each.rdtype, *value.split(",")))
        return answer.to_wire()


def plan(*addresses: str, serial: int = 8, before: str = "192.0.2.1") -> ZonePlan:
    """Return a plan that gives www these addresses."""
    change = Change(RRset.of(WWW, "A", 60, [before]), RRset.of(WWW, "A", 60, addresses) if addresses else None)
    soa = zone(A, serial=serial).soa
    return ZonePlan(A, "one", Action.UPDATE, (change,), soa, serial=SerialStep(7, serial, serial))


def done(plan: ZonePlan, edited: float | None = 90.0) -> LookDone:
    """Return what is told when *plan* was applied for an edit."""
    causes = (Cause(Trigger.WEBHOOK, 95.0, edited=edited),)
    outcome = ZoneOutcome("one", A, plan, applied=True, serial=plan.serial.final if plan.serial else None)
    return LookDone("one", Work(A, WHOLE, causes, frozenset(), 0.0), outcome, None, 0.1)


def confirmed(answers: Dns, *events: LookDone, waits: Sequence[float] = (0, 1, 1, 1)) -> tuple[Confirmed, list[float]]:
    """Return what asking *answers* about *events* comes to, and for how many seconds each wait was."""
    told: list[Confirmed] = []
    slept: list[float] = []

    async def work() -> None:
        over = asyncio.Event()

        def tell(event: Event) -> None:
            assert isinstance(event, Confirmed)
            told.append(event)
            over.set()

        async def sleep(seconds: float) -> None:
            slept.append(seconds)
            await asyncio.sleep(0)

        target = MemoryTarget()
        confirmer = Confirmer(
            [Served(target, settings_of(target))], tell, clock=lambda: 100.0, ask=answers, sleep=sleep, waits=waits
        )
        async with asyncio.timeout(20), asyncio.TaskGroup() as group:
            task = group.create_task(confirmer.run())
            await asyncio.sleep(0)
            for event in events:
                confirmer(event)
            await over.wait()
            task.cancel()

    asyncio.run(work())
    return told[0], slept


SOA = f"ns1.{A} h.{A} 8 1 1 1 1"
OLD = f"ns1.{A} h.{A} 7 1 1 1 1"
BOTH = {(A, "SOA"): SOA, (WWW, "A"): "192.0.2.2"}


def test_what_is_served_at_once_is_confirmed_with_its_lag() -> None:
    event, slept = confirmed(Dns(BOTH), done(plan("192.0.2.2")))
    assert (event.target, event.zone, event.lag, event.not_served, slept) == ("one", A, 10.0, (), [])


@pytest.mark.parametrize(
    ("data", "times"),
    [
        pytest.param({(A, "SOA"): SOA, (WWW, "A"): ["192.0.2.1", "192.0.2.2"]}, 2, id="old-answer-in-a-cache"),
        pytest.param({(A, "SOA"): [OLD, OLD, SOA], (WWW, "A"): "192.0.2.2"}, 3, id="old-serial"),
        pytest.param({(A, "SOA"): SOA, (WWW, "A"): ["", "192.0.2.2"]}, 2, id="not-there-yet"),
    ],
)
def test_what_is_not_served_yet_is_asked_for_again(data: Mapping[tuple[str, str], str | list[str]], times: int) -> None:
    answers = Dns(data)
    event, _ = confirmed(answers, done(plan("192.0.2.2")))
    assert (event.not_served, answers.asked) == ((), times)


def test_what_is_never_served_is_named() -> None:
    event, slept = confirmed(Dns({(A, "SOA"): SOA, (WWW, "A"): "192.0.2.1"}), done(plan("192.0.2.2")))
    assert (event.not_served, event.lag, slept) == ((f"{WWW} A",), None, [1, 1, 1])


def test_a_server_that_answers_nothing_is_told_of() -> None:
    answers = Dns(BOTH)
    answers.fails = 99
    event, _ = confirmed(answers, done(plan("192.0.2.2")))
    assert (event.trouble, len(event.not_served)) == ("no answer", 2)


def test_what_a_delegation_hides_is_no_alarm() -> None:
    event, _ = confirmed(Dns({}, authority="ns.other.example."), done(plan("192.0.2.2")))
    assert event.not_served == ()


def test_that_a_record_is_gone_is_told_by_the_soa() -> None:
    event, _ = confirmed(Dns({(A, "SOA"): SOA, (WWW, "A"): "192.0.2.1"}), done(plan()))
    assert event.not_served == ()


def test_a_later_change_takes_the_place_of_an_earlier_one() -> None:
    data = {(A, "SOA"): SOA.replace(" 8 ", " 9 "), (WWW, "A"): "192.0.2.3"}
    event, _ = confirmed(
        Dns(data), done(plan("192.0.2.2")), done(plan("192.0.2.3", serial=9, before="192.0.2.2"), edited=95.0)
    )
    assert (event.not_served, len(event.causes), event.lag) == ((), 2, 10.0)


def ended(*, applied: bool = True, error: NetboxPdnsError | None = None, dry: bool = False) -> LookDone:
    """Return what is told of the end of the zone."""
    outcome = ZoneOutcome("one", A, ZonePlan(A, "one", Action.DELETE), applied=applied, error=error)
    return replace(done(plan()), outcome=outcome, error=error, dry=dry)


@pytest.mark.parametrize(
    ("end", "told_of"),
    [
        pytest.param(ended(), 1, id="deleted"),
        pytest.param(ended(applied=False, error=TransientError("no answer")), 1, id="perhaps-deleted"),
        pytest.param(replace(ended(), outcome=None), 1, id="on-neither-side"),
        pytest.param(ended(applied=False), 2, id="held"),
        pytest.param(ended(applied=False, error=TransientError("no answer"), dry=True), 2, id="not-to-be-written"),
        pytest.param(replace(ended(), outcome=None, error=TransientError("no answer")), 2, id="not-looked-at"),
    ],
)
def test_of_a_zone_that_goes_nothing_is_asked_any_more(end: LookDone, told_of: int) -> None:
    """One that is made anew is another; else the later change takes the place of the earlier one."""
    event, _ = confirmed(Dns(BOTH), done(plan("192.0.2.9")), end, done(plan("192.0.2.2")))
    assert (event.not_served, len(event.causes)) == ((), told_of)


def test_a_zone_that_went_while_dns_was_asked_is_no_alarm() -> None:
    """Neither then nor later: the zone is forgotten, and nothing brings it up again."""
    told: list[Event] = []
    asked = asyncio.Event()

    async def work() -> None:
        async def never(served: Served, questions: Sequence[bytes]) -> Sequence[bytes | None]:
            asked.set()
            return [None for _ in questions]

        target = MemoryTarget()
        served = Served(target, settings_of(target))
        confirmer = Confirmer([served], told.append, clock=lambda: 100.0, ask=never, waits=(0, 3600))
        async with asyncio.timeout(20), asyncio.TaskGroup() as group:
            task = group.create_task(confirmer.run())
            await asyncio.sleep(0)
            confirmer(done(plan("192.0.2.2")))
            await asked.wait()
            confirmer(ended())
            while len(asyncio.all_tasks()) > 2:  # noqa: ASYNC110 - this one, and what runs the confirmer
                await asyncio.sleep(0)
            task.cancel()

    asyncio.run(work())
    assert told == []


def test_without_the_time_of_an_edit_there_is_no_lag() -> None:
    event, _ = confirmed(Dns(BOTH), done(plan("192.0.2.2"), edited=None))
    assert (event.lag, event.not_served) == (None, ())
