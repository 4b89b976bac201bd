"""Zone names against the patterns that an operator types."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

_WILD = frozenset("*?[")


def plain_names(patterns: Iterable[str]) -> tuple[str, ...]:
    """Return *patterns* where each is the name of one zone, else nothing."""
    names = tuple(patterns)
    return () if any(name == "all" or _WILD & set(name) for name in names) else names


def matches(zone: str, patterns: Iterable[str]) -> bool:
    """Tell whether the canonical name *zone* fits one of *patterns* (`*`, `?`; `all`), final dot and case aside."""
    name = zone.rstrip(".")
    return any(pattern == "all" or fnmatchcase(name, pattern.rstrip(".").lower()) for pattern in patterns)
