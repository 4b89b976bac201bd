"""`setup netbox` on a real NetBox: what it makes works, is made once, is mended, and can be removed."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import queue
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest
from documents_promised import as_promised
from program import Done, on_terminal
from pydantic import SecretStr
from servers import NetBoxServer
from typer.testing import CliRunner

from netbox_pdns.cli.app import app
from netbox_pdns.netbox.probing import probe
from netbox_pdns.settings import NetBoxSettings

pytestmark = pytest.mark.real

SECRET = "canary-webhook-e3b0c442"
KINDS = {
    "webhook": ("extras/webhooks/", "name"),
    "event rule": ("extras/event-rules/", "name"),
    "user": ("users/users/", "username"),
    "permission": ("users/permissions/", "name"),
    "token": ("users/tokens/", "description"),
}
ALL = list(KINDS)


@dataclass(frozen=True)
class Place:
    """A NetBox, and an installation of our own name, of which nothing is there yet."""

    netbox: NetBoxServer
    home: Path
    instance: str = field(default_factory=lambda: f"t{secrets.token_hex(4)}")

    def variables(self, token: str | None = None) -> dict[str, str]:
        """Return the settings, with *token* as the administrator's."""
        return {
            "NETBOX_PDNS_NB_URL": self.netbox.url,
            "NETBOX_PDNS_INSTANCE": self.instance,
            "NETBOX_PDNS_WEBHOOK_SECRET": SECRET,
            "NETBOX_PDNS_SETUP_TOKEN": token or self.netbox.token,
        }

    def run(self, *arguments: str, url: str = "http://127.0.0.1:9", token: str | None = None) -> tuple[int, str, str]:
        """Return the status and what was printed on both outputs; no secret is in it."""
        given = [*arguments, "--url", url]
        done = CliRunner().invoke(app, ["setup", "netbox", *given], env=self.variables(token))
        assert SECRET not in done.output
        assert (token or self.netbox.token) not in done.output
        return done.exit_code, done.stdout, done.stderr

    def document(self, *arguments: str, status: int = 0, **more: str) -> dict[str, Any]:
        """Return the document that a run printed, which must end with *status*."""
        found, out, err = self.run(*arguments, "--json", **more)
        assert (found, err) == (status, "")
        document: dict[str, Any] = as_promised(json.loads(out))
        return document

    def there(self, kind: str) -> list[dict[str, Any]]:
        """Return our objects of a *kind* in NetBox."""
        path, named_by = KINDS[kind]
        rows = self.netbox.request("GET", f"{path}?limit=1000")["results"]
        names = {f"netbox-pdns {self.instance}", f"netbox-pdns-{self.instance}"}
        return [row for row in rows if row[named_by] in names]

    def counts(self) -> dict[str, int]:
        """Return how many of our objects of each kind there are."""
        return {kind: len(self.there(kind)) for kind in KINDS}


@pytest.fixture
def place(netbox_server: NetBoxServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """A name of its own; nothing of it is left after the test."""
    monkeypatch.chdir(tmp_path)
    made = Place(netbox_server, tmp_path)
    yield made
    for kind in reversed(ALL):
        for row in made.there(kind):
            netbox_server.request("DELETE", f"{KINDS[kind][0]}{row['id']}/")


def did(document: Mapping[str, Any]) -> list[str]:
    """Return the steps of a document, those that keep something aside."""
    steps = [step for step in document["steps"] if step["action"] != "keep"]
    return [f"{step['action']} {step['kind']} {' '.join(step['fields'])}".strip() for step in steps]


@pytest.mark.long
def test_it_shows_then_makes_and_the_second_time_there_is_nothing_to_do(place: Place) -> None:
    """Without --yes nothing is written; the token comes with the run that made it alone; --remove leaves nothing."""
    shown = place.document()
    assert did(shown) == [f"add {kind}" for kind in ALL]
    assert (shown["done"], shown["token"]) == (False, None)
    assert place.counts() == dict.fromkeys(ALL, 0)

    made = place.document("--yes")
    assert did(made) == did(shown)
    assert made["done"]
    assert made["token"]
    assert place.counts() == dict.fromkeys(ALL, 1)

    again = place.document("--yes")
    assert (did(again), again["token"]) == ([], None)
    assert place.counts() == dict.fromkeys(ALL, 1)

    assert did(place.document("--remove", "--yes")) == [f"remove {kind}" for kind in reversed(ALL)]
    assert place.counts() == dict.fromkeys(ALL, 0)
    assert did(place.document("--remove", "--yes")) == []


@pytest.mark.long
def test_the_token_may_view_what_we_read_and_nothing_else(place: Place) -> None:
    """`check` finds nothing that fails; users are not shown to it, and it writes nothing."""
    token = place.document("--yes")["token"]
    settings = NetBoxSettings(url=place.netbox.url, token=SecretStr(token))
    assert [each for each in asyncio.run(probe(settings)) if each.state == "failed"] == []
    scheme = "Bearer" if token.startswith("nbt_") else "Token"
    with httpx2.Client(
        base_url=f"{place.netbox.url}/api/", headers={"Authorization": f"{scheme} {token}"}, trust_env=False
    ) as http:
        for path in ("extras/tags/", "tenancy/tenants/", "plugins/netbox-dns/zones/", "core/object-changes/"):
            assert http.get(path).status_code == 200, path
        for path in ("users/users/", "users/permissions/", "dcim/sites/", "extras/webhooks/"):
            assert http.get(path).status_code == 403, path
        assert http.get("users/tokens/").json()["count"] == 1  # NetBox shows everybody their own
        assert http.post("plugins/netbox-dns/views/", json={"name": place.instance}).status_code == 403


@contextmanager
def listening() -> Iterator[tuple[str, queue.Queue[tuple[str, str, bytes]]]]:
    """Yield the address of a server, and what is sent there: path, signature and body."""
    came: queue.Queue[tuple[str, str, bytes]] = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            came.put((self.path, self.headers.get("X-Hook-Signature", ""), body))
            self.send_response(202)
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the library's name
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", came
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_edits_arrive_signed(place: Place) -> None:
    """An object that is made, changed and removed is told three times, signed with our secret."""
    with listening() as (url, came):
        assert place.run("--yes", "--no-user", url=url)[0] == 0
        made = place.netbox.request("POST", "plugins/netbox-dns/views/", json={"name": place.instance})
        path = f"plugins/netbox-dns/views/{made['id']}/"
        place.netbox.request("PATCH", path, json={"description": "changed"})
        place.netbox.request("DELETE", path)
        told = []
        while len(told) < 3:
            where, signature, body = came.get(timeout=60)
            event = json.loads(body)
            if event["data"]["id"] != made["id"]:
                continue  # another test's
            assert where == "/webhooks/netbox"
            assert signature == hmac.new(SECRET.encode(), body, hashlib.sha512).hexdigest()
            assert event["object_type"] == "netbox_dns.view"
            told.append(event["event"])
    assert sorted(told) == ["created", "deleted", "updated"]


@pytest.mark.long
def test_what_others_changed_is_mended(place: Place) -> None:
    """The fields that are otherwise are named, and only those objects are touched."""
    place.document("--yes")
    (rule,), (webhook,) = place.there("event rule"), place.there("webhook")
    place.netbox.request("PATCH", f"extras/event-rules/{rule['id']}/", json={"enabled": False})
    place.netbox.request(
        "PATCH", f"extras/webhooks/{webhook['id']}/", json={"secret": "other", "ssl_verification": False}
    )
    wanted = ["change webhook secret ssl_verification", "change event rule enabled"]
    assert did(place.document()) == wanted
    assert did(place.document("--yes")) == wanted
    assert did(place.document()) == []
    assert did(place.document("--no-verify-tls")) == ["change webhook ssl_verification"]


@pytest.mark.long
def test_a_rule_follows_its_webhook(place: Place) -> None:
    """A webhook that was removed by hand takes its rule along, or leaves it: both are there again."""
    place.document("--yes")
    (webhook,) = place.there("webhook")
    place.netbox.request("DELETE", f"extras/webhooks/{webhook['id']}/")
    place.document("--yes")
    (webhook,), (rule,) = place.there("webhook"), place.there("event rule")
    assert rule["action_object_id"] == webhook["id"]
    assert did(place.document()) == []


@dataclass(frozen=True)
class Limited:
    """Tokens of users who may do some things alone."""

    netbox: NetBoxServer
    made: list[tuple[str, int]] = field(default_factory=list)

    def token(self, *types: str, write: bool = True) -> str:
        """Return a token of a user who may do anything with objects of *types*."""
        name = f"u{secrets.token_hex(4)}"
        user = self._add("users", username=name, password=f"{secrets.token_hex(12)}aA1!")["id"]
        if types:
            actions = ["view", "add", "change", "delete"]
            self._add("permissions", name=name, object_types=list(types), actions=actions, users=[user])
        return str(self._add("tokens", user=user, version=1, write_enabled=write)["token"])

    def _add(self, kind: str, **body: Any) -> dict[str, Any]:
        row: dict[str, Any] = self.netbox.request("POST", f"users/{kind}/", json=body)
        self.made.append((kind, row["id"]))
        return row


@pytest.fixture
def limited(netbox_server: NetBoxServer) -> Iterator[Limited]:
    """Tokens that are gone after the test."""
    found = Limited(netbox_server)
    yield found
    for kind, number in reversed(found.made):
        netbox_server.request("DELETE", f"users/{kind}/{number}/")


@pytest.mark.long
def test_without_an_administrator_the_webhook_is_made_and_the_rest_named(place: Place, limited: Limited) -> None:
    """Status 3, for the token is still to be made by hand; `--no-user` does not ask for it."""
    token = limited.token("extras.webhook", "extras.eventrule")
    document = place.document("--yes", token=token, status=3)
    assert did(document) == ["add webhook", "add event rule"]
    assert "users/users" in document["left_out"]
    assert place.document("--yes", "--no-user", token=token)["left_out"] is None


@pytest.mark.parametrize(
    ("types", "write", "words"),
    [
        pytest.param([], True, "may not view extras/webhooks", id="may-nothing"),
        pytest.param(["extras.webhook"], True, "may not view extras/event-rules", id="no-event-rules"),
        pytest.param(["extras.webhook", "extras.eventrule"], False, "may not add extras/webhooks", id="read-only"),
    ],
)
def test_what_the_token_may_not_do_is_named(
    types: list[str], write: bool, words: str, place: Place, limited: Limited
) -> None:
    """Status 1, and which permission it lacks."""
    status, _, err = place.run("--yes", token=limited.token(*types, write=write))
    assert status == 1
    assert words in err
    assert "hint: " in err


@pytest.mark.parametrize("token", ["f" * 40, f"nbt_{'a' * 12}.{'b' * 40}"], ids=["version-1", "version-2"])
def test_a_wrong_token_is_named(place: Place, token: str) -> None:
    """It is the administrator's, not the one that we read with."""
    status, _, err = place.run("--yes", token=token)
    assert status == 1
    assert "refuses the administrator's token" in err


@pytest.mark.long
@pytest.mark.parametrize(
    ("typed", "status", "count"), [pytest.param("y\n", 0, 1, id="yes"), pytest.param("n\n", 1, 0, id="no")]
)
def test_a_person_is_asked(place: Place, typed: str, status: int, count: int) -> None:
    """On a terminal the steps are shown and `y` is waited for."""
    arguments = ["setup", "netbox", "--url", "http://127.0.0.1:9"]
    done: Done = on_terminal(*arguments, home=place.home, variables=place.variables(), typed=typed)
    assert done.status == status
    assert "add     webhook" in done.plain
    assert "Go on?" in done.plain
    assert ("token: " in done.plain) == (status == 0)
    assert place.counts() == dict.fromkeys(ALL, count)


def test_nobody_to_ask_is_no_yes(place: Place) -> None:
    """In a script it takes --yes."""
    status, out, err = place.run()
    assert status == 1
    assert "add     webhook" in out
    assert "give --yes" in err
    assert place.counts() == dict.fromkeys(ALL, 0)
