"""Zones: how each stands on every target; and looking at one."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

from fastapi import APIRouter, Query

from netbox_pdns.dns.names import canonical_name
from netbox_pdns.service import as_documents, documents
from netbox_pdns.service.context import KEYED, Context, KeyedRoute, Service, problems
from netbox_pdns.service.documents import moment
from netbox_pdns.service.paging import cursor_of, position_of
from netbox_pdns.service.problems import ProblemError, not_found
from netbox_pdns.service.queries import EACH_ONCE
from netbox_pdns.sync.board import Condition
from netbox_pdns.sync.hints import Cause, Hint, Trigger
from netbox_pdns.sync.patterns import matches

router = APIRouter(tags=["zones"], prefix="/api/v1", route_class=KeyedRoute, dependencies=KEYED)


@router.get("/zones", dependencies=EACH_ONCE, responses=problems(401, 403, 404, 422, 429))
async def zones(
    service: Context,
    zone: Annotated[str | None, Query(description="A name, or a pattern with `*` and `?`.", max_length=300)] = None,
    target: Annotated[str | None, Query(description="A target's name.")] = None,
    condition: Annotated[Condition | None, Query(description="How they stand.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: Annotated[str | None, Query(description="`next` of the page before.", max_length=1000)] = None,
) -> documents.ZonePage:
    """How zones stand on each target, sorted by name and target."""
    with not_found():
        after = ("", "") if cursor is None else position_of(cursor, 2)
    found = (
        state
        for state in service.parts.board.zones()
        if (state.zone, state.target) > after
        and (zone is None or matches(state.zone, (zone,)))
        and (target is None or state.target == target)
        and (condition is None or state.condition is condition)
    )
    page = tuple(islice(found, limit + 1))
    more = len(page) > limit
    last = page[limit - 1] if more else None
    return documents.ZonePage(
        zones=tuple(map(as_documents.zone_row, page[:limit])),
        next=None if last is None else cursor_of((last.zone, last.target)),
    )


# RFC 2317 names have a slash, so a name takes the rest of the path.
@router.post("/zones/{zone:path}/sync", status_code=202, responses=problems(400, 401, 403, 404, 408, 413, 422, 429))
async def sync_zone(zone: str, service: Context, asked: documents.ZoneSyncAsked | None = None) -> documents.Accepted:
    """Have one zone looked at, on every target or on one."""
    with not_found():
        name = canonical_name(zone)
    target = None if asked is None else asked.target
    known_target(service, target)
    now = service.now
    service.parts.hints.look(Hint(name, Cause(Trigger.PEOPLE, came=now), target=target))
    return documents.Accepted(accepted=moment(now), hints=1)


@router.get("/zones/{zone:path}", responses=problems(401, 403, 404, 422, 429))
async def zone(zone: str, service: Context) -> documents.Zone:
    """How one zone stands on each target: what is held, what is left out and why."""
    with not_found():
        name = canonical_name(zone)
    found = tuple(state for state in service.parts.board.zones() if state.zone == name)
    if not found:
        raise ProblemError(404, f"{name} is on no target", hint="a zone is known when it was first looked at")
    return documents.Zone(zone=name, targets=tuple(map(as_documents.zone_on_target, found)))


def known_target(service: Service, target: str | None) -> None:
    """Refuse the name of a *target* that there is not."""
    targets = service.parts.board.targets
    if target is not None and target not in targets:
        raise ProblemError(404, f"there is no target {target!r}", hint=f"the targets are {', '.join(sorted(targets))}")
