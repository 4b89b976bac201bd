"""How errors are answered: in clean words, with what the answer does not say in the log."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from dataclasses import asdict
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from netbox_pdns.errors import ConfigurationError, ConflictError, DataError, NetboxPdnsError, TransientError
from netbox_pdns.service.context import service_of
from netbox_pdns.service.documents import Problem
from netbox_pdns.service.problems import MEDIA_TYPE, ProblemError, chain

_STATUS_OF: tuple[tuple[type[NetboxPdnsError], int], ...] = (
    (TransientError, 503),
    (ConflictError, 409),
    (ConfigurationError, 500),
    (DataError, 422),
)
"""What an error of ours means to a caller who asked well."""


def refused(request: Request, error: HTTPException) -> Response:
    """Answer a request that a route or the framework refused; why a route did goes to the log."""
    if error.__cause__ is not None:
        logger = service_of(request).logger
        logger.info("request refused", path=request.url.path, status=error.status_code, chain=chain(error))
    hint = error.hint if isinstance(error, ProblemError) else None
    return _answer(request, error.status_code, str(error.detail), hint=hint, headers=error.headers)


def invalid(request: Request, error: RequestValidationError) -> Response:
    """Answer a request whose parameters are wrong, naming each without the value that was given."""
    wrong = [f"{'.'.join(map(str, each['loc'][1:])) or each['loc'][0]}: {each['msg']}" for each in error.errors()]
    return _answer(request, 422, "; ".join(wrong), errors=tuple(wrong))


def ours(request: Request, error: NetboxPdnsError) -> Response:
    """Answer an error of ours: its words and its hint; what caused it goes to the log."""
    status = next((status for kind, status in _STATUS_OF if isinstance(error, kind)), 500)
    logger = service_of(request).logger
    logger.warning("request failed", path=request.url.path, status=status, chain=chain(error))
    seconds = getattr(error, "retry_after", None)
    headers = {} if seconds is None else {"Retry-After": str(max(1, round(seconds)))}
    return _answer(request, status, str(error), hint=error.hint, kind=error.kind, headers=headers)


def unexpected(request: Request, error: Exception) -> Response:
    """Answer an error that nobody foresaw: nothing of it is shown, all of it is logged."""
    trace = "".join(traceback.format_exception(error))
    logger = service_of(request).logger
    logger.error("request failed unexpectedly", path=request.url.path, chain=chain(error), trace=trace)
    return _answer(request, 500, "this is a fault of netbox-pdns; its log has the details")


HANDLERS: Mapping[type[Exception], Callable[[Request, Any], Response]] = MappingProxyType(
    {HTTPException: refused, RequestValidationError: invalid, NetboxPdnsError: ours}
)
"""What FastAPI calls for each kind of error."""


def _answer(
    request: Request,
    status: int,
    detail: str,
    *,
    hint: str | None = None,
    kind: str | None = None,
    errors: tuple[str, ...] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    title = HTTPStatus(status).phrase
    problem = Problem(title=title, status=status, detail=detail, kind=kind, hint=hint, errors=errors)
    clean = service_of(request).secrets.clean(asdict(problem))
    return JSONResponse(clean, status, dict(headers or {}), media_type=MEDIA_TYPE)
