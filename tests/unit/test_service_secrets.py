"""No secret is in any answer of the service, in any log line, or in an event, whoever repeats it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from cli_servers import SECRET
from service_stage import HELD, LEFT_OUT, NOW, KeptReceipt, Stage, stage, zone_state

from netbox_pdns.errors import DataError, TransientError
from netbox_pdns.redaction import MASK, Secrets
from netbox_pdns.service.auth import Patience
from netbox_pdns.service.documents import MqttState, StoreState
from netbox_pdns.sync.board import Condition, InitialSync, TriggerState
from netbox_pdns.sync.explanation import Explanation

SHOWN = SECRET[:10]
WORDS = f"the server says: token {SECRET}, and cut off: {SECRET[:30]}…"
KEY = f"{SECRET}-api_key"
ROUTES = [
    ("GET", "/health"),
    ("GET", "/livez"),
    ("GET", "/readyz"),
    ("GET", "/status"),
    ("GET", "/mqtt/status"),
    ("GET", "/metrics"),
    ("GET", "/openapi.json"),
    ("GET", "/sync"),
    ("POST", "/zones/create"),
    ("POST", "/zones/update"),
    ("DELETE", "/zones/delete"),
    ("POST", "/webhooks/netbox"),
    ("GET", "/api/v1/zones"),
    ("GET", "/api/v1/zones/example.com"),
    ("POST", "/api/v1/zones/example.com/sync"),
    ("GET", "/api/v1/targets"),
    ("GET", "/api/v1/changes"),
    ("GET", "/api/v1/explain?name=www.example.com"),
    ("POST", "/api/v1/sync"),
    ("POST", "/api/v1/source/accept"),
    ("GET", f"/{SECRET}"),
    ("GET", f"/api/v1/zones?cursor={SECRET}"),
    ("GET", f"/api/v1/zones/{SECRET}.example"),
    ("GET", f"/api/v1/zones?limit={SECRET}"),
    ("GET", f"/api/v1/changes?cursor={SECRET}"),
]


def _told(error: Exception | None = None) -> Stage:
    """Return a service in which everything that can hold words of others holds a secret; *error* is what it ends with."""
    made = stage(keys=(KEY,), secrets=(SECRET, KEY), patience=Patience(guesses=1_000_000))
    board = made.board
    board.initial_sync = InitialSync(started=True, error=WORDS)
    board.source_error = board.suspect = WORDS
    board.targets["pdns"] = replace(board.targets["pdns"], error=WORDS)
    board.triggers["feed"] = TriggerState("feed", working=False, detail=WORDS)
    left_out = (replace(LEFT_OUT, value=WORDS, reason=WORDS),)
    failing: dict[str, Any] = {"condition": Condition.FAILING, "error": WORDS, "hint": WORDS, "attempts": 3}
    board.note(zone_state("example.com.", left_out=left_out, held=(replace(HELD, detail=WORDS),), **failing))
    made.receipts.receipts.append(KeptReceipt("1", summary=(WORDS,)))
    if error is not None and not isinstance(error, RuntimeError):
        made.receipts.error = error  # type: ignore[assignment]  # an error of ours

    async def explain(name: str, type: str | None) -> Explanation:
        if error is not None:
            raise error from ValueError(WORDS)
        return Explanation(name, WORDS, False, (), ())

    def take(*given: Any) -> int:
        raise DataError(WORDS) from ValueError(WORDS)

    parts = replace(
        made.service.parts,
        explain=explain,
        take_webhook=take,
        take_compatible=take,
        mqtt=lambda: MqttState(detail=WORDS, broker=f"mqtt://user:{SECRET}@broker"),
        store=lambda: StoreState(ok=False, detail=WORDS),
    )
    return replace(made, service=replace(made.service, parts=parts))


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(None, id="well"),
        pytest.param(TransientError(WORDS, hint=WORDS), id="transient"),
        pytest.param(RuntimeError(WORDS), id="a-fault-of-ours"),
    ],
)
def test_no_answer_shows_a_secret(error: Exception | None) -> None:
    """Whatever route, well or not, with the right key, a wrong one, or none."""
    service = _told(error)
    with service.client(key=KEY) as client:
        for method, path in ROUTES:
            for headers in ({}, {"X-NetBox-PDNS-API-Key": f"{SECRET}-wrong"}, {"Authorization": f"Bearer {SECRET}"}):
                answer = client.request(method, path, headers=headers)
                assert SHOWN not in answer.text, (method, path, answer.text)
                assert SHOWN not in str(answer.headers), (method, path)


def test_the_test_would_see_one() -> None:
    """The words do come through, without the secret."""
    service = _told()
    with service.client(key=KEY) as client:
        assert MASK in client.get("/status").json()["initial_sync"]["error"]
        assert MASK in client.get("/api/v1/zones/example.com").json()["targets"][0]["error"]
        assert "server says" in client.post("/webhooks/netbox").json()["detail"]


def test_what_is_logged_is_ours_to_clean() -> None:
    """The log has the chain of causes, which the logger of the program cleans as it does every line."""
    service = _told(RuntimeError(WORDS))
    with service.client(key=KEY) as client:
        client.get("/api/v1/explain?name=www.example.com")
    secrets = Secrets((SECRET,))
    assert SHOWN not in json.dumps(secrets.clean([dict(entry) for entry in service.log.entries]), default=str)
    assert "ValueError" in service.log.entries[0]["chain"]


def test_secrets_of_before_stay_secrets() -> None:
    """After keys were exchanged a server may still repeat the old one."""
    secrets = Secrets(["the-first-secret"])
    secrets.learn(["the-second-secret"])
    assert secrets.clean({"a": ["the-first-secret", "the-second-secret"]}) == {"a": [MASK, MASK]}
    assert secrets.clean(NOW) == NOW
