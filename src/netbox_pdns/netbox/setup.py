"""What NetBox needs for us: a webhook with its event rule, and a user that may view what we read, with a token.

It is described as objects that are to be there; the steps are what of that is not there yet. Everything is found by its
name, so that a second time there is nothing to do, and all of it can be removed.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from netbox_pdns.errors import DataError
from netbox_pdns.netbox.administration import Administration, Row
from netbox_pdns.netbox.client import Query

EVENTS_OF = ("netbox_dns.nameserver", "netbox_dns.record", "netbox_dns.view", "netbox_dns.zone")
"""Of these object types each creation, change and deletion is told."""
VIEWED = (
    "core.objectchange",
    "extras.tag",
    "netbox_dns.nameserver",
    "netbox_dns.record",
    "netbox_dns.view",
    "netbox_dns.zone",
    "tenancy.tenant",
)
"""What we read: zones and records, what zones are selected by, and the change log."""
WEBHOOK_PATH = "/webhooks/netbox"

Kind: TypeAlias = Literal["webhook", "event rule", "user", "permission", "token"]
Action: TypeAlias = Literal["add", "change", "keep", "remove"]
Ids: TypeAlias = Mapping[str, int]
"""Ids of the objects that are there, by kind."""


@dataclass(frozen=True, slots=True)
class SetupRequest:
    """What is to be set up for the installation *instance*: NetBox tells the service at `service_url`."""

    instance: str
    service_url: str
    webhook_secret: str = field(repr=False)
    verify_tls: bool = True
    """Whether NetBox verifies the service's certificate."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One object that is to be there.

    `fields` are kept as they are here, given the ids of the objects before it; `once` is given when it is made, and never
    compared. `told` is what it is for, in words; `there` is what to say of one that is there already.
    """

    kind: Kind
    name: str
    path: str
    query: Callable[[Ids], Query | None]
    """How it is looked for; None where what it belongs to is not there."""
    named_by: str
    fields: Callable[[Ids], Mapping[str, object]]
    told: str
    there: str = ""
    once: Mapping[str, object] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Step:
    """What is to be done with the object of one wish; `fields` are the names of those that are otherwise."""

    action: Action
    wish: Wish
    number: int | None = None
    fields: tuple[str, ...] = ()


def of_webhook(request: SetupRequest) -> tuple[Wish, ...]:
    """Return the webhook and its event rule."""
    name = f"netbox-pdns {request.instance}"
    webhook: Mapping[str, object] = {
        "name": name,
        "payload_url": request.service_url.rstrip("/") + WEBHOOK_PATH,
        "http_method": "POST",
        "http_content_type": "application/json",
        "additional_headers": "",
        "body_template": "",
        "secret": request.webhook_secret,
        "ssl_verification": request.verify_tls,
    }
    events = ["object_created", "object_deleted", "object_updated"]

    def rule(ids: Ids) -> Mapping[str, object]:
        return {
            "name": name,
            "enabled": True,
            "object_types": list(EVENTS_OF),
            "event_types": events,
            "conditions": None,
            "action_type": "webhook",
            "action_object_type": "extras.webhook",
            "action_object_id": ids.get("webhook", 0),
        }

    verified = "" if request.verify_tls else ", its certificate not verified"
    return (
        Wish(
            "webhook", name, "/api/extras/webhooks/", _by_name(name), "name", lambda _: webhook,
            f"POST {webhook['payload_url']}, signed{verified}",
        ),
        Wish(
            "event rule", name, "/api/extras/event-rules/", _by_name(name), "name", rule,
            f"tells it of each creation, change and deletion of {', '.join(EVENTS_OF)}",
        ),
    )  # fmt: skip


def of_user(instance: str) -> tuple[Wish, ...]:
    """Return a user that may view what we read and do nothing else, and its token."""
    name, username = f"netbox-pdns {instance}", f"netbox-pdns-{instance}"

    def permission(ids: Ids) -> Mapping[str, object]:
        types = list(VIEWED)
        return {
            "name": name, "enabled": True, "object_types": types, "actions": ["view"], "users": [ids.get("user", 0)]
        }  # fmt: skip

    def token(ids: Ids) -> Mapping[str, object]:
        return {"user": ids.get("user", 0), "description": name, "write_enabled": False}

    return (
        Wish(
            "user", username, "/api/users/users/", lambda _: [("username", username)], "username",
            lambda _: {"username": username, "is_active": True},
            "with a password that nobody knows",
            # letters of both cases and a digit, whatever rules NetBox has for passwords
            once={"password": f"{secrets.token_urlsafe(32)}aA1!"},
        ),
        Wish(
            "permission", name, "/api/users/permissions/", _by_name(name), "name", permission,
            f"lets it view {', '.join(VIEWED)}",
        ),
        Wish(
            "token", name, "/api/users/tokens/",
            lambda ids: [("user_id", ids["user"])] if "user" in ids else None, "description", token,
            "of that user, to read with; it is shown once",
            "where nobody has it any more, remove it in NetBox and run this again",
        ),
    )  # fmt: skip


async def find(netbox: Administration, wishes: Sequence[Wish]) -> Mapping[str, Row]:
    """Return those of the *wishes* that are there, by kind; raises `ForbiddenError`."""
    found: dict[str, Row] = {}
    for wish in wishes:
        query = wish.query({kind: row["id"] for kind, row in found.items()})
        rows = [] if query is None else await netbox.found(wish.path, query)
        if named := [row for row in rows if row.get(wish.named_by) == wish.name]:
            found[wish.kind] = named[0]
    return found


def steps_to_make(wishes: Sequence[Wish], found: Mapping[str, Row]) -> tuple[Step, ...]:
    """Return what is to be done that all *wishes* are there as they are to be, in order."""
    ids = {kind: row["id"] for kind, row in found.items()}
    return tuple(_step(wish, found.get(wish.kind), ids) for wish in wishes)


def steps_to_remove(wishes: Sequence[Wish], found: Mapping[str, Row]) -> tuple[Step, ...]:
    """Return what is to be done that none of the *wishes* is there, in order: what belongs to another goes before it."""
    return tuple(Step("remove", wish, found[wish.kind]["id"]) for wish in reversed(wishes) if wish.kind in found)


async def take(
    netbox: Administration,
    steps: Sequence[Step],
    found: Mapping[str, Row],
    done: Callable[[Step], None] = lambda step: None,
) -> str | None:
    """Take the *steps*, *done* told of each one that was; return the token where one was made.

    What it ends with on the way stays, and is found the next time.
    """
    ids = {kind: int(row["id"]) for kind, row in found.items()}
    token = None
    for step in steps:
        wish = step.wish
        if step.action == "add":
            row = await _added(netbox, wish, {**wish.fields(ids), **wish.once})
            ids[wish.kind] = row["id"]
            token = token_of(row) if wish.kind == "token" else token
        elif step.action == "change" and step.number is not None:
            fields = wish.fields(ids)
            await netbox.change(wish.path, step.number, {name: fields[name] for name in step.fields})
        elif step.action == "remove" and step.number is not None:
            await netbox.remove(wish.path, step.number)
        done(step)
    return token


async def _added(netbox: Administration, wish: Wish, fields: Mapping[str, object]) -> Row:
    try:
        return await netbox.add(wish.path, fields)
    except DataError:
        if wish.kind != "token":
            raise
        return await netbox.add(wish.path, {**fields, "version": 1})  # a NetBox without API_TOKEN_PEPPERS


def _step(wish: Wish, row: Row | None, ids: Ids) -> Step:
    if row is None:
        return Step("add", wish)
    wanted = wish.fields(ids)
    otherwise = tuple(name for name, value in wanted.items() if _plain(row.get(name)) != _plain(value))
    return Step("change" if otherwise else "keep", wish, row["id"], otherwise)


def _plain(value: Any) -> Any:
    """Return what NetBox shows of a field as it is written: a choice by its value, an object by its id, lists sorted."""
    match value:
        case {"value": choice}:
            return choice
        case {"id": number}:
            return number
        case list() | tuple():
            return sorted(map(_plain, value))
        case _:
            return value


def _by_name(name: str) -> Callable[[Ids], Query]:
    return lambda _: [("name", name)]


def token_of(row: Row) -> str:
    """Return the token of a row as it is used: of version 2 with its key; before NetBox 4.5 the key is the token."""
    if _plain(row.get("version")) == 2:
        return f"nbt_{row['key']}.{row['token']}"
    return str(row.get("token") or row["key"])
