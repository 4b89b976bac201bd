"""Waiting for several things side by side, and working beside the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, ParamSpec, TypeVar

A = TypeVar("A")
B = TypeVar("B")
P = ParamSpec("P")

_LITTLE = 2_000
"""Records whose work, some 20 ms at most, is done on the event loop: a thread costs more than it saves for the smallest."""


async def off_the_loop(records: int, work: Callable[P, A], *args: P.args, **kwargs: P.kwargs) -> A:
    """Return what *work* on so many *records* comes to, done in a thread where it would hold up all else for long."""
    if records <= _LITTLE:
        return work(*args, **kwargs)
    return await asyncio.to_thread(work, *args, **kwargs)


async def both(one: Coroutine[Any, Any, A], other: Coroutine[Any, Any, B]) -> tuple[A, B]:
    """Return what the two come to; an error of either ends the other, and is raised as it is, without a group around it."""
    try:
        async with asyncio.TaskGroup() as group:
            first, second = group.create_task(one), group.create_task(other)
    except BaseExceptionGroup as errors:
        error = errors.exceptions[0]
    else:
        return first.result(), second.result()
    raise error  # out here, so that the group is not taken for its cause


async def gathered(works: Iterable[Coroutine[Any, Any, A]]) -> list[A]:
    """Return what all of *works* come to, in their order; an error of one ends the others, and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(work) for work in works]
    except BaseExceptionGroup as errors:
        error = errors.exceptions[0]
    else:
        return [task.result() for task in tasks]
    raise error
