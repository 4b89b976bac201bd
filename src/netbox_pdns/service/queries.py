"""What holds for the query of every request."""

from __future__ import annotations

from collections import Counter

from fastapi import Depends
from fastapi.exceptions import RequestValidationError
from starlette.requests import Request


async def _each_once(request: Request) -> None:
    """Refuse a parameter that is given twice: none of ours is a list, and which of the two is meant is not ours to say."""
    given = Counter(name for name, _ in request.query_params.multi_items())
    if twice := [name for name, count in given.items() if count > 1]:
        raise RequestValidationError([{"loc": ("query", name), "msg": "given more than once"} for name in twice])


EACH_ONCE = [Depends(_each_once)]
