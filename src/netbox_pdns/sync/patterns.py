"""Zone names against the patterns that an operator types."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase


def matches(zone: str, patterns: Iterable[str]) -> bool:
    """Tell whether the canonical name *zone* fits one of *patterns* (`*`, `?`; `all`), final dot and case aside."""
    name = zone.rstrip(".")
    return any(pattern == "all" or fnmatchcase(name, pattern.rstrip(".").lower()) for pattern in patterns)
