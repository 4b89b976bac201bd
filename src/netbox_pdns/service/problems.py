"""Every refusal as problem details (RFC 9457): clean words for the caller, the chain of causes for the log."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from structlog.typing import FilteringBoundLogger

from netbox_pdns.errors import ConfigurationError, ConflictError, DataError, NetboxPdnsError, TransientError
from netbox_pdns.redaction import Secrets
from netbox_pdns.service.documents import Problem

MEDIA_TYPE = "application/problem+json"
_STATUS_OF: tuple[tuple[type[NetboxPdnsError], int], ...] = (
    (TransientError, 503),
    (ConflictError, 409),
    (ConfigurationError, 500),
    (DataError, 422),
)
"""What an error of ours means to a caller who asked well."""


class ProblemError(HTTPException):
    """A request that is refused: with a status, words for people, and what to do."""

    def __init__(
        self, status: int, detail: str, *, hint: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status, detail, headers)
        self.hint = hint


@contextmanager
def not_found() -> Iterator[None]:
    """Take what is named within the block and cannot be (no domain name, a cursor of no page) for what is not there."""
    try:
        yield
    except DataError as error:
        raise ProblemError(404, str(error), hint=error.hint) from error


def chain(error: BaseException) -> str:
    """Return *error* and what caused it, on one line, for the log."""
    parts: list[str] = []
    cause: BaseException | None = error
    while cause is not None:
        parts.append(f"{type(cause).__name__}: {cause}")
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return " <- ".join(parts)


@dataclass(frozen=True, slots=True)
class Refusals:
    """Turns errors into answers, and writes down what the answer does not say."""

    logger: FilteringBoundLogger
    secrets: Secrets

    def handlers(self) -> Mapping[type[Exception], Callable[[Request, Any], Response]]:
        """Return what FastAPI calls for each kind of error."""
        return {HTTPException: self.refused, RequestValidationError: self.invalid, NetboxPdnsError: self.ours}

    def refused(self, request: Request, error: HTTPException) -> Response:
        """Answer a request that a route or the framework refused; why a route did goes to the log."""
        if error.__cause__ is not None:
            status = error.status_code
            self.logger.info("request refused", path=request.url.path, status=status, chain=chain(error))
        hint = error.hint if isinstance(error, ProblemError) else None
        return self._answer(error.status_code, str(error.detail), hint=hint, headers=error.headers)

    def invalid(self, request: Request, error: RequestValidationError) -> Response:
        """Answer a request whose parameters are wrong, naming each without the value that was given."""
        wrong = [f"{'.'.join(map(str, each['loc'][1:])) or each['loc'][0]}: {each['msg']}" for each in error.errors()]
        return self._answer(422, "; ".join(wrong), errors=tuple(wrong))

    def ours(self, request: Request, error: NetboxPdnsError) -> Response:
        """Answer an error of ours: its words and its hint; what caused it goes to the log."""
        status = next((status for kind, status in _STATUS_OF if isinstance(error, kind)), 500)
        self.logger.warning("request failed", path=request.url.path, status=status, chain=chain(error))
        seconds = getattr(error, "retry_after", None)
        headers = {} if seconds is None else {"Retry-After": str(max(1, round(seconds)))}
        return self._answer(status, str(error), hint=error.hint, kind=error.kind, headers=headers)

    def unexpected(self, path: str, error: Exception) -> Response:
        """Answer an error that nobody foresaw: nothing of it is shown, all of it is logged."""
        trace = "".join(traceback.format_exception(error))
        self.logger.error("request failed unexpectedly", path=path, chain=chain(error), trace=trace)
        return self._answer(500, "this is a fault of netbox-pdns; its log has the details")

    def _answer(
        self,
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
        return JSONResponse(self.secrets.clean(asdict(problem)), status, dict(headers or {}), media_type=MEDIA_TYPE)
