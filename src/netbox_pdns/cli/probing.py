"""All questions of `netbox-pdns check`, in the order in which a mend makes sense."""

from __future__ import annotations

import asyncio
import os

from netbox_pdns.netbox import probing as netbox
from netbox_pdns.powerdns import probing as powerdns
from netbox_pdns.probe import Probe
from netbox_pdns.settings import Reading, Settings


def probe_settings(reading: Reading) -> tuple[Probe, ...]:
    """Return one probe a problem, or one that says that the settings are well."""
    if reading.settings is None:
        return tuple(
            Probe(f"setting {problem.setting}", "failed", problem.message, problem.hint) for problem in reading.problems
        )
    settings = reading.settings
    given = sum(1 for value in reading.values if value.origin != "default")
    marks = ", ".join(settings.mark(target.name) for target in settings.targets)
    return (Probe("settings", "ok", f"{given} set, marks {marks}"), _data_dir(settings))


async def probe_all(settings: Settings) -> tuple[Probe, ...]:
    """Ask NetBox and every target, side by side; return the answers in order."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(netbox.probe(settings.netbox))]
        tasks += [group.create_task(powerdns.probe(target, settings.mark(target.name))) for target in settings.targets]
    return tuple(probe for task in tasks for probe in task.result())


def _data_dir(settings: Settings) -> Probe:
    """Tell whether the data directory can be written, or made; it is not made here."""
    directory = settings.data_dir
    there = next(parent for parent in (directory, *directory.parents) if parent.exists())
    if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
        return Probe("data directory", "ok", f"{directory}" + ("" if there == directory else ", to be made"))
    hint = "make it writable for this user, or name another with NETBOX_PDNS_DATA_DIR"
    return Probe("data directory", "failed", f"{directory} cannot be written", hint)
