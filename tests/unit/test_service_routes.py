"""What each route does with a request: hints left, pages turned, refusals in clean words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from service_stage import HELD, KEY, LEFT_OUT, NOW, KeptReceipt, Stage, sign, stage, zone_state

from netbox_pdns.errors import ConfigurationError, ConflictError, DataError, NetboxPdnsError, TransientError
from netbox_pdns.service import as_documents
from netbox_pdns.service.documents import moment
from netbox_pdns.sync.board import Condition
from netbox_pdns.sync.hints import Depth, Trigger

BODY = b'{"event": "updated", "object_type": "netbox_dns.record"}'
ZONE = b'{"id": 12, "name": "example.com", "serial": 7}'
COMPATIBLE = [("POST", "/zones/create"), ("POST", "/zones/update"), ("DELETE", "/zones/delete")]


def test_a_webhook_is_taken_note_of() -> None:
    """It is answered 202, and what it says is a hint; it needs no key, for it is signed."""
    service = stage()
    with service.client(key=None) as client:
        answer = client.post("/webhooks/netbox", content=BODY, headers={"X-Hook-Signature": sign(BODY, "sha512")})
    assert answer.status_code == 202
    assert answer.json() == {"accepted": "2024-01-15T10:30:00Z", "hints": 1}
    assert service.bodies == [BODY]


def test_a_webhook_without_a_secret_needs_a_key() -> None:
    """Where nobody signs, not everybody may make work."""
    service = stage(signed=False)
    with service.client(key=None) as client:
        assert client.post("/webhooks/netbox", content=BODY).status_code == 401
        assert client.post("/webhooks/netbox", content=BODY, headers={"X-NetBox-PDNS-API-Key": KEY}).status_code == 202
    assert service.bodies == [BODY]


@pytest.mark.parametrize("signature", ["", "0" * 128, sign(b"another", "sha512")])
def test_a_webhook_with_a_wrong_signature(signature: str) -> None:
    """It is refused, and nothing comes of it."""
    service = stage()
    with service.client(key=None) as client:
        answer = client.post("/webhooks/netbox", content=BODY, headers={"X-Hook-Signature": signature})
    assert answer.status_code == 401
    assert "signature" in answer.json()["detail"]
    assert service.bodies == []


@pytest.mark.parametrize(("method", "path"), [("POST", "/webhooks/netbox"), *COMPATIBLE])
def test_a_bad_body(method: str, path: str) -> None:
    """400 `Invalid data: …` in clean words; the log has the chain of causes, the answer has not."""
    service = stage()
    headers = {"X-Hook-Signature": sign(b"[]", "sha512"), "X-Hub-Signature-256": sign(b"[]", "sha256")}
    with service.client() as client:
        answer = client.request(method, path, content=b"[]", headers=headers)
    assert answer.status_code == 400
    assert answer.json()["detail"] == "Invalid data: the body is no JSON object"
    assert "what the decoder said" not in answer.text
    (line,) = [entry for entry in service.log.entries if entry["event"] == "request refused"]
    assert line["chain"].endswith("DataError: the body is no JSON object <- ValueError: what the decoder said")


@pytest.mark.parametrize("claims", [True, False], ids=["by-its-length", "read-as-it-comes"])
@pytest.mark.parametrize(("method", "path"), [("POST", "/webhooks/netbox"), *COMPATIBLE, ("POST", "/api/v1/sync")])
def test_a_body_that_is_too_large(method: str, path: str, claims: bool) -> None:
    """413, whatever length it claims; no more of it is kept than the limit."""
    service = stage(body_bytes=10_000)

    def parts() -> Iterator[bytes]:
        for _ in range(20):
            yield b"x" * 1_000

    with service.client() as client:
        answer = client.request(method, path, content=b"x" * 20_000 if claims else parts())
    assert answer.status_code == 413
    assert answer.json()["status"] == 413
    assert service.bodies == []


@pytest.mark.parametrize(("method", "path"), COMPATIBLE)
def test_the_older_connectors_calls(method: str, path: str) -> None:
    """Each means: look at that zone. They need the key, and the signature where there is a secret."""
    service = stage()
    with service.client() as client:
        signed = client.request(method, path, content=ZONE, headers={"X-Hub-Signature-256": sign(ZONE, "sha256")})
        unsigned = client.request(method, path, content=ZONE)
    assert (signed.status_code, unsigned.status_code) == (200, 401)
    assert service.bodies == [ZONE]


def test_the_older_connectors_full_sync() -> None:
    """`GET /sync` has all zones looked at."""
    service = stage()
    with service.client() as client:
        assert client.get("/sync").status_code == 200
    ((depth, cause, target),) = service.hints.passes
    assert (depth, cause.trigger, target) == (Depth.LISTS, Trigger.COMPATIBLE, None)


def test_the_older_interface_is_marked_deprecated() -> None:
    """Whoever reads the description is led to the new way."""
    paths = stage().app().openapi()["paths"]
    for path in ("/sync", "/zones/create", "/zones/update", "/zones/delete"):
        (operation,) = paths[path].values()
        assert operation["deprecated"] is True
        assert "/webhooks/netbox" in operation["description"] or "/api/v1/sync" in operation["description"]


@pytest.mark.parametrize(
    ("body", "depth", "target"),
    [
        pytest.param(None, Depth.LISTS, None, id="no-body"),
        pytest.param({}, Depth.LISTS, None, id="empty-body"),
        pytest.param({"depth": "content"}, Depth.CONTENT, None, id="content"),
        pytest.param({"target": "pdns"}, Depth.LISTS, "pdns", id="one-target"),
    ],
)
def test_people_ask_for_a_pass(body: dict[str, Any] | None, depth: Depth, target: str | None) -> None:
    """`POST /api/v1/sync` has all zones looked at."""
    service = stage()
    with service.client() as client:
        answer = client.post("/api/v1/sync", json=body) if body is not None else client.post("/api/v1/sync")
    assert answer.status_code == 202
    ((found, cause, where),) = service.hints.passes
    assert (found, cause.trigger, where) == (depth, Trigger.PEOPLE, target)


@pytest.mark.parametrize(
    ("path", "zone"),
    [
        pytest.param("EXAMPLE.com", "example.com.", id="any-case"),
        pytest.param("new.example.", "new.example.", id="not-known-yet"),
        pytest.param("0/28.2.0.192.in-addr.arpa", "0/28.2.0.192.in-addr.arpa.", id="rfc-2317"),
        pytest.param("0%2F28.2.0.192.in-addr.arpa", "0/28.2.0.192.in-addr.arpa.", id="rfc-2317-escaped"),
    ],
)
def test_people_ask_for_a_zone(path: str, zone: str) -> None:
    """`POST /api/v1/zones/ZONE/sync` has that zone looked at."""
    service = stage()
    with service.client() as client:
        assert client.post(f"/api/v1/zones/{path}/sync").status_code == 202
    (hint,) = service.hints.zones
    assert (hint.zone, hint.cause.trigger, hint.scope.is_whole) == (zone, Trigger.PEOPLE, True)


def test_the_source_is_accepted() -> None:
    """`POST /api/v1/source/accept` is the word that is waited for where NetBox went back."""
    service = stage()
    with service.client() as client:
        assert client.post("/api/v1/source/accept").status_code == 202
    assert service.accepted == [True]


def test_zones_are_paged() -> None:
    """Every zone of every target comes once, sorted, whatever the size of the pages."""
    service = stage()
    for number in range(7):
        for target in ("b", "a"):
            service.board.note(zone_state(f"z{number}.example.", target))
    everything = [(each.zone, each.target) for each in service.board.zones()]
    with service.client() as client:
        for limit in (1, 4, 15, 1000):
            assert _paged(client, "/api/v1/zones", "zones", limit, ("zone", "target")) == everything


@pytest.mark.parametrize(
    ("query", "zones"),
    [
        pytest.param("zone=*.example", ["a.example.", "b.example."], id="pattern"),
        pytest.param("zone=EXAMPLE.com.", ["example.com."], id="name"),
        pytest.param("condition=failing", ["b.example."], id="condition"),
        pytest.param("target=other", ["a.example."], id="target"),
        pytest.param("target=other&condition=failing", [], id="both"),
    ],
)
def test_zones_are_filtered(query: str, zones: list[str]) -> None:
    """Filters go together."""
    service = stage()
    service.board.note(zone_state("a.example.", "other"))
    service.board.note(zone_state("b.example.", condition=Condition.FAILING, error="no"))
    with service.client() as client:
        assert [each["zone"] for each in client.get(f"/api/v1/zones?{query}").json()["zones"]] == zones


def test_one_zone() -> None:
    """It is told with everything that is held and left out, and why, on each target."""
    service = stage()
    held = {"left_out": (LEFT_OUT,), "held": (HELD,), "error": "no", "error_class": "data", "hint": "mend it"}
    service.board.note(zone_state("example.com.", "other", condition=Condition.HELD, **held))
    with service.client() as client:
        found = client.get("/api/v1/zones/example.com").json()
    other, pdns = found["targets"]
    assert (found["zone"], other["target"], pdns["target"]) == ("example.com.", "other", "pdns")
    assert (other["error"], other["error_class"], other["hint"]) == ("no", "data", "mend it")
    assert other["left_out"][0]["reason"] == LEFT_OUT.reason
    assert other["held"][0]["command"] == HELD.command
    assert other["held"][0]["changes"][0]["before"] == {"ttl": 60, "rdata": ["192.0.2.1"]}


def test_changes_are_paged_and_filtered() -> None:
    """Newest first, with what led to each and when it was edited, applied and served."""
    service = stage()
    service.receipts.receipts.extend(KeptReceipt(str(n), zone=f"z{n % 2}.example.") for n in range(9))
    with service.client() as client:
        assert _paged(client, "/api/v1/changes", "changes", 4, ("id",)) == [(str(n),) for n in reversed(range(9))]
        odd = client.get("/api/v1/changes?zone=Z1.example").json()["changes"]
    assert [each["id"] for each in odd] == ["7", "5", "3", "1"]
    assert odd[0]["causes"][0] == {
        "trigger": "webhook",
        "came": "2024-01-15T10:29:59Z",
        "edited": "2024-01-15T10:29:58Z",
        "user": "ada",
        "request": "r-1",
    }
    assert (odd[0]["edited"], odd[0]["served"]) == ("2024-01-15T10:29:58Z", "2024-01-15T10:30:00.250000Z")


@pytest.mark.parametrize(
    ("method", "path", "status", "detail"),
    [
        pytest.param("GET", "/nothing", 404, "Not Found", id="no-such-path"),
        pytest.param("PUT", "/api/v1/sync", 405, "Method Not Allowed", id="no-such-method"),
        pytest.param(
            "GET", "/api/v1/zones/unknown.example", 404, "unknown.example. is on no target", id="no-such-zone"
        ),
        pytest.param("GET", "/api/v1/zones/a..b", 404, "is no domain name", id="no-name"),
        pytest.param("GET", "/api/v1/zones?limit=0", 422, "limit: Input should be greater", id="bad-limit"),
        pytest.param("GET", "/api/v1/zones?condition=odd", 422, "condition: Input should be", id="bad-condition"),
        pytest.param("GET", "/api/v1/zones?cursor=odd", 404, "is no cursor of this list", id="bad-cursor"),
        pytest.param("GET", "/api/v1/zones?cursor=ÿ", 404, "is no cursor of this list", id="worse-cursor"),
        pytest.param("GET", "/api/v1/zones?cursor=WzEsMl0", 404, "is no cursor of this list", id="forged-cursor"),
        pytest.param("GET", "/api/v1/explain", 422, "name: Field required", id="no-parameter"),
        pytest.param("GET", "/api/v1/explain?name=a&name=b", 422, "name: given more than once", id="two-names"),
        pytest.param("GET", "/api/v1/zones?zone=&zone=b", 422, "zone: given more than once", id="zone-twice"),
        pytest.param(
            "GET", "/api/v1/changes?zone=a&zone=a", 422, "zone: given more than once", id="changes-zone-twice"
        ),
        pytest.param("GET", "/api/v1/explain?name=a.b&type=ADDRESS", 404, "is no record type", id="no-type"),
        pytest.param("POST", "/api/v1/zones/example.com/sync", 404, "there is no target 'odd'", id="no-such-target"),
    ],
)
def test_refusals_are_problem_details(method: str, path: str, status: int, detail: str) -> None:
    """RFC 9457: type, title, status, detail, in its own media type; nothing comes of the request."""
    service = stage()
    body = {"json": {"target": "odd"}} if method == "POST" else {}
    with service.client() as client:
        answer = client.request(method, path, **body)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["type"], problem["status"]) == ("about:blank", status)
    assert problem["title"]
    assert detail in problem["detail"]
    assert service.hints.zones == []


def test_a_misspelt_word_is_named() -> None:
    """A body that says something that nobody knows is refused, not half understood."""
    service = stage()
    with service.client() as client:
        answer = client.post("/api/v1/sync", json={"dept": "content"})
    assert answer.status_code == 422
    assert "dept" in answer.json()["detail"]
    assert service.hints.passes == []


@pytest.mark.parametrize(
    ("error", "status"),
    [
        pytest.param(TransientError("it is locked", retry_after=3), 503, id="transient"),
        pytest.param(ConflictError("it changed"), 409, id="conflict"),
        pytest.param(ConfigurationError("the token is wrong", hint="correct it"), 500, id="configuration"),
        pytest.param(DataError("it is bad"), 422, id="data"),
    ],
)
def test_errors_of_ours(error: NetboxPdnsError, status: int) -> None:
    """The class says what to do, and the answer says the class."""
    service = stage()

    async def explain(name: str, type: str | None) -> Any:
        raise error from ValueError("inside")

    with _with(service, explain=explain).client() as client:
        answer = client.get("/api/v1/explain?name=a.example")
    problem = answer.json()
    assert (answer.status_code, problem["detail"], problem["kind"]) == (status, str(error), error.kind)
    assert problem["hint"] == error.hint
    assert answer.headers.get("Retry-After") == ("3" if status == 503 else None)
    assert "inside" not in answer.text
    assert service.log.entries[0]["chain"].endswith("ValueError: inside")


def test_an_error_that_nobody_foresaw() -> None:
    """The caller learns that it is our fault and nothing else; the log has all of it."""
    service = stage()

    async def explain(name: str, type: str | None) -> Any:
        raise RuntimeError("a detail of the inside")

    with _with(service, explain=explain).client() as client:
        answer = client.get("/api/v1/explain?name=a.example")
    assert answer.status_code == 500
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "inside" not in answer.text
    assert "a detail of the inside" in service.log.entries[0]["trace"]


def test_what_every_answer_has() -> None:
    """No answer is kept by a cache, or taken for another type than it says."""
    with stage().client() as client:
        for path in ("/health", "/nothing", "/api/v1/zones", "/metrics"):
            headers = client.get(path).headers
            assert (headers["Cache-Control"], headers["X-Content-Type-Options"]) == ("no-store", "nosniff")


def test_times_are_those_of_the_board() -> None:
    """What `sync --remote` waits for is compared with times of the same clock."""
    service = stage()
    with service.client() as client:
        client.post("/api/v1/zones/example.com/sync")
    assert service.hints.zones[0].cause.came == NOW


def _with(service: Stage, **parts: Any) -> Stage:
    return replace(service, service=replace(service.service, parts=replace(service.service.parts, **parts)))


def _paged(client: Any, path: str, name: str, limit: int, keys: tuple[str, ...]) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    cursor = None
    while True:
        params = {"limit": limit} | ({} if cursor is None else {"cursor": cursor})
        page = client.get(path, params=params).json()
        assert len(page[name]) <= limit
        assert len(found) < 1_000, "it goes round in circles"
        found.extend(tuple(each[key] for key in keys) for each in page[name])
        if (cursor := page["next"]) is None:
            return found


def test_both_shapes_of_a_zone_tell_how_it_stands() -> None:
    """In numbers and whole: each field is its own, and the same in both."""
    state = zone_state(
        "a.example.",
        view="internal",
        url="https://n/1",
        records=3,
        source_serial=4,
        served_serial=5,
        looked_at=NOW - 6,
        changed_at=NOW - 7,
        differences=8,
        error="why",
        attempts=9,
        next_try=NOW + 10,
    )
    wanted = {
        "target": "pdns",
        "condition": "equal",
        "view": "internal",
        "netbox_url": "https://n/1",
        "records": 3,
        "netbox_serial": 4,
        "served_serial": 5,
        "looked_at": moment(NOW - 6),
        "changed_at": moment(NOW - 7),
        "differences": 8,
        "error": "why",
        "attempts": 9,
        "next_try": moment(NOW + 10),
    }
    for shape in (as_documents.zone_row(state), as_documents.zone_on_target(state)):
        assert {name: getattr(shape, name) for name in wanted} == wanted
