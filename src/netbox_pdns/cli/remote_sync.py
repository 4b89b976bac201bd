"""`sync --remote`: the service looks, we wait for the outcome, and print it as a run of our own."""

from __future__ import annotations

import asyncio
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
    """Has the service look at zones, and waits. *clock* and *sleep* are in seconds."""

    remote: Remote
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def run(self, patterns: Sequence[str]) -> RemoteRun:
        """Have the zones that fit *patterns* looked at, or all, and return what came of it."""
        began = self.clock()
        if patterns:
            names = await self._names(patterns)
            since = None
            for name in names:
                answer = await self.remote.post(f"/api/v1/zones/{quote(name)}/sync")
                since = since or _moment(answer["accepted"])
            for name in names:
                await self._until_looked_at(name, since)
        else:
            since = _moment((await self.remote.post("/api/v1/sync"))["accepted"])
            await self._until_passed(since)
        rows = [row for row in await self._rows() if not patterns or matches(row["zone"], patterns)]
        outcomes = [await self._outcome(row) for row in rows]
        changes = [each for each in await self._changes(since) if not patterns or matches(each["zone"], patterns)]
        return _composed(rows, outcomes, changes, await self._targets(), self.clock() - began)

    async def _names(self, patterns: Sequence[str]) -> tuple[str, ...]:
        plain = plain_names(patterns)
        if plain:
            return tuple(map(canonical_name, plain))
        return tuple(sorted({row["zone"] for row in await self._rows() if matches(row["zone"], patterns)}))

    async def _until_looked_at(self, zone: str, since: datetime | None) -> None:
        end = self.clock() + _UNKNOWN
        while True:
            try:
                found = (await self.remote.get(f"/api/v1/zones/{quote(zone)}", "targets"))["targets"]
            except DataError:
                if self.clock() >= end:
                    raise
                found = []
            if found and all(_is_looked_at(each, since) for each in found):
                return
            await self.sleep(_POLL)

    async def _until_passed(self, since: datetime | None) -> None:
        while not all(_is_passed(target, since) for target in await self._targets()):
            await self.sleep(_POLL)

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
                held=tuple(map(_held, each["held"])),
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
