"""How it is: for load balancers, orchestrators, people and Prometheus."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Depends
from prometheus_client.exposition import choose_encoder
from starlette.requests import Request
from starlette.responses import Response

from netbox_pdns.service import documents
from netbox_pdns.service import status as statuses
from netbox_pdns.service.context import KEYED, Context, problems, service_of
from netbox_pdns.service.gauges import BoardCollector, Together
from netbox_pdns.service.health import Health, judged
from netbox_pdns.service.problems import ProblemError

router = APIRouter(tags=["health"])


def _key_for_status(request: Request) -> None:
    service = service_of(request)
    if service.options.status_needs_key:
        service.access.check(request)


def _key_for_metrics(request: Request) -> None:
    service = service_of(request)
    if service.options.metrics_needs_key:
        service.access.check(request)


def _tasks() -> int:
    return len(asyncio.all_tasks())


@router.get("/health", responses={503: {"model": documents.Health}})
async def health(service: Context, response: Response) -> documents.Health:
    """How it is, in a word; `Degraded` alone is answered with 503."""
    found = judged(service.parts.board, service.now).health
    if found is Health.DEGRADED:
        response.status_code = 503
    return documents.Health(status=str(found))


@router.get("/livez", responses=problems(503))
async def livez(service: Context) -> documents.Alive:
    """Whether the process works; where it does not it is to be started anew."""
    if not service.parts.alive():
        raise ProblemError(503, "the keeper has ended; start the process anew")
    return documents.Alive(status="alive")


@router.get("/readyz", responses=problems(503))
async def readyz(service: Context) -> documents.Alive:
    """Whether requests are welcome: also while NetBox or a PowerDNS is down, for hints are kept until they are back."""
    if service.stopping.is_set():
        raise ProblemError(503, "the service stops")
    return documents.Alive(status="ready")


@router.get("/status", dependencies=[*KEYED, Depends(_key_for_status)], responses=problems(401, 403, 429))
async def status(service: Context) -> statuses.Status:
    """Everything at a glance."""
    return statuses.status(service.parts, service.now)


@router.get("/mqtt/status", dependencies=[*KEYED, Depends(_key_for_status)], responses=problems(401, 403, 429))
async def mqtt_status(service: Context) -> documents.MqttState:
    """How it stands with MQTT."""
    return service.parts.mqtt()


@router.get(
    "/metrics",
    dependencies=[*KEYED, Depends(_key_for_metrics)],
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}, **problems(401, 403, 429)},
    response_class=Response,
)
async def metrics(service: Context, request: Request) -> Response:
    """What Prometheus scrapes."""
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    board = service.parts.board
    gauges = BoardCollector(board, by_zone=service.options.metrics_by_zone, clock=board.clock, tasks=_tasks)
    return Response(encode(Together(service.parts.metrics.registry, gauges)), media_type=content_type)
