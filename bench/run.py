"""How fast it is, as a ratio to a bare script's floor in the same run.

Caveats first: machines are noisy, so floor and product take turns, the median of each is compared, and the ratio is what
counts. Both run on the machine that runs the servers, so our own CPU is taken from theirs. Repeat it by `make bench`;
`make bench ARGS='--sandbox --runs 1'` takes the servers of the sandbox.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from floor import Floor
from rich.console import Console
from rich.table import Table
from stage import filled_netbox, fresh_powerdns

from netbox_pdns.cli.wiring import open_engine
from netbox_pdns.sandbox.running import RunningNetBox, RunningPowerDNS
from netbox_pdns.settings import Settings, load_settings
from netbox_pdns.sync.outcome import SyncReport, SyncRequest


@dataclass(frozen=True, slots=True)
class Case:
    """One row of the table: seconds of every run."""

    name: str
    floor: list[float]
    ours: list[float]

    @property
    def ratio(self) -> float:
        """What the product takes for each second of the floor."""
        return statistics.median(self.ours) / statistics.median(self.floor)


async def measure(sizes: list[int], runs: int, *, sandbox: bool) -> Sequence[Case]:
    """Measure both cases, floor and product in turn."""
    first, nothing = Case("first sync", [], []), Case("nothing to do", [], [])
    async with filled_netbox(sizes, sandbox=sandbox) as netbox:
        for _ in range(runs):
            async with fresh_powerdns(sandbox=sandbox) as powerdns:
                floor = Floor(netbox, powerdns, sizes)
                first.floor.append(await _timed(floor.first_sync()))
                nothing.floor.append(await _timed(floor.nothing_to_do()))
            async with fresh_powerdns(sandbox=sandbox) as powerdns:
                first.ours.append(await _synced(netbox, powerdns, changed=len(sizes)))
                nothing.ours.append(await _synced(netbox, powerdns, changed=0))
    return (first, nothing)


async def _timed(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    await asyncio.to_thread(work)
    return time.perf_counter() - started


async def _synced(netbox: RunningNetBox, powerdns: RunningPowerDNS, *, changed: int) -> float:
    """Sync, check that just so many zones were changed, and return how long it took."""
    with TemporaryDirectory(prefix="bench-data-") as directory:
        started = time.perf_counter()
        async with open_engine(_settings(netbox, powerdns, directory)) as engine:
            report = await engine.run(SyncRequest())
        seconds = time.perf_counter() - started
    _check(report, changed)
    return seconds


def _check(report: SyncReport, changed: int) -> None:
    found = sum(outcome.applied for outcome in report.outcomes)
    if report.needs_attention or found != changed:
        raise RuntimeError(f"{found} zones were changed and not {changed}, or something was left out, held or failed")


def _settings(netbox: RunningNetBox, powerdns: RunningPowerDNS, directory: str) -> Settings:
    given = {
        "NB_URL": netbox.url,
        "NB_TOKEN": netbox.token,
        "PDNS_URL": powerdns.url,
        "PDNS_TOKEN": powerdns.api_key,
        "PDNS_DNS_ADDRESS": powerdns.dns_address,
        "DATA_DIR": str(Path(directory)),
    }
    return load_settings({f"NETBOX_PDNS_{name}": value for name, value in given.items()}, None)


def _print(cases: Sequence[Case], title: str) -> None:
    table = Table("case", "floor, s", "netbox-pdns, s", "ratio", "spread of the runs, s", title=title)
    for case in cases:
        spread = f"{min(case.floor):.1f}-{max(case.floor):.1f} / {min(case.ours):.1f}-{max(case.ours):.1f}"
        medians = (f"{statistics.median(case.floor):.2f}", f"{statistics.median(case.ours):.2f}")
        table.add_row(case.name, *medians, f"{case.ratio:.2f}", spread)
    Console().print(table)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sandbox", action="store_true", help="on the sandbox's servers in place of the real ones")
    parser.add_argument("--zones", type=int, default=1000)
    parser.add_argument("--records", type=int, default=20, help="of each zone")
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    sizes = [given.records] * given.zones
    cases = asyncio.run(measure(sizes, given.runs, sandbox=given.sandbox))
    where = "the sandbox" if given.sandbox else "the real NetBox and PowerDNS"
    _print(cases, f"{given.zones:,} zones of {given.records} records, on {where}; medians of {given.runs}")


if __name__ == "__main__":
    main()
