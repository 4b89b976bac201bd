"""Targets, changes, explanations; and what people can have done."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from netbox_pdns.dns.names import canonical_name
from netbox_pdns.dns.rdata import canonical_type
from netbox_pdns.service import as_documents, documents
from netbox_pdns.service.context import KEYED, Context, KeyedRoute, problems
from netbox_pdns.service.documents import moment
from netbox_pdns.service.problems import not_found
from netbox_pdns.service.queries import EACH_ONCE
from netbox_pdns.service.routes.zones import known_target
from netbox_pdns.sync.explanation import Explanation
from netbox_pdns.sync.hints import Cause, Trigger

router = APIRouter(prefix="/api/v1", route_class=KeyedRoute, dependencies=KEYED)


@router.get("/targets", tags=["targets"], responses=problems(401, 403, 429))
async def targets(service: Context) -> documents.Targets:
    """Every PowerDNS: its queue, its circuit breaker, what went wrong last."""
    board = service.parts.board
    return documents.Targets(
        targets=tuple(as_documents.target(board.target(name), board.counts.get(name)) for name in sorted(board.targets))
    )


@router.get("/changes", tags=["changes"], dependencies=EACH_ONCE, responses=problems(401, 403, 404, 422, 429, 503))
async def changes(
    service: Context,
    zone: Annotated[str | None, Query(description="A zone's name.", max_length=300)] = None,
    target: Annotated[str | None, Query(description="A target's name.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: Annotated[str | None, Query(description="`next` of the page before.", max_length=1000)] = None,
) -> documents.ChangePage:
    """What was applied, newest first, each with what led to it and when it was edited, applied and served."""
    with not_found():
        name = None if zone is None else canonical_name(zone)
        page = await service.parts.receipts.page(before=cursor, limit=limit, target=target, zone=name)
    return documents.ChangePage(changes=tuple(map(as_documents.change, page.receipts)), next=page.following)


@router.get(
    "/explain", tags=["explain"], dependencies=EACH_ONCE, responses=problems(401, 403, 404, 409, 422, 429, 500, 503)
)
async def explain(
    service: Context,
    name: Annotated[str, Query(description="A domain name.", max_length=300)],
    type: Annotated[str | None, Query(description="A record type; without it, all that there are.")] = None,
) -> Explanation:
    """The story of a name: what NetBox wants, what each target has, what DNS answers, and why they differ."""
    with not_found():
        asked = canonical_name(name), None if type is None else canonical_type(type.upper())
    return await service.parts.explain(*asked)


@router.post("/sync", tags=["work"], status_code=202, responses=problems(400, 401, 403, 404, 408, 413, 422, 429))
async def sync(service: Context, asked: documents.SyncAsked | None = None) -> documents.Accepted:
    """Have all zones looked at, on every target or on one."""
    asked = asked or documents.SyncAsked()
    known_target(service, asked.target)
    now = service.now
    service.parts.hints.look_everywhere(asked.depth, Cause(Trigger.PEOPLE, came=now), asked.target)
    return documents.Accepted(accepted=moment(now), hints=1)


@router.post("/source/accept", tags=["work"], status_code=202, responses=problems(401, 403, 409, 429, 503))
async def accept_source(service: Context) -> documents.Accepted:
    """Take NetBox as it is now, where everything is held because it went back: a backup, another database."""
    now = service.now
    await service.parts.accept_source()
    return documents.Accepted(accepted=moment(now), hints=0)
