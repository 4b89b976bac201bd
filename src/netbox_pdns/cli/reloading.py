"""What the service does when its settings were read again: each part that goes by them is handed its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from netbox_pdns.cli.taking import Compatible, Webhooks
from netbox_pdns.settings import Settings
from netbox_pdns.sync.hints import Cause, Depth, Trigger
from netbox_pdns.sync.keeper import Keeper
from netbox_pdns.sync.reconcile import Served
from netbox_pdns.triggers.schedule import Scheduler, schedules_of


def reloading(
    keeper: Keeper,
    targets: Sequence[Served],
    scheduler: Scheduler,
    webhooks: Webhooks,
    compatible: Compatible,
    clock: Callable[[], float] = time.time,
) -> Callable[[Settings], None]:
    """Return what has all of them go by other settings (as `settings.reloading` merges them), from now on.

    Zones under way are finished as they were begun. A target whose rules are others now has all its content compared: what
    was held may go now, and what was let pass may not.
    """

    def reload(settings: Settings) -> None:
        webhooks.secret = compatible.secret = settings.triggers.webhook_secret
        scheduler.exchange(schedules_of(settings.triggers))
        keeper.drift = settings.keeper.drift
        for served, wanted in zip(targets, settings.targets, strict=True):
            if served.settings != wanted:
                served.settings = wanted
                keeper.look_everywhere(Depth.CONTENT, Cause(Trigger.PEOPLE, clock()), wanted.name)

    return reload
