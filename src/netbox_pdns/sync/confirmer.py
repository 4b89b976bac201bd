"""Asks DNS for what was written, until it is served: in the background, bounded, and no look waits for it.

An answer may come from a cache for as long as that keeps it (a sibling server on the same database has one of its own),
so what is not as wanted is asked for again, for longer than PowerDNS keeps answers by default (20 s; 60 s for none).
What is not served even then is an alarm. That a record is gone is told by the SOA: a wildcard may answer in its place.
Of a zone that goes nothing is to be served any more, also where it is in doubt whether the server has heard of that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from netbox_pdns.asking.asker import Asker
from netbox_pdns.asking.endpoint import dns_endpoint
from netbox_pdns.dns.message import question_of
from netbox_pdns.dns.rrset import Key, RRset, with_serial
from netbox_pdns.errors import NetboxPdnsError
from netbox_pdns.planning.expectations import Expectation, Seen, can_be_asked
from netbox_pdns.planning.values import Action, ZonePlan
from netbox_pdns.planning.verdicts import Finding, is_as_wanted, is_hidden, verdict
from netbox_pdns.sync.events import Confirmed, Event, Listener, LookDone
from netbox_pdns.sync.hints import Cause
from netbox_pdns.sync.outcome import ZoneOutcome
from netbox_pdns.sync.reconcile import Served

WAITS = (0.0, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
"""Seconds before each asking; together longer than any cache of PowerDNS keeps an answer."""
MOST_ZONES = 1_000
"""Zones that are asked about at a time; what is written beyond that is not asked for."""
MOST_RRSETS = 200
"""RRsets of a zone that are asked for after one change; of more, the first."""
AT_ONCE = 16

Sleep = Callable[[float], Awaitable[None]]
Ask = Callable[[Served, Sequence[bytes]], Awaitable[Sequence[bytes | None]]]


async def ask(served: Served, questions: Sequence[bytes]) -> Sequence[bytes | None]:
    """Ask the target's own DNS."""
    async with Asker(dns_endpoint(served.settings)) as asker:
        return await asker.ask(questions)


@dataclass(slots=True)
class _Pending:
    expected: dict[Key, Expectation]
    causes: tuple[Cause, ...] = ()
    asking: asyncio.Task[None] | None = None
    renewed: bool = False
    trouble: str = ""


class Confirmer:
    """Confirms what is written on the targets *served*. Hand it the events of looks, and `run` it."""

    def __init__(
        self,
        served: Iterable[Served],
        tell: Listener,
        *,
        clock: Callable[[], float],
        ask: Ask = ask,
        sleep: Sleep = asyncio.sleep,
        waits: Sequence[float] = WAITS,
    ) -> None:
        self._served: Mapping[str, Served] = {each.target.name: each for each in served}
        self._tell = tell
        self._clock = clock
        self._ask = ask
        self._sleep = sleep
        self._waits = waits
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._pending: dict[tuple[str, str], _Pending] = {}
        self._group: asyncio.TaskGroup | None = None
        self.passed_over = 0
        """Zones that were not asked about, since too many were."""

    def __call__(self, event: Event) -> None:
        """Take note of what was written, and of what goes."""
        if not isinstance(event, LookDone):
            return
        if _goes(event):
            self._give_up((event.target, event.work.zone))
        elif event.outcome is not None:
            self._note(event.outcome, event.work.causes)

    async def run(self) -> None:
        """Ask, until cancelled."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            try:
                await asyncio.Event().wait()
            finally:
                self._group = None

    def _note(self, outcome: ZoneOutcome, causes: tuple[Cause, ...]) -> None:
        plan = outcome.plan
        if self._group is None or plan is None or not outcome.applied:
            return
        if plan.action not in {Action.CREATE, Action.UPDATE}:
            return
        key = (outcome.target, outcome.zone)
        pending = self._pending.get(key)
        if pending is None and len(self._pending) >= MOST_ZONES:
            self.passed_over += 1
            return
        gone = {change.key for change in plan.changes if change.after is None}
        expected = {each.rrset.key: each for each in expected_after(plan, outcome.serial)}
        if pending is not None:
            pending.expected = {key: each for key, each in pending.expected.items() if key not in gone} | expected
            pending.causes = (*pending.causes, *causes)
            pending.renewed = True
            return
        pending = self._pending[key] = _Pending(expected, causes)
        pending.asking = self._group.create_task(self._confirm(key, pending))

    def _give_up(self, key: tuple[str, str]) -> None:
        pending = self._pending.pop(key, None)
        if pending is not None and pending.asking is not None:
            pending.asking.cancel()

    async def _confirm(self, key: tuple[str, str], pending: _Pending) -> None:
        try:
            await self._until_served(key, pending)
        finally:
            if self._pending.get(key) is pending:
                del self._pending[key]
        now = self._clock()
        edits = [cause.edited for cause in pending.causes if cause.edited is not None]
        left = tuple(" ".join(each) for each in sorted(pending.expected))
        lag = None if not edits or left else max(0.0, now - min(edits))
        self._tell(Confirmed(*key, pending.causes, now, lag, left, pending.trouble))

    async def _until_served(self, key: tuple[str, str], pending: _Pending) -> None:
        while True:
            pending.renewed = False
            for wait in self._waits:
                if wait:
                    await self._sleep(wait)
                async with self._slots:
                    await self._look(key, pending)
                if not pending.expected or pending.renewed:
                    break
            if not pending.renewed or not pending.expected:
                return

    async def _look(self, key: tuple[str, str], pending: _Pending) -> None:
        asked = list(pending.expected.values())
        questions = [question_of(each.question) for each in asked]
        try:
            answers = await self._ask(self._served[key[0]], questions)
        except NetboxPdnsError as error:
            pending.trouble = str(error)
            return
        pending.trouble = ""
        for each, question, answer in zip(asked, questions, answers, strict=True):
            if answer is not None and _is_seen(each, answer, question) and pending.expected.get(each.rrset.key) is each:
                del pending.expected[each.rrset.key]


def _goes(done: LookDone) -> bool:
    """Tell whether the zone is gone, or may be: its deletion was sent and ended in an error."""
    if done.outcome is None:
        return done.error is None
    plan = done.outcome.plan
    ends = plan is not None and plan.action is Action.DELETE and not done.dry
    return ends and (done.outcome.applied or done.outcome.error is not None)


def _is_seen(expected: Expectation, answer: bytes, question: bytes) -> bool:
    if is_as_wanted(expected, answer, question):
        return True
    return verdict(expected, answer).finding in {None, Finding.OCCLUDED} or is_hidden(answer)


def expected_after(plan: ZonePlan, serial: int | None) -> tuple[Expectation, ...]:
    """Return what DNS is to show of a zone after *plan*: its SOA of *serial*, and the RRsets that came or changed."""
    rrsets = [change.after for change in plan.changes if change.after is not None][:MOST_RRSETS]
    if plan.soa is not None:
        soa = plan.soa
        rdata = soa.rdatas[0] if serial is None else with_serial(soa.rdatas[0], serial)
        rrsets.insert(0, RRset.of(soa.name, "SOA", soa.ttl, (rdata,)))
    return tuple(
        Expectation(
            rrset,
            Seen.REFERRAL if rrset.type == "NS" and rrset.name != plan.zone else Seen.ANSWER,
            rrset.key,
        )
        for rrset in rrsets
        if can_be_asked(rrset.type)
    )
