"""What `netbox-pdns check` finds out before anything is touched: one value a question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Probe:
    """The answer to one question, with the mend where it is not well."""

    name: str
    state: Literal["ok", "warning", "failed"]
    detail: str
    hint: str | None = None
