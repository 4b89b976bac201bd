"""A service at work goes by other settings: what was held may go, what was written is written no more."""

from __future__ import annotations

import asyncio
import hmac
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hints_noted import NotedHints
from keeping import Kept, hint, kept
from pydantic import SecretStr
from sync_memory import MemorySource, MemoryTarget, zone

from netbox_pdns.cli.keeping import open_service
from netbox_pdns.cli.logs import make_logger
from netbox_pdns.cli.reloading import reloading
from netbox_pdns.cli.taking import Compatible, Webhooks
from netbox_pdns.errors import ConflictError
from netbox_pdns.planning.values import GuardLimits
from netbox_pdns.settings import Settings, ZoneRule, load_settings
from netbox_pdns.sync.board import Condition
from netbox_pdns.sync.events import LookDone, PassBegun, PassDone
from netbox_pdns.triggers.schedule import Scheduler
from netbox_pdns.triggers.zone_names import ZoneNames

A = "a.example."
NOWHERE = "http://127.0.0.1:9"
"""Nobody listens there (the port of `discard`, RFC 863)."""
VARIABLES = {"NB_URL": NOWHERE, "NB_TOKEN": "t", "PDNS_URL": NOWHERE, "PDNS_TOKEN": "t"}


@dataclass
class Reloadable:
    """A keeper at work whose settings can be exchanged, and what takes webhooks beside it."""

    here: Kept
    webhooks: Webhooks
    compatible: Compatible
    scheduler: Scheduler
    settings: Settings

    def reload(self, triggers: dict[str, Any] | None = None, **rules: Any) -> None:
        """Have the settings exchanged for others."""
        triggers_ = self.settings.triggers.model_copy(update=triggers or {})
        targets = [worker.served for worker in self.here.workers]
        wanted = tuple(served.settings.model_copy(update=rules) for served in targets)
        settings = replace(self.settings, triggers=triggers_, targets=wanted)
        reloading(self.here.keeper, targets, self.scheduler, self.webhooks, self.compatible)(settings)

    def passes(self) -> int:
        """Return how many passes are over."""
        return sum(1 for event in self.here.told if isinstance(event, PassDone))


def reloadable(here: Kept) -> Reloadable:
    """Return *here* with what it takes to exchange its settings."""
    settings = load_settings({f"NETBOX_PDNS_{name}": value for name, value in VARIABLES.items()}, None)
    hints = NotedHints()
    scheduler = Scheduler((), hints, here.board, last={}, told=lambda name, at: None)
    return Reloadable(here, Webhooks(None, hints, ZoneNames()), Compatible(None, hints), scheduler, settings)


def emptied() -> tuple[MemorySource, MemoryTarget]:
    """Return a NetBox that does not say why one of the addresses of a zone went, and a target that has them."""
    target = MemoryTarget()
    target.has(zone(A, "192.0.2.1", "192.0.2.2"))
    return MemorySource({None: [zone(A, "192.0.2.1", serial=8)]}), target


def looks(here: Kept) -> int:
    """Return how many looks are over."""
    return sum(1 for event in here.told if isinstance(event, LookDone))


@pytest.mark.parametrize(
    ("first", "then", "conditions", "done"),
    [
        pytest.param(
            {"limits": GuardLimits(unexplained="hold")}, {"limits": GuardLimits()},
            (Condition.HELD, Condition.EQUAL), [f"update {A}"] * 2, id="limits-let-it-go",
        ),
        pytest.param(
            {"mode": "observe"}, {"mode": "apply"},
            (Condition.DIFFERS, Condition.EQUAL), [f"update {A}"], id="it-is-written-now",
        ),
        pytest.param(
            {"mode": "observe"}, {"rules": (ZoneRule(zone="a.*", mode="apply"),)},
            (Condition.DIFFERS, Condition.EQUAL), [f"update {A}"], id="a-rule-has-it-written",
        ),
        pytest.param(
            {"mode": "observe"}, {"limits": GuardLimits(unexplained="hold")},
            (Condition.DIFFERS, Condition.DIFFERS), [], id="still-only-reported",
        ),
    ],
)  # fmt: skip
def test_other_rules_of_a_target_count_without_another_edit(
    tmp_path: Path, first: dict[str, Any], then: dict[str, Any], conditions: tuple[Condition, ...], done: list[str]
) -> None:
    """Every zone of it is looked at again by itself."""
    source, target = emptied()

    async def work() -> list[Condition]:
        async with kept(tmp_path, source, target) as here:
            at_work = reloadable(here)
            found = []
            for rules in (first, then):
                before = at_work.passes()
                at_work.reload(**rules)
                await here.until(lambda before=before: at_work.passes() > before)
                found.append(here.board.zone("one", A).condition)
            return found

    assert (tuple(asyncio.run(work())), target.done) == (conditions, done)


def test_from_then_on_a_hint_is_only_reported(tmp_path: Path) -> None:
    """Where a target is to be observed alone nothing is written there any more, whatever tells of an edit."""
    source, target = emptied()

    async def work() -> Condition:
        async with kept(tmp_path, source, target) as here:
            reloadable(here).reload(mode="observe")
            here.keeper.look(hint(A))
            await here.until(lambda: any(isinstance(event, LookDone) and event.work.since for event in here.told))
            return here.board.zone("one", A).condition

    assert (asyncio.run(work()), target.done) == (Condition.DIFFERS, [])


def test_where_no_rule_is_another_nothing_is_looked_at(tmp_path: Path) -> None:
    """Another key costs no look at all zones."""
    source, target = emptied()

    async def work() -> bool:
        async with kept(tmp_path, source, target) as here:
            at_work = reloadable(here)
            at_work.reload({"webhook_secret": SecretStr("another")})
            here.keeper.look(hint(A))
            await here.until(lambda: looks(here))
            return any(isinstance(event, PassBegun) for event in here.told)

    assert not asyncio.run(work())


def test_webhooks_are_signed_with_the_other_secret(tmp_path: Path) -> None:
    """From then on; what is signed with the one before is refused, by NetBox's own way and by the older connector's."""
    source, target = emptied()
    body = b'{"event": "x", "object_type": "y"}'

    async def work() -> None:
        async with kept(tmp_path, source, target) as here:
            at_work = reloadable(here)
            for secret in ("first-secret", "other-secret"):
                at_work.reload({"webhook_secret": SecretStr(secret)})
                signed = hmac.new(secret.encode(), body, "sha512").hexdigest()
                assert at_work.webhooks(body, {"x-hook-signature": signed}) == 0
            for takes in (at_work.webhooks, lambda *given: at_work.compatible("update", *given)):
                with pytest.raises(ConflictError, match="signature"):
                    takes(body, {"x-hook-signature": hmac.new(b"first-secret", body, "sha512").hexdigest()})

    asyncio.run(work())


def test_schedules_and_what_a_drift_check_does_are_exchanged(tmp_path: Path) -> None:
    """The scheduler has the new ones; the keeper only reports drift from then on."""
    source, target = emptied()

    async def work() -> tuple[list[str], str]:
        async with kept(tmp_path, source, target) as here:
            at_work = reloadable(here)
            at_work.settings = replace(
                at_work.settings, keeper=at_work.settings.keeper.model_copy(update={"drift": "report"})
            )
            at_work.reload({"sync_crontab": ""})
            return [schedule.name for schedule in at_work.scheduler.schedules], here.keeper.drift

    assert asyncio.run(work()) == (["drift"], "report")


def test_the_service_hands_them_on(tmp_path: Path) -> None:
    """Whoever holds its parts has all of it go by other settings, with no server there."""
    variables = {**VARIABLES, "DATA_DIR": str(tmp_path)}
    settings = load_settings({f"NETBOX_PDNS_{name}": value for name, value in variables.items()}, None)
    changes = {"sync_crontab": "", "webhook_secret": SecretStr("other-secret")}
    other = replace(settings, triggers=settings.triggers.model_copy(update=changes))

    async def work() -> list[int]:
        async with open_service(settings, make_logger("CRITICAL", "console")) as parts:
            before = parts.scheduler().jobs_count
            parts.reload(other)
            with pytest.raises(ConflictError, match="signature"):
                parts.take_webhook(b"{}", {})
            return [before, parts.scheduler().jobs_count]

    assert asyncio.run(work()) == [2, 1]
