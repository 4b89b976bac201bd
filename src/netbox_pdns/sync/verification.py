"""What asking DNS came to: one report a server, one finding an RRset that is not seen as wanted. Values, for JSON too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from netbox_pdns.planning.verdicts import Finding
from netbox_pdns.shape import Shape


@dataclass(frozen=True, slots=True)
class VerifyRequest:
    """What the operator asked for.

    `zones` are name patterns and `targets` names of targets, none means all. With `nameservers` the name servers of every
    zone are asked, too, at `nameserver_port`.
    """

    zones: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    nameservers: bool = False
    nameserver_port: int = 53


@dataclass(frozen=True, slots=True)
class FoundRRset(Shape):
    """One RRset that a server does not show as NetBox wants it.

    `alarm` is False where this is explained and no fault: hidden by a delegation, held, left out. `missing` and `extra` are
    canonical rdatas; `ttl` is the wanted one, `served_ttl` the one that DNS showed. `answer` says what DNS answered where it
    showed no such RRset, `why` the reason as far as it is known, `urls` lead to NetBox's records.
    """

    zone: str
    name: str
    type: str
    finding: Finding
    alarm: bool
    ttl: int
    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    served_ttl: int | None = None
    answer: str = ""
    why: str = ""
    urls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ServerReport(Shape):
    """One server that was asked: a target, or a name server of a target's zones.

    `zones` and `rrsets` count what was looked at, `asked` the questions. `seconds` are those in which questions were on
    their way, `rate` is questions a second. `error` says why the server could not be asked to the end.
    """

    server: str
    kind: Literal["target", "nameserver"]
    address: str
    zones: int
    rrsets: int
    asked: int
    seconds: float
    rate: float
    findings: tuple[FoundRRset, ...]
    notes: tuple[str, ...] = ()
    error: str | None = None
    hint: str | None = None

    @property
    def needs_attention(self) -> bool:
        """Tell whether something is not as NetBox wants it, or could not be found out."""
        return self.error is not None or any(found.alarm for found in self.findings)


@dataclass(frozen=True, slots=True)
class Counts(Shape):
    """The findings of a run in numbers. The first four count alarms; `explained` are findings that are none."""

    missing: int
    stale: int
    extra: int
    unanswered: int
    explained: int


@dataclass(frozen=True, slots=True)
class Verification:
    """A whole run: every server that was asked, what was found in numbers, and whether all is as NetBox wants it."""

    as_wanted: bool
    counts: Counts
    seconds: float
    servers: tuple[ServerReport, ...]

    @classmethod
    def of(cls, servers: tuple[ServerReport, ...], seconds: float) -> Verification:
        """Sum up what *servers* came to."""
        found = [each for server in servers for each in server.findings]
        alarms = [each.finding for each in found if each.alarm]
        counts = Counts(
            missing=alarms.count(Finding.MISSING),
            stale=alarms.count(Finding.STALE),
            extra=alarms.count(Finding.EXTRA),
            unanswered=alarms.count(Finding.UNANSWERED),
            explained=len(found) - len(alarms),
        )
        as_wanted = not any(server.needs_attention for server in servers)
        return cls(as_wanted, counts, round(seconds, 3), servers)
