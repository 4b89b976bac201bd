"""From a dry run to a saved plan, and from a saved plan to the request that applies it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from netbox_pdns import __version__
from netbox_pdns.cli.report import to_apply
from netbox_pdns.errors import ConfigurationError
from netbox_pdns.planning.saved import FORMAT, ReviewedZone, SavedPlan, SavedRequest, as_reviewed
from netbox_pdns.settings import Settings, TargetSettings
from netbox_pdns.settings.loading import text_of
from netbox_pdns.sync.events import Event, ZonePlanned
from netbox_pdns.sync.outcome import SyncReport, SyncRequest

PLANNED_BY = ("url", "server_id", "selection", "template", "adopt", "limits", "unmanaged", "mode", "rules")
"""The settings of a target that its plans depend on, beside its name."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A listener that keeps every plan with something in it, and the sides that it was made of."""

    zones: dict[tuple[str, str], ReviewedZone] = field(default_factory=dict)

    def __call__(self, event: Event) -> None:
        """Take note of *event*."""
        if isinstance(event, ZonePlanned):
            self.zones.pop((event.plan.target, event.plan.zone), None)
            if not event.plan.is_empty:
                zone = as_reviewed(event.plan, event.desired, event.observed, event.refused)
                self.zones[zone.key] = zone


def saved_plan(settings: Settings, request: SyncRequest, report: SyncReport, planned: Planned) -> SavedPlan:
    """Return what is saved of a dry run: the zones with something to apply; not what is held, failed or observed alone."""
    keys = [(outcome.target, outcome.zone) for outcome in to_apply(report) if outcome.error is None]
    names = {target for target, _ in keys}
    return SavedPlan(
        format=FORMAT,
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        by=__version__,
        instance=settings.instance,
        netbox=text_of(settings.netbox.url),
        targets={target.name: _planned_by(target) for target in settings.targets if target.name in names},
        request=SavedRequest(request.zones, request.adopt, tuple(sorted(request.force))),
        zones=tuple(planned.zones[key] for key in keys),
    )


def request_for(plan: SavedPlan) -> SyncRequest:
    """Return the request that applies *plan*."""
    return SyncRequest(adopt=plan.request.adopt, force=frozenset(plan.request.force), reviewed=plan.reviewed)


def settings_for(plan: SavedPlan, settings: Settings) -> Settings:
    """Return *settings* with the targets of *plan* alone.

    Raises `ConfigurationError` where the plan was made for another instance, NetBox or target, or by other settings.
    """
    _must_be("the instance", plan.instance, settings.instance, "NETBOX_PDNS_INSTANCE")
    _must_be("NetBox at", plan.netbox, text_of(settings.netbox.url), "NETBOX_PDNS_NB_URL")
    there = {target.name: target for target in settings.targets}
    for name, then in plan.targets.items():
        if name not in there:
            raise _other(f"the target {name!r}", "there is none of this name", "targets")
        now = _planned_by(there[name])
        for option, value in then.items():
            what = f"the target {name!r} with {option}"
            _must_be(what, value, now.get(option, ""), there[name].setting(option))
    return replace(settings, targets=tuple(there[name] for name in there if name in plan.targets))


def _planned_by(target: TargetSettings) -> Mapping[str, str]:
    return {option: text_of(getattr(target, option)) for option in PLANNED_BY}


def _must_be(what: str, then: str, now: str, setting: str) -> None:
    if then != now:
        raise _other(f"{what} {then!r}", f"it is {now!r} now", setting)


def _other(then: str, now: str, setting: str) -> ConfigurationError:
    return ConfigurationError(
        f"the plan was made for {then}, and {now}",
        hint="apply it with the settings that it was made with, or make it again: netbox-pdns plan --save FILE",
        setting=setting,
    )
