"""Somewhere for triggers to leave hints, that a test can look into."""

from __future__ import annotations

from dataclasses import dataclass, field

from netbox_pdns.sync.hints import Cause, Depth, Hint, Scope


@dataclass
class NotedHints:
    """Hints as they came."""

    looks: list[Hint] = field(default_factory=list)
    passes: list[tuple[Depth, Cause]] = field(default_factory=list)

    def look(self, hint: Hint) -> None:
        self.looks.append(hint)

    def look_everywhere(self, depth: Depth, cause: Cause, target: str | None = None) -> None:
        assert target is None
        self.passes.append((depth, cause))

    @property
    def scopes(self) -> dict[str, Scope]:
        """What is to be looked at, by zone."""
        found: dict[str, Scope] = {}
        for hint in self.looks:
            found[hint.zone] = found[hint.zone] | hint.scope if hint.zone in found else hint.scope
        return found

    @property
    def text(self) -> list[str]:
        """The same as lines: `ZONE`, or `ZONE: NAME TYPE, ...`; `everywhere DEPTH`."""
        lines = [f"everywhere {depth}" for depth, _ in self.passes]
        for zone, scope in sorted(self.scopes.items()):
            keys = ", ".join(sorted(f"{name} {type}" for name, type in scope.rrsets or ()))
            lines.append(zone if scope.is_whole else f"{zone}: {keys}")
        return sorted(lines)
