"""What NetBox holds of a name, wanted or not: for telling why something is not served."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HeldZone:
    """A zone as NetBox holds it; `status` is NetBox's word, `active` whether it is served."""

    id: int
    name: str
    view: str
    url: str
    status: str
    active: bool


@dataclass(frozen=True, slots=True)
class HeldRecord:
    """A record as NetBox holds it: `value` as it is typed, `ttl` None for the zone's default.

    `active` tells whether it is wanted: its own status and its zone's. `expires` is NetBox's date, None without one.
    """

    id: int
    zone: int
    name: str
    type: str
    value: str
    ttl: int | None
    url: str
    status: str
    active: bool
    expires: str | None = None
