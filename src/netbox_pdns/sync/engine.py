"""A run over all zones of all targets: list both sides, read NetBox once, bring every zone, orphans last.

Every target has a *lane*: its zones side by side as far as its settings allow, whatever the other lanes do. NetBox is
read once for all of them, and no faster than they work; for a lane that is stuck, or that could not be listed in time, its
zones are read again later. A lane that fails is reported, the others are done.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from netbox_pdns.errors import NetboxPdnsError
from netbox_pdns.planning.values import ZoneRef
from netbox_pdns.store.kept import Kept
from netbox_pdns.sync.events import Listener, TargetFailed, silent
from netbox_pdns.sync.lane import PATIENCE, Lane, server_of
from netbox_pdns.sync.outcome import SyncReport, SyncRequest, TargetReport
from netbox_pdns.sync.ports import Removals, Source
from netbox_pdns.sync.reconcile import UNCOUNTED, Reconciler, Served
from netbox_pdns.sync.turns import UNSHARED, Turns


class Engine:
    """Runs syncs of the given targets from one source; *patience* is for how long others wait for one that is stuck."""

    def __init__(
        self,
        source: Source,
        targets: Sequence[Served],
        kept: Kept,
        listener: Listener = silent,
        clock: Callable[[], float] = time.time,
        counts: Removals = UNCOUNTED,
        turns: Turns = UNSHARED,
        patience: float = PATIENCE,
    ) -> None:
        self._source = source
        self._targets = tuple(targets)
        self._kept = kept
        self._tell = listener
        self._clock = clock
        self._counts = counts
        self._turns = turns
        self._patience = patience

    async def run(self, request: SyncRequest) -> SyncReport:
        """Carry *request* out and return what it came to.

        Raises the first lane's error where not a single target could be worked with.
        """
        started = time.monotonic()
        lanes: dict[str, Lane] = {}
        failed: dict[str, NetboxPdnsError] = {}
        try:
            await self._work(request, lanes, failed)
        finally:
            if request.is_of_all:
                await self._source.give_up()
        if not lanes and failed:
            raise next(iter(failed.values()))
        if not request.dry_run:
            await self._kept.save()
        reports = tuple(self._report(served.target.name, lanes, failed) for served in self._targets)
        return SyncReport(targets=reports, seconds=time.monotonic() - started, dry_run=request.dry_run)

    async def _work(self, request: SyncRequest, lanes: dict[str, Lane], failed: dict[str, NetboxPdnsError]) -> None:
        """Open all lanes, and bring the zones of each; those that fail are left in *failed*."""
        async with asyncio.TaskGroup() as group:
            opening = {group.create_task(self._open(each, request, lanes, failed)): each for each in self._by_server()}
            late = await _listed(opening, lanes, self._patience)
            if lanes:
                for name, error in failed.items():
                    self._tell(TargetFailed(name, error))
                for task in late:
                    group.create_task(self._join(task, opening[task], lanes, failed, group))
                await self._bring(dict(lanes), failed, group)

    def _by_server(self) -> Iterable[Sequence[Served]]:
        """Return the targets, those of one server together: which zones two of them want is known when all are listed."""
        found: dict[tuple[str, str], list[Served]] = defaultdict(list)
        for served in self._targets:
            found[server_of(served.settings)].append(served)
        return found.values()

    async def _open(
        self,
        together: Sequence[Served],
        request: SyncRequest,
        lanes: dict[str, Lane],
        failed: dict[str, NetboxPdnsError],
    ) -> None:
        """Open the lanes of the targets of one server, all at once."""
        opened: dict[str, Lane] = {}

        async def open_one(served: Served) -> None:
            reconciler = Reconciler(
                self._source,
                served,
                self._kept,
                request,
                self._tell,
                self._clock,
                self._counts,
                self._turns,
            )
            try:
                opened[served.target.name] = await Lane.open(reconciler, self._tell)
            except NetboxPdnsError as error:
                failed[served.target.name] = error

        async with asyncio.TaskGroup() as group:
            for served in together:
                group.create_task(open_one(served))
        for one, other in itertools.permutations(opened.values(), 2):
            one.refuse_doubles(other)
        lanes |= opened

    async def _join(
        self,
        opening: asyncio.Task[None],
        together: Sequence[Served],
        lanes: Mapping[str, Lane],
        failed: dict[str, NetboxPdnsError],
        group: asyncio.TaskGroup,
    ) -> None:
        """Begin with the lanes of one server that were not there when the others began; NetBox is read again for them."""
        await opening
        for name in (served.target.name for served in together):
            if name in failed:
                self._tell(TargetFailed(name, failed[name]))
            else:
                for ref in lanes[name].wanted:
                    lanes[name].put_off(ref)
                group.create_task(self._finish(name, lanes[name], failed, group))

    async def _bring(
        self, lanes: Mapping[str, Lane], failed: dict[str, NetboxPdnsError], group: asyncio.TaskGroup
    ) -> None:
        refs = {ref.id: ref for lane in lanes.values() for ref in lane.wanted}
        try:
            await self._dispatch(tuple(refs.values()), lanes, group)
        except NetboxPdnsError as error:  # NetBox cannot be read to the end; what is under way is finished
            for name in lanes:
                self._fail(name, error, failed)
        else:
            for name, lane in lanes.items():
                group.create_task(self._finish(name, lane, failed, group))

    async def _dispatch(self, refs: Sequence[ZoneRef], lanes: Mapping[str, Lane], group: asyncio.TaskGroup) -> None:
        """Hand every zone to the lanes that want it. One that is stuck waits for nobody and is waited for by nobody."""
        if not refs:
            return
        patience = self._patience if len(lanes) > 1 else None
        ahead = [group.create_task(lane.read_ahead()) for lane in lanes.values()]
        try:
            async for desired in self._source.read(refs):
                _end(ahead)  # from now on the lanes have work
                for lane in lanes.values():
                    if not lane.wants(desired.ref):
                        continue
                    if await lane.has_room(patience):
                        lane.start(desired, group)
                    else:
                        lane.put_off(desired.ref)
        finally:
            _end(ahead)

    async def _finish(
        self, name: str, lane: Lane, failed: dict[str, NetboxPdnsError], group: asyncio.TaskGroup
    ) -> None:
        """Read again, for this lane alone, the zones that the others could not wait for; then end its orphans."""
        await lane.has_room(None)
        try:
            if refs := lane.take_put_off():
                async for desired in self._source.read(refs):
                    await lane.has_room(None)
                    lane.start(desired, group)
            await lane.idle()
            await lane.end_orphans()
        except NetboxPdnsError as error:  # NetBox does not give them, or does not say why zones go; the rest is done
            self._fail(name, error, failed)

    def _fail(self, target: str, error: NetboxPdnsError, failed: dict[str, NetboxPdnsError]) -> None:
        failed[target] = error
        self._tell(TargetFailed(target, error))

    @staticmethod
    def _report(name: str, lanes: Mapping[str, Lane], failed: Mapping[str, NetboxPdnsError]) -> TargetReport:
        lane = lanes.get(name)
        if lane is None:
            return TargetReport(name=name, error=failed.get(name))
        return lane.report(failed.get(name))


def _end(tasks: list[asyncio.Task[None]]) -> None:
    while tasks:
        tasks.pop().cancel()


async def _listed(
    opening: Iterable[asyncio.Task[None]], lanes: Mapping[str, Lane], patience: float
) -> set[asyncio.Task[None]]:
    """Wait until all lanes are open; one that takes *patience* seconds longer than the first is returned."""
    started = time.monotonic()
    late = set(opening)
    while late and not lanes:
        _, late = await asyncio.wait(late, return_when=asyncio.FIRST_COMPLETED)
    if late:
        _, late = await asyncio.wait(late, timeout=patience + time.monotonic() - started)
    return late
