"""Requests that are refused, in the form that NetBox gives its refusals."""

from __future__ import annotations

from typing import Any


class Refusal(Exception):
    """A request that is answered with *status* and *body*."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body


def invalid(field: str, why: str) -> Refusal:
    """Return the refusal of one field's value; `__all__` is the object as a whole."""
    return Refusal(400, {field: [why]})


def detail(status: int, why: str) -> Refusal:
    """Return a refusal in a sentence."""
    return Refusal(status, {"detail": why})


def forbidden() -> Refusal:
    """Return the refusal of what the token's user may not do."""
    return detail(403, "You do not have permission to perform this action.")
