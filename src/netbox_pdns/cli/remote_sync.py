"""`sync --remote`: the service looks, we wait for the outcome, and print it as a run of our own."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import quote

from netbox_pdns.cli import report as reports
from netbox_pdns.cli.remote import Remote
from netbox_pdns.dns.names import canonical_name
from netbox_pdns.dns.rrset import RRset
from netbox_pdns.errors import ConfigurationError, ConflictError, DataError, NetboxPdnsError, TransientError
from netbox_pdns.planning.values import Action, Change, Held, HoldReason, LeftOut, ZonePlan, ZoneRef
from netbox_pdns.sync.outcome import SyncReport, TargetReport, ZoneOutcome
from netbox_pdns.sync.patterns import matches, plain_names

_POLL = 0.25
_UNKNOWN = 10.0
"""Seconds that a zone is waited for that no target knows of."""
_LONGER = "`netbox-pdns status` shows how it goes on; --timeout SECONDS waits longer, 0 without end"
_ERRORS: Mapping[str, type[NetboxPdnsError]] = {
    each.kind: each for each in (TransientError, ConflictError, ConfigurationError, DataError)
}


@dataclass(frozen=True, slots=True)
class RemoteRun:
    """What came of it: a report in which what was applied is not written out, and its numbers."""

    report: SyncReport
    numbers: reports.Summary


@dataclass(frozen=True, slots=True)
class RemoteSync:
    """Has the service look at zones, and waits for at most *limit* seconds; 0 is without end.

    *clock* and *sleep* are in seconds.
    """

    remote: Remote
    limit: float = 0.0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def run(self, patterns: Sequence[str]) -> RemoteRun:
        """Have the zones that fit *patterns* looked at, or all, and return what came of it.

        What was not looked at in time has failed. Raises `TransientError` where nothing at all was.
        """
        began = self.clock()
        end = began + (self.limit or math.inf)
        late: set[tuple[str, str]] = set()
        if patterns:
            names = await self._names(patterns)
            since = None
            for name in names:
                answer = await self.remote.post(f"/api/v1/zones/{quote(name)}/sync")
                since = since or _moment(answer["accepted"])
            for name in names:
                late |= await self._until_looked_at(name, since, end)
        else:
            since = _moment((await self.remote.post("/api/v1/sync"))["accepted"])
            late = {(name, "") for name in await self._until_passed(since, end)}
        rows = [row for row in await self._rows() if not patterns or matches(row["zone"], patterns)]
        targets = [each if patterns else _with_error(each, since) for each in await self._targets()]
        whole = {(target["name"], "") for target in targets}
        if late and late >= ({(row["target"], row["zone"]) for row in rows} if patterns else whole):
            raise self._too_late(late, targets)
        outcomes = [await self._outcome(row) for row in rows]
        changes = [each for each in await self._changes(since) if not patterns or matches(each["zone"], patterns)]
        run = _composed(rows, outcomes, changes, targets, self.clock() - began)
        return run if not late else self._with_late(run, late, targets)

    async def _names(self, patterns: Sequence[str]) -> tuple[str, ...]:
        plain = plain_names(patterns)
        if plain:
            return tuple(map(canonical_name, plain))
        return tuple(sorted({row["zone"] for row in await self._rows() if matches(row["zone"], patterns)}))

    async def _until_looked_at(self, zone: str, since: datetime | None, end: float) -> set[tuple[str, str]]:
        """Return the targets that had not looked at *zone* by *end*, each with it; none where all have."""
        unknown = self.clock() + _UNKNOWN
        while True:
            try:
                found = (await self.remote.get(f"/api/v1/zones/{quote(zone)}", "targets"))["targets"]
            except DataError:
                if self.clock() >= min(unknown, end):
                    raise
                found = []
            late = {(each["target"], zone) for each in found if not _is_looked_at(each, since)}
            if found and (not late or self.clock() >= end):
                return late
            await self.sleep(_POLL)

    async def _until_passed(self, since: datetime | None, end: float) -> set[str]:
        """Return the targets of which not all zones had been looked at by *end*; none where all have."""
        while True:
            late = {target["name"] for target in await self._targets() if not _is_passed(target, since)}
            if not late or self.clock() >= end:
                return late
            await self.sleep(_POLL)

    def _too_late(self, late: set[tuple[str, str]], targets: Sequence[Mapping[str, Any]]) -> TransientError:
        """Return what says that nothing was looked at, and how each target stands that was waited for."""
        waited = {target for target, _ in late}
        stands = "; ".join(f"{each['name']}: {_stands(each)}" for each in targets if each["name"] in waited)
        return TransientError(f"the service has looked at nothing within {self.limit:g} s: {stands}", hint=_LONGER)

    def _with_late(self, run: RemoteRun, late: set[tuple[str, str]], targets: Sequence[Mapping[str, Any]]) -> RemoteRun:
        """Return *run* with what was not looked at in time as failed."""
        stands = {each["name"]: _stands(each) for each in targets}

        def error(target: str) -> TransientError:
            return TransientError(f"not looked at within {self.limit:g} s: {stands[target]}", hint=_LONGER)

        def outcome(each: ZoneOutcome) -> ZoneOutcome:
            return replace(each, error=error(each.target)) if (each.target, each.zone) in late else each

        found = tuple(
            replace(
                each,
                outcomes=tuple(map(outcome, each.outcomes)),
                error=error(each.name) if (each.name, "") in late else each.error,
            )
            for each in run.report.targets
        )
        report = replace(run.report, targets=found)
        return RemoteRun(report, replace(run.numbers, failed=reports.summary(report).failed))

    async def _targets(self) -> list[dict[str, Any]]:
        return list((await self.remote.get("/api/v1/targets", "targets"))["targets"])

    async def _rows(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            page = await self.remote.get("/api/v1/zones", "zones", limit=1000, cursor=cursor)
            rows.extend(page["zones"])
            if (cursor := page["next"]) is None:
                return rows

    async def _changes(self, since: datetime | None) -> list[dict[str, Any]]:
        changes: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            page = await self.remote.get("/api/v1/changes", "changes", limit=200, cursor=cursor)
            new = [each for each in page["changes"] if _reached(each["applied"], since)]
            changes.extend(new)
            cursor = page["next"]
            if cursor is None or len(new) < len(page["changes"]):
                return changes

    async def _outcome(self, row: Mapping[str, Any]) -> ZoneOutcome:
        """Return a zone's outcome; what is held, left out or failed there is asked for."""
        zone, target = row["zone"], row["target"]
        plan = ZonePlan(zone, target, Action.NOTHING)
        error = None
        if row["left_out"] or row["held"] or row["error"]:
            states = (await self.remote.get(f"/api/v1/zones/{quote(zone)}", "targets"))["targets"]
            state = next(each for each in states if each["target"] == target)
            left_out = tuple(map(_left_out, state["left_out"]))
            plan = replace(plan, left_out=left_out, held=tuple(map(_held, state["held"])))
            if state["error"]:
                error = _ERRORS.get(state["error_class"] or "", TransientError)(state["error"], hint=state["hint"])
        ref = ZoneRef(0, zone, row["view"], row["netbox_url"], row["netbox_serial"])
        return ZoneOutcome(target, zone, plan, ref=ref, records=row["records"], error=error)


def _composed(
    rows: Sequence[Mapping[str, Any]],
    outcomes: Sequence[ZoneOutcome],
    changes: Sequence[Mapping[str, Any]],
    targets: Sequence[Mapping[str, Any]],
    seconds: float,
) -> RemoteRun:
    applied = {(each["target"], each["zone"]): each for each in reversed(changes)}
    done = [
        replace(each, applied=True, serial=applied[each.target, each.zone]["serial"])
        if (each.target, each.zone) in applied
        else each
        for each in outcomes
    ]
    report = SyncReport(
        tuple(
            TargetReport(
                each["name"],
                tuple(outcome for outcome in done if outcome.target == each["name"]),
                error=None if each["error"] is None else TransientError(each["error"]),
            )
            for each in targets
        ),
        seconds,
        dry_run=False,
    )
    numbers = replace(
        reports.summary(report),
        changed=len(applied),
        rrsets=sum(each["created"] + each["changed"] + each["deleted"] for each in changes),
        foreign=sum(row["condition"] == "foreign" for row in rows),
    )
    return RemoteRun(report, numbers)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _reached(text: str | None, since: datetime | None) -> bool:
    at = _moment(text)
    return at is not None and (since is None or at >= since)


def _is_looked_at(state: Mapping[str, Any], since: datetime | None) -> bool:
    return state["condition"] != "waiting" and _reached(state["looked_at"], since)


def _is_passed(target: Mapping[str, Any], since: datetime | None) -> bool:
    """Tell whether all zones of *target* were looked at; one that is not called is not waited for."""
    return target["breaker"] != "closed" or _reached(target["last_pass"], since)


def _stands(target: Mapping[str, Any]) -> str:
    """Return how a target stands that has not looked at what it was to look at."""
    said = [] if target["breaker"] == "closed" else [f"its circuit breaker is {target['breaker']}"]
    said += [target["error"]] if target["error"] else []
    waiting = target["queue"]["depth"] + target["queue"]["active"]
    said += [f"{waiting} {'zone waits' if waiting == 1 else 'zones wait'}"] if waiting else []
    return ", ".join(said) or "it is still at work"


def _with_error(target: Mapping[str, Any], since: datetime | None) -> Mapping[str, Any]:
    """Return *target* with an error of its own where it was not looked at since it is not called, and none is told."""
    if target["error"] or target["breaker"] == "closed" or _reached(target["last_pass"], since):
        return target
    return {**target, "error": f"its circuit breaker is {target['breaker']}: not all zones of it were looked at"}


def _left_out(given: Mapping[str, Any]) -> LeftOut:
    words = (given[name] for name in ("zone", "name", "type", "value", "reason", "netbox_id", "netbox_url"))
    return LeftOut(*words)


def _held(given: Mapping[str, Any]) -> Held:
    command = str(given["command"]).split()
    forced = command[command.index("--force") + 1].split(",") if "--force" in command else []
    together = tuple(map(HoldReason, forced)) if len(forced) > 1 else ()
    changes = tuple(map(_change, given["changes"]))
    return Held(HoldReason(given["reason"]), given["zone"], given["detail"], changes, together)


def _change(given: Mapping[str, Any]) -> Change:
    def side(records: Mapping[str, Any] | None) -> RRset | None:
        return None if records is None else RRset(given["name"], given["type"], records["ttl"], tuple(records["rdata"]))

    return Change(side(given["before"]), side(given["after"]))
