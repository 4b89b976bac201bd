"""What is set up in NetBox: which steps lead there from what is found, and how its answers are read."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from netbox_pdns.errors import ConfigurationError, DataError, NetboxPdnsError, TransientError
from netbox_pdns.netbox.administration import Administration, ForbiddenError
from netbox_pdns.netbox.setup import (
    VIEWED,
    SetupRequest,
    of_user,
    of_webhook,
    steps_to_make,
    steps_to_remove,
    take,
    token_of,
)
from netbox_pdns.sandbox.serving import serving
from netbox_pdns.settings import NetBoxSettings

SECRET = "canary-e3b0c44298fc1c14"
WISHES = (*of_webhook(SetupRequest("x", "https://s.example/below/", SECRET)), *of_user("x"))


def there(**otherwise: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return all objects as NetBox 4.7 shows them, some fields of the kinds in *otherwise* otherwise."""
    rows: dict[str, dict[str, Any]] = {
        "webhook": {
            "id": 1, "name": "netbox-pdns x", "payload_url": "https://s.example/below/webhooks/netbox",
            "http_method": "POST", "http_content_type": "application/json", "additional_headers": "",
            "body_template": "", "secret": SECRET, "ssl_verification": True, "tags": [],
        },
        "event rule": {
            "id": 2, "name": "netbox-pdns x", "enabled": True, "conditions": None,
            "object_types": ["netbox_dns.zone", "netbox_dns.view", "netbox_dns.record", "netbox_dns.nameserver"],
            "event_types": ["object_created", "object_updated", "object_deleted"],
            "action_type": {"value": "webhook", "label": "Webhook"}, "action_object_type": "extras.webhook",
            "action_object_id": 1, "action_object": {"id": 1},
        },
        "user": {"id": 3, "username": "netbox-pdns-x", "is_active": True},
        "permission": {
            "id": 4, "name": "netbox-pdns x", "enabled": True, "actions": ["view"], "object_types": list(VIEWED),
            "constraints": None, "users": [{"id": 3, "username": "netbox-pdns-x"}],
        },
        "token": {
            "id": 5, "user": {"id": 3, "username": "netbox-pdns-x"}, "description": "netbox-pdns x",
            "write_enabled": False,
        },
    }  # fmt: skip
    for kind, fields in otherwise.items():
        rows[kind.replace("_", " ")].update(fields)
    return rows


def lines(found: dict[str, dict[str, Any]]) -> list[str]:
    """Return the steps from *found* that do something, one a line."""
    steps = steps_to_make(WISHES, found)
    return [f"{s.action} {s.wish.kind} {' '.join(s.fields)}".strip() for s in steps if s.action != "keep"]


def without(*kinds: str) -> dict[str, dict[str, Any]]:
    """Return all objects but those of some *kinds*."""
    return {kind: row for kind, row in there().items() if kind not in kinds}


@pytest.mark.parametrize(
    ("found", "steps"),
    [
        pytest.param({}, ["add webhook", "add event rule", "add user", "add permission", "add token"], id="nothing"),
        pytest.param(there(), [], id="all-of-it"),
        pytest.param(without("token"), ["add token"], id="a-token-that-was-lost"),
        pytest.param(
            without("webhook"), ["add webhook", "change event rule action_object_id"], id="a-rule-whose-webhook-has-gone"
        ),
        pytest.param(
            without("user", "token"), ["add user", "change permission users", "add token"],
            id="a-permission-whose-user-has-gone",
        ),
        pytest.param(there(webhook={"payload_url": "http://old"}), ["change webhook payload_url"], id="the-service-moved"),
        pytest.param(there(webhook={"secret": "old"}), ["change webhook secret"], id="another-secret"),
        pytest.param(there(webhook={"body_template": "{}"}), ["change webhook body_template"], id="another-body"),
        pytest.param(there(event_rule={"enabled": False}), ["change event rule enabled"], id="switched-off"),
        pytest.param(
            there(event_rule={"object_types": ["netbox_dns.zone"], "event_types": ["object_created"]}),
            ["change event rule object_types event_types"], id="a-narrower-rule",
        ),
        pytest.param(there(event_rule={"conditions": {"and": []}}), ["change event rule conditions"], id="conditions"),
        pytest.param(there(permission={"actions": ["view", "change"]}), ["change permission actions"], id="too-much"),
        pytest.param(there(permission={"constraints": {"id": 1}}), [], id="constraints-are-the-administrators"),
        pytest.param(there(user={"is_active": False}), ["change user is_active"], id="a-user-who-was-locked-out"),
        pytest.param(there(token={"write_enabled": True}), ["change token write_enabled"], id="a-token-that-may-write"),
        pytest.param(there(webhook={"tags": [{"id": 1}], "description": "x"}), [], id="what-we-do-not-mind"),
    ],
)  # fmt: skip
def test_the_steps_are_what_is_missing(found: dict[str, dict[str, Any]], steps: list[str]) -> None:
    """What is there as it is to be is kept; of the rest the fields that are otherwise are named."""
    assert lines(found) == steps


def test_what_belongs_to_another_is_removed_before_it() -> None:
    """And only what is there."""
    assert [step.wish.kind for step in steps_to_remove(WISHES, there())] == [
        "token", "permission", "user", "event rule", "webhook",
    ]  # fmt: skip
    assert [step.number for step in steps_to_remove(WISHES, without("user"))] == [5, 4, 2, 1]
    assert steps_to_remove(WISHES, {}) == ()


def test_no_secret_is_in_what_is_shown_of_a_step() -> None:
    """Neither the webhook's nor the user's password."""
    shown = repr(steps_to_make(WISHES, {})) + repr(SetupRequest("x", "https://s", SECRET))
    assert SECRET not in shown
    assert "password'" not in shown


@pytest.mark.parametrize(
    ("row", "token"),
    [
        pytest.param({"version": 2, "key": "abc", "token": "def"}, "nbt_abc.def", id="version-2"),
        pytest.param(
            {"version": {"value": 2, "label": "v2"}, "key": "abc", "token": "def"}, "nbt_abc.def", id="choice"
        ),
        pytest.param({"version": 1, "key": None, "token": "f" * 40}, "f" * 40, id="version-1"),
        pytest.param({"key": "f" * 40}, "f" * 40, id="before-NetBox-4.5"),
    ],
)
def test_how_a_token_is_shown(row: dict[str, Any], token: str) -> None:
    """In the form in which it is put into the setting."""
    assert token_of(row) == token


async def _taken(answer: Any) -> str | None:
    """Return the token that making all comes to on a server that answers POST by *answer*."""

    async def app(request: Request) -> Response:
        result: Response = answer(request, json.loads(await request.body() or b"{}"))
        return result

    async with serving(Starlette(routes=[Route("/{path:path}", app, methods=["GET", "POST"])])) as url:
        settings = NetBoxSettings(url=url, token=SecretStr(""))
        async with Administration(settings, "admin-canary") as netbox:
            return await take(netbox, steps_to_make(WISHES, {}), {})


def test_a_netbox_that_makes_no_tokens_of_version_2_is_asked_for_one_of_version_1() -> None:
    """Without API_TOKEN_PEPPERS it refuses the others."""

    def answer(request: Request, body: dict[str, Any]) -> Response:
        if "tokens" in request.url.path:
            if body.get("version") != 1:
                return JSONResponse({"__all__": ["API_TOKEN_PEPPERS is not defined."]}, 400)
            return JSONResponse({"id": 9, "version": 1, "key": None, "token": "t" * 40}, 201)
        return JSONResponse({"id": 8}, 201)

    assert asyncio.run(_taken(answer)) == "t" * 40


def test_each_object_gets_the_ids_of_those_before_it() -> None:
    """The rule its webhook, permission and token their user."""
    bodies: dict[str, dict[str, Any]] = {}
    ids = iter(range(11, 99))

    def answer(request: Request, body: dict[str, Any]) -> Response:
        bodies[request.url.path.split("/")[3]] = body
        return JSONResponse({"id": next(ids), "version": 1, "token": "t"}, 201)

    asyncio.run(_taken(answer))
    assert bodies["event-rules"]["action_object_id"] == 11
    assert bodies["permissions"]["users"] == [13]
    assert bodies["tokens"]["user"] == 13
    assert bodies["users"]["password"]


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        pytest.param(JSONResponse({"detail": "Invalid token"}, 403), ConfigurationError, "refuses", id="wrong-token"),
        pytest.param(JSONResponse({"detail": "x"}, 401), ConfigurationError, "refuses", id="no-token"),
        pytest.param(
            JSONResponse({"detail": "No."}, 403), ForbiddenError, "may not add extras/webhooks", id="forbidden"
        ),
        pytest.param(JSONResponse({"name": ["is bad"]}, 400), DataError, "is bad", id="refused"),
        pytest.param(JSONResponse({}, 503), TransientError, "503", id="busy"),
        pytest.param(JSONResponse({}, 404), ConfigurationError, "does not answer as NetBox", id="no-such-path"),
        pytest.param(JSONResponse([1], 201), DataError, "not as expected", id="another-shape"),
        pytest.param(HTMLResponse("<html>", 200), ConfigurationError, "does not answer as NetBox", id="a-page"),
        pytest.param(RedirectResponse("https://x/"), ConfigurationError, "sends to https://x/", id="sent-elsewhere"),
    ],
)
def test_what_an_answer_means(answer: Response, kind: type[NetboxPdnsError], words: str) -> None:
    """Each has its class and a hint, and none repeats the token; nothing is asked twice."""
    asked: list[str] = []

    def same(request: Request, body: dict[str, Any]) -> Response:
        asked.append(request.url.path)
        return answer

    with pytest.raises(NetboxPdnsError, match=words) as caught:
        asyncio.run(_taken(same))
    assert len(asked) == 1
    assert type(caught.value) is kind
    assert caught.value.hint
    assert "admin-canary" not in f"{caught.value} {caught.value.hint}"
