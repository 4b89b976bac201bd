"""How fast it is, as a ratio to a bare script's floor in the same run, and how much memory it takes.

Caveats first: machines are noisy, so floor and product take turns, the median of each is compared, and the ratio is what
counts. Both run on the machine that runs the servers, so our own CPU is taken from theirs. Repeat it by `make bench`;
`make bench ARGS='--sandbox --runs 1 sync'` measures one group of cases on the servers of the sandbox.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence

import cases
import service
from figures import Figure, Ratio, show
from workload import W

GROUPS = ("sync", "large", "verify", "cpu", "memory", "growing", "start", "service")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sandbox", action="store_true", help="on the sandbox's servers in place of the real ones")
    parser.add_argument("--zones", type=int, help="so many equal zones in place of the workload W, for sync and verify")
    parser.add_argument("--records", type=int, default=20, help="of each of these zones")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument(
        "groups", nargs="*", choices=[*GROUPS, []], help="groups of cases; all but growing and service by default"
    )
    given = parser.parse_args()
    sizes = W if given.zones is None else [given.records] * given.zones
    where = "the sandbox" if given.sandbox else "the real NetBox and PowerDNS"
    for group in given.groups or [group for group in GROUPS if group not in {"growing", "service"}]:
        if group == "service":
            asyncio.run(_told(sandbox=given.sandbox))
            continue
        rows = asyncio.run(_measured(group, sizes, given.runs, sandbox=given.sandbox))
        show(
            rows,
            {
                "sync": f"{_named(sizes)}, on {where}; medians of {given.runs}",
                "large": f"on {where}",
                "verify": f"{_named(sizes)}, on {where}",
            }.get(group, ""),
        )


async def _measured(group: str, sizes: list[int], runs: int, *, sandbox: bool) -> Sequence[Ratio] | Sequence[Figure]:
    match group:
        case "sync":
            return await cases.syncs(sizes, runs, sandbox=sandbox)
        case "large":
            return await cases.large_zone(runs, sandbox=sandbox)
        case "verify":
            return await cases.verification(sizes, runs, sandbox=sandbox)
        case "cpu":
            return await asyncio.to_thread(cases.processor)
        case "memory":
            return await cases.memory()
        case "growing":
            return await cases.growing()
        case _:
            return await cases.start()


async def _told(*, sandbox: bool) -> None:
    """Print the service's cases as they are measured: all of them take a quarter of an hour."""
    async for figure in service.service(sandbox=sandbox):
        show([figure], "")


def _named(sizes: list[int]) -> str:
    return f"{'W: ' if sizes is W else ''}{len(sizes):,} zones, {sum(sizes):,} records"


if __name__ == "__main__":
    main()
