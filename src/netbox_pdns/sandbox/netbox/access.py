"""Who asks, and what they may: tokens of both versions, and permissions on kinds of objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from netbox_pdns.sandbox.netbox.filters import Test, tests
from netbox_pdns.sandbox.netbox.inventory import Inventory
from netbox_pdns.sandbox.netbox.objects import Kind
from netbox_pdns.sandbox.netbox.refusals import Refusal, detail, forbidden

EVERYTHING = "*"


@dataclass(frozen=True, slots=True)
class Permission:
    """What a token's user may do with one type of objects (`netbox_dns.record`; `*` is every type).

    `only` narrows it to the objects that a list with these filters would show: `{"name__isw": "a"}`.
    """

    object_type: str
    actions: frozenset[str] = frozenset({"view"})
    only: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Token:
    """An API token: what is sent after `Token ` (version 1), or `nbt_KEY.SECRET` after `Bearer ` (version 2)."""

    secret: str = field(repr=False)
    user: str
    permissions: tuple[Permission, ...]
    write_enabled: bool = True


def administrator(secret: str) -> Token:
    """Return a token whose user may do everything."""
    everything = Permission(EVERYTHING, frozenset({"view", "add", "change", "delete"}))
    return Token(secret, "admin", (everything,))


def recognised(header: str, tokens: Sequence[Token]) -> Token:
    """Return the token of an `Authorization` header; raises `Refusal`."""
    scheme, _, secret = header.partition(" ")
    if scheme not in {"Token", "Bearer"}:
        raise detail(403, "Authentication credentials were not provided.")
    for token in tokens:
        if token.secret == secret:
            return token
    raise detail(403, f"Invalid v{2 if secret.startswith('nbt_') else 1} token")


def allowed(token: Token, inventory: Inventory, kind: Kind, action: str) -> Test | None:
    """Return the test that objects pass which *token* may do *action* with, None for all; raises `Refusal` for none."""
    if action != "view" and not token.write_enabled:
        raise forbidden()
    granted = [
        permission
        for permission in token.permissions
        if permission.object_type in {kind.type, EVERYTHING} and action in permission.actions
    ]
    if not granted:
        raise forbidden()
    if any(not permission.only for permission in granted):
        return None
    options = [_narrowed(inventory, kind, permission) for permission in granted]
    return lambda row: any(all(test(row) for test in option) for option in options)


def _narrowed(inventory: Inventory, kind: Kind, permission: Permission) -> list[Test]:
    try:
        return tests(inventory, kind.name, {name: value.split(",") for name, value in permission.only.items()})
    except Refusal:  # what it is narrowed to is not there
        return [lambda _: False]
