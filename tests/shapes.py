"""What a JSON Schema promises to who reads documents: which fields there are, and of which types. Pure.

A document's shape stays under its number: fields may come, and values of an enumeration; no field may go, be missing now and
then, or be of a type that it was not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

Shape: TypeAlias = dict[str, list[str]]
"""The types of each place (`targets[].zones[].name`), sorted; `missing` is one of a field that need not be there."""


def shape(schema: Mapping[str, Any]) -> Shape:
    """Return what *schema*, which must not refer to itself, says of every place."""
    found: dict[str, set[str]] = {}
    for place, type in _places(schema, schema, ""):
        found.setdefault(place, set()).add(type)
    return {place: sorted(found[place]) for place in sorted(found)}


def broken(promised: Shape, now: Shape) -> list[str]:
    """Return what of *promised* does not hold any more, in words."""
    said = []
    for place, types in promised.items():
        new = [each for each in now.get(place, ()) if each not in types]
        if place not in now:
            said.append(f"{place} is gone")
        elif new:
            said.append(f"{place} may be {' or '.join(new)} now")
    return said


def _places(whole: Mapping[str, Any], part: Mapping[str, Any], place: str) -> Iterator[tuple[str, str]]:
    if "$ref" in part:
        yield from _places(whole, whole["$defs"][part["$ref"].rpartition("/")[2]], place)
        return
    for each in part.get("anyOf", ()):
        yield from _places(whole, each, place)
    if "const" in part:
        yield place, f"= {part['const']}"
    elif "anyOf" not in part:
        yield place, str(part.get("type", "anything"))
    for name, field in part.get("properties", {}).items():
        inner = f"{place}.{name}" if place else name
        if name not in part.get("required", ()):
            yield inner, "missing"
        yield from _places(whole, field, inner)
    if isinstance(items := part.get("items"), Mapping):
        yield from _places(whole, items, f"{place}[]")
    if isinstance(values := part.get("additionalProperties"), Mapping):
        yield from _places(whole, values, f"{place}.*")
