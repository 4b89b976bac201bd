"""A run over all zones of all targets: list both sides, read NetBox once, bring every zone, orphans last.

Every target has a *lane*: its zones side by side as far as its settings allow, whatever the other lanes do. NetBox is
read once for all of them, and no faster than they work; for a lane that is stuck its zones are read again later. A lane
that fails is reported, the others are done.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Mapping, Sequence

from netbox_pdns.errors import NetboxPdnsError
from netbox_pdns.planning.values import ZoneRef
from netbox_pdns.store.refusals import Refusals
from netbox_pdns.store.removed import RemovedRecords
from netbox_pdns.sync.events import Listener, TargetFailed, silent
from netbox_pdns.sync.lane import PATIENCE, Lane
from netbox_pdns.sync.outcome import SyncReport, SyncRequest, TargetReport
from netbox_pdns.sync.ports import Source
from netbox_pdns.sync.reconcile import Reconciler, Served


class Engine:
    """Runs syncs of the given targets from one source; *patience* is for how long others wait for one that is stuck."""

    def __init__(
        self,
        source: Source,
        targets: Sequence[Served],
        removed: RemovedRecords,
        refusals: Refusals,
        listener: Listener = silent,
        clock: Callable[[], float] = time.time,
        patience: float = PATIENCE,
    ) -> None:
        self._source = source
        self._targets = tuple(targets)
        self._removed = removed
        self._refusals = refusals
        self._tell = listener
        self._clock = clock
        self._patience = patience

    async def run(self, request: SyncRequest) -> SyncReport:
        """Carry *request* out and return what it came to.

        Raises the first lane's error where not a single target could be worked with.
        """
        started = time.monotonic()
        failed: dict[str, NetboxPdnsError] = {}
        lanes = await self._open(request, failed)
        if not lanes and failed:
            raise next(iter(failed.values()))
        for name, error in failed.items():
            self._tell(TargetFailed(name, error))
        await self._bring(lanes, failed)
        await self._end_orphans(lanes, failed)
        if not request.dry_run:
            await self._removed.prune()
            await self._refusals.save()
        reports = tuple(self._report(served.target.name, lanes, failed) for served in self._targets)
        return SyncReport(targets=reports, seconds=time.monotonic() - started, dry_run=request.dry_run)

    async def _open(self, request: SyncRequest, failed: dict[str, NetboxPdnsError]) -> dict[str, Lane]:
        lanes: dict[str, Lane] = {}

        async def open_one(served: Served) -> None:
            reconciler = Reconciler(
                self._source, served, self._removed, self._refusals, request, self._tell, self._clock
            )
            try:
                lanes[served.target.name] = await Lane.open(reconciler, self._tell)
            except NetboxPdnsError as error:
                failed[served.target.name] = error

        async with asyncio.TaskGroup() as group:
            for served in self._targets:
                group.create_task(open_one(served))
        for one, other in itertools.permutations(lanes.values(), 2):
            if one.server == other.server:
                one.refuse_doubles(other)
        return lanes

    async def _bring(self, lanes: Mapping[str, Lane], failed: dict[str, NetboxPdnsError]) -> None:
        refs = {ref.id: ref for lane in lanes.values() for ref in lane.wanted}
        async with asyncio.TaskGroup() as group:
            try:
                await self._dispatch(tuple(refs.values()), lanes, group)
            except NetboxPdnsError as error:  # NetBox cannot be read to the end; what is under way is finished
                for name in lanes:
                    self._fail(name, error, failed)
            else:
                for name, lane in lanes.items():
                    group.create_task(self._catch_up(name, lane, failed, group))

    async def _end_orphans(self, lanes: Mapping[str, Lane], failed: dict[str, NetboxPdnsError]) -> None:
        async def end(name: str, lane: Lane) -> None:
            try:
                await lane.end_orphans()
            except NetboxPdnsError as error:  # NetBox does not say why they go; what was brought stays brought
                self._fail(name, error, failed)

        async with asyncio.TaskGroup() as group:
            for name, lane in lanes.items():
                if name not in failed:
                    group.create_task(end(name, lane))

    async def _dispatch(self, refs: Sequence[ZoneRef], lanes: Mapping[str, Lane], group: asyncio.TaskGroup) -> None:
        """Hand every zone to the lanes that want it. One that is stuck waits for nobody and is waited for by nobody."""
        if not refs:
            return
        patience = self._patience if len(lanes) > 1 else None
        async for desired in self._source.read(refs):
            for lane in lanes.values():
                if not lane.wants(desired.ref):
                    continue
                if await lane.has_room(patience):
                    lane.start(desired, group)
                else:
                    lane.put_off(desired.ref)

    async def _catch_up(
        self, name: str, lane: Lane, failed: dict[str, NetboxPdnsError], group: asyncio.TaskGroup
    ) -> None:
        """Read again, for this lane alone, the zones that the others could not wait for."""
        await lane.has_room(None)
        try:
            if refs := lane.take_put_off():
                async for desired in self._source.read(refs):
                    await lane.has_room(None)
                    lane.start(desired, group)
        except NetboxPdnsError as error:
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
