"""Every refusal as problem details (RFC 9457): clean words for the caller, the chain of causes for the log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from starlette.exceptions import HTTPException

from netbox_pdns.errors import DataError, chained

MEDIA_TYPE = "application/problem+json"


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
    return " <- ".join(f"{type(each).__name__}: {each}" for each in chained(error))
