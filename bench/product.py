"""The product under measurement: its engine in this process, or its program in a process of its own."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from netbox_pdns.cli.wiring import open_engine, open_parts
from netbox_pdns.sandbox.running import RunningNetBox, RunningPowerDNS
from netbox_pdns.settings import load_settings
from netbox_pdns.sync.outcome import SyncReport, SyncRequest
from netbox_pdns.sync.verification import Verification, VerifyRequest
from netbox_pdns.sync.verifier import Verifier

_LOOK = 0.01
"""Seconds between two looks at a process."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What a process took: seconds of the clock and of the processor, and the most memory that it held, in MiB."""

    seconds: float
    processor: float
    peak: float


async def timed(work: Callable[[], object]) -> float:
    """Return the seconds that *work* takes, in a thread."""
    started = time.perf_counter()
    await asyncio.to_thread(work)
    return time.perf_counter() - started


async def synced(netbox: RunningNetBox, powerdns: RunningPowerDNS, *zones: str, changed: int) -> float:
    """Sync (*zones* alone, where there are any), check that just *changed* zones were, and return the seconds it took."""
    with TemporaryDirectory(prefix="bench-data-") as directory:
        settings = load_settings(environment(netbox, powerdns, directory), None)
        started = time.perf_counter()
        async with open_engine(settings) as engine:
            report = await engine.run(SyncRequest(zones=zones))
        seconds = time.perf_counter() - started
    _check(report, changed)
    return seconds


async def verified(netbox: RunningNetBox, powerdns: RunningPowerDNS) -> Verification:
    """Ask DNS for everything; raises where something is not as NetBox wants it."""
    with TemporaryDirectory(prefix="bench-data-") as directory:
        settings = load_settings(environment(netbox, powerdns, directory), None)
        async with open_parts(settings, asks_ahead=True) as parts:
            found = await Verifier(parts.source, parts.targets, parts.kept, VerifyRequest()).run()
    if not found.as_wanted:
        raise RuntimeError(f"not all is served as NetBox wants it: {found.counts}")
    return found


async def program(arguments: Sequence[str], variables: dict[str, str]) -> Spent:
    """Run the program to its end, which must be good, and return what it took."""
    return await asyncio.to_thread(_run, arguments, variables)


def environment(netbox: RunningNetBox, powerdns: RunningPowerDNS, directory: str) -> dict[str, str]:
    """Return the settings that lead from *netbox* to *powerdns*."""
    given = {
        "NB_URL": netbox.url,
        "NB_TOKEN": netbox.token,
        "PDNS_URL": powerdns.url,
        "PDNS_TOKEN": powerdns.api_key,
        "PDNS_DNS_ADDRESS": powerdns.dns_address,
        "DATA_DIR": directory,
    }
    return {f"NETBOX_PDNS_{name}": value for name, value in given.items()}


def _run(arguments: Sequence[str], variables: dict[str, str]) -> Spent:
    started = time.perf_counter()
    command = [sys.executable, "-m", "netbox_pdns", *arguments]
    process = subprocess.Popen(
        command, env={**os.environ, **variables}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    peak = 0.0
    while not (ended := os.wait4(process.pid, os.WNOHANG))[0]:
        peak = max(peak, _held(process.pid))
        time.sleep(_LOOK)
    process.returncode = os.waitstatus_to_exitcode(ended[1])
    if process.returncode:
        raise RuntimeError(f"{' '.join(arguments)}: exit status {process.returncode}")
    return Spent(time.perf_counter() - started, ended[2].ru_utime + ended[2].ru_stime, peak)


def _held(process: int) -> float:
    """Return the most memory that a process has held so far, in MiB; 0 where it is gone.

    `wait4` would count what this process held when it forked.
    """
    try:
        lines = Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


def _check(report: SyncReport, changed: int) -> None:
    found = sum(outcome.applied for outcome in report.outcomes)
    if report.needs_attention or found != changed:
        raise RuntimeError(f"{found} zones were changed and not {changed}, or something was left out, held or failed")
