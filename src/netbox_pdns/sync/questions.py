"""One server in a verification: it is asked zone by zone, and what it does not show as wanted is noted."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from netbox_pdns.asking.asker import Asker
from netbox_pdns.dns.message import question_of
from netbox_pdns.errors import NetboxPdnsError
from netbox_pdns.planning.expectations import Expectation, Seen
from netbox_pdns.planning.verdicts import AS_WANTED, Finding, Verdict, is_as_wanted, verdict
from netbox_pdns.sync.verification import FoundRRset, ServerReport

AT_ONCE = 1_000
"""So many questions are in memory at a time for one zone, with their answers."""


@dataclass(slots=True)
class AskedServer:
    """A server that is asked; `label` is the target's name, or the name server's."""

    label: str
    kind: Literal["target", "nameserver"]
    asker: Asker | None
    address: str
    zones: int = 0
    rrsets: int = 0
    error: NetboxPdnsError | None = None
    notes: list[str] = field(default_factory=list)
    findings: list[FoundRRset] = field(default_factory=list)

    async def look(self, expected: Sequence[Expectation]) -> list[tuple[Expectation, Verdict]]:
        """Ask for *expected*, all of one zone, and return what is not as wanted; nothing once the server failed."""
        if self.error is not None or self.asker is None:
            return []
        self.zones += 1
        self.rrsets += len(expected)
        found = [(each, _unseen(each)) for each in expected if each.seen in _UNSEEN]
        to_ask = (each for each in expected if each.seen not in _UNSEEN)
        try:
            while some := list(itertools.islice(to_ask, AT_ONCE)):
                found += await self._asked(self.asker, some)
        except NetboxPdnsError as error:
            self.error = error
            return []
        return found

    async def _asked(self, asker: Asker, some: Sequence[Expectation]) -> list[tuple[Expectation, Verdict]]:
        questions = [question_of(each.question) for each in some]
        answers = await asker.ask(questions)
        unlike = [
            (each, question, answer)
            for each, question, answer in zip(some, questions, answers, strict=True)
            if answer is None or not is_as_wanted(each, answer, question)
        ]
        judged = [(each, verdict(each, answer), question) for each, question, answer in unlike]
        # A server may leave glue out of a datagram without saying so (RFC 2181, section 9).
        again = [(each, question) for each, seen, question in judged if each.seen is Seen.GLUE and seen.missing]
        full = await asker.ask([question for _, question in again], tcp=True) if again else []
        seen_again = {each.rrset.key: verdict(each, answer) for (each, _), answer in zip(again, full, strict=True)}
        results = [(each, seen_again.get(each.rrset.key, seen)) for each, seen, _ in judged]
        return [(each, seen) for each, seen in results if seen != AS_WANTED]

    def report(self) -> ServerReport:
        """Return what asking came to."""
        asked = 0 if self.asker is None else self.asker.asked
        seconds = 0.0 if self.asker is None else self.asker.seconds
        return ServerReport(
            server=self.label,
            kind=self.kind,
            address=self.address,
            zones=self.zones,
            rrsets=self.rrsets,
            asked=asked,
            seconds=round(seconds, 3),
            rate=round(asked / seconds, 1) if seconds else 0.0,
            findings=tuple(sorted(self.findings, key=lambda each: (each.zone, each.name, each.type))),
            notes=tuple(dict.fromkeys(self.notes)),
            error=None if self.error is None else str(self.error),
            hint=None if self.error is None else self.error.hint,
        )


_UNSEEN = frozenset({Seen.OCCLUDED, Seen.NOT_ASKED})


def _unseen(expected: Expectation) -> Verdict:
    return Verdict(Finding.OCCLUDED if expected.seen is Seen.OCCLUDED else Finding.NOT_ASKED)
