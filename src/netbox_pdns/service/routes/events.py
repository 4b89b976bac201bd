"""What happens, as it happens: server-sent events."""

from __future__ import annotations

from collections.abc import AsyncIterator

from fastapi import APIRouter
from starlette.responses import StreamingResponse

from netbox_pdns.service.context import KEYED, Context, KeyedRoute, Service, problems
from netbox_pdns.service.events import MOST_READERS, Message, as_text
from netbox_pdns.service.problems import ProblemError

HEARTBEAT = 15.0
"""Seconds after which a reader is shown that the connection stands."""
router = APIRouter(tags=["events"], prefix="/api/v1", route_class=KeyedRoute, dependencies=KEYED)


@router.get(
    "/events",
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}, **problems(401, 403, 429, 503)},
    response_class=StreamingResponse,
)
async def events(service: Context) -> StreamingResponse:
    """Tell what happens from now on: `zone`, `target` and `change`, each with what the API answers of it; and `lost`.

    A reader that is too slow loses the oldest, and is told how many they were.
    """
    if service.parts.events.readers >= MOST_READERS:
        raise ProblemError(503, f"{MOST_READERS} readers listen already", headers={"Retry-After": "30"})
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_told(service), media_type="text/event-stream", headers=headers)


async def _told(service: Service) -> AsyncIterator[str]:
    with service.parts.events.subscribe() as reader:
        yield ": listening\n\n"
        while not reader.ended:
            message = await reader.next(HEARTBEAT)
            if message is not None:
                yield as_text(Message(message.number, message.kind, service.secrets.clean(dict(message.data))))
            elif not reader.ended:
                yield ": still here\n\n"
