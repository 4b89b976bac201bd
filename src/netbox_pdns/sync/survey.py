"""Which zones need a look, told by the two lists alone: no content is read.

A zone whose serials are as they were when both sides were last found equal needs none, as long as edits are found by
their change-log entries. That a serial stands still proves nothing by itself (two edits in a second leave it where it was,
and some zones never move it), which is what the content passes are for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from netbox_pdns.planning.values import TargetZone, ZoneRef
from netbox_pdns.planning.zones import pair
from netbox_pdns.resilience.together import both
from netbox_pdns.sync.board import Board, Condition
from netbox_pdns.sync.ports import Source
from netbox_pdns.sync.reconcile import Served

_SETTLED = frozenset({Condition.EQUAL, Condition.FOREIGN})


async def differing(source: Source, served: Served, board: Board) -> tuple[str, ...]:
    """Return the canonical names of the zones of a target that need a look; raises what reading the lists raises."""
    refs, listed = await both(source.zones(served.settings.selection), served.target.zones())
    return tuple(sorted(_needing(refs, listed, served, board)))


def _needing(refs: Sequence[ZoneRef], listed: Sequence[TargetZone], served: Served, board: Board) -> Iterator[str]:
    target, pairs = served.target, pair(refs, listed, served.target.mark)
    for ref, line in pairs.wanted:
        state = board.zone(target.name, ref.name)
        if (
            state.condition not in _SETTLED
            or line is None
            or (line.account == target.mark) is (state.condition is Condition.FOREIGN)
            or ref.serial != state.source_serial
            or served_serial(line) != state.served_serial
        ):
            yield ref.name
    yield from (zone.name for zone in pairs.orphaned)


def served_serial(line: TargetZone) -> int:
    """Return the serial that secondaries see."""
    return line.serial if line.served_serial is None else line.served_serial
