"""Who may ask: keys, their exchange, clients that guess, this machine's loopback, and what is refused at the start."""

from __future__ import annotations

from dataclasses import replace

import pytest
from service_stage import KEY, stage
from starlette.requests import Request
from starlette.testclient import TestClient

from netbox_pdns.errors import ConfigurationError
from netbox_pdns.service.app import create_app, exchange
from netbox_pdns.service.auth import Access, Guesses, Patience, client_of
from netbox_pdns.service.listening import check_listening, is_loopback

ROUTES = [
    ("GET", "/sync"),
    ("POST", "/zones/create"),
    ("POST", "/zones/update"),
    ("DELETE", "/zones/delete"),
    ("GET", "/openapi.json"),
    ("GET", "/api/v1/zones"),
    ("GET", "/api/v1/zones/example.com"),
    ("POST", "/api/v1/zones/example.com/sync"),
    ("GET", "/api/v1/targets"),
    ("GET", "/api/v1/changes"),
    ("GET", "/api/v1/explain?name=www.example.com"),
    ("GET", "/api/v1/events"),
    ("POST", "/api/v1/sync"),
    ("POST", "/api/v1/source/accept"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize("headers", [{}, {"X-NetBox-PDNS-API-Key": "wrong"}, {"Authorization": f"Basic {KEY}"}])
def test_without_a_right_key(method: str, path: str, headers: dict[str, str]) -> None:
    """Nothing but health, status and metrics is for everybody; what is wrong with the rest of a request is not even said."""
    service = stage()
    with service.client(key=None) as client:
        answer = client.request(method, path, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert not service.hints.zones
    assert not service.hints.passes


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"X-NetBox-PDNS-API-Key": KEY}, id="header"),
        pytest.param({"x-netbox-pdns-api-key": KEY}, id="header-of-the-older-connector"),
        pytest.param({"Authorization": f"Bearer {KEY}"}, id="bearer"),
        pytest.param({"Authorization": f"bearer  {KEY}"}, id="bearer-in-lower-case"),
        pytest.param({"X-NetBox-PDNS-API-Key": "the-other-one"}, id="second-of-two-keys"),
    ],
)
def test_ways_to_show_a_key(headers: dict[str, str]) -> None:
    """Each of several keys counts, however it is shown."""
    with stage(keys=(KEY, "the-other-one")).client(key=None) as client:
        assert client.get("/api/v1/targets", headers=headers).status_code == 200


def test_keys_are_exchanged_without_a_restart() -> None:
    """From a reload on the new keys count, and no other."""
    service = stage()
    old, new = {"Authorization": f"Bearer {KEY}"}, {"Authorization": "Bearer next-key-d7c1"}
    with service.client(key=None) as client:
        assert client.get("/api/v1/targets", headers=old).status_code == 200
        service.service.access.reload(["next-key-d7c1"])
        assert client.get("/api/v1/targets", headers=old).status_code == 401
        assert client.get("/api/v1/targets", headers=new).status_code == 200


@pytest.mark.parametrize(
    ("path", "option"),
    [
        pytest.param("/status", "status_needs_key", id="status"),
        pytest.param("/metrics", "metrics_needs_key", id="metrics"),
    ],
)
def test_where_a_key_is_needed_is_exchanged_without_a_restart(path: str, option: str) -> None:
    """It counts from the next request on, and the description says so."""
    shown = stage()
    app = create_app(shown.service)
    with TestClient(app, client=("192.0.2.7", 4711)) as client:
        described = [bool(app.openapi()["paths"][path]["get"].get("security"))]
        statuses = [client.get(path).status_code]
        exchange(app, replace(shown.service, options=shown.service.options.model_copy(update={option: True})))
        statuses.append(client.get(path).status_code)
        described.append(bool(app.openapi()["paths"][path]["get"].get("security")))
    assert (statuses, described) == ([200, 401], [False, True])


def test_trusted_proxies_are_exchanged_without_a_restart() -> None:
    """Who guesses behind one is told apart from the proxy as soon as it is named."""
    shown = stage()
    app = create_app(shown.service)
    wrong = {"X-NetBox-PDNS-API-Key": "guess", "X-Forwarded-For": "198.51.100.1"}
    guessers = []
    with TestClient(app, client=("192.0.2.7", 4711)) as client:
        for proxies in ((), ("192.0.2.0/24",), ()):
            guesses = Guesses(clock=lambda: 0.0)
            options = shown.service.options.model_copy(update={"trusted_proxies": proxies})
            exchange(app, replace(shown.service, options=options, access=Access((KEY,), guesses)))
            assert client.get("/api/v1/targets", headers=wrong).status_code == 401
            guessers.append(list(guesses._free_at))
    assert guessers == [["192.0.2.7"], ["198.51.100.1"], ["192.0.2.7"]]


def test_a_client_that_guesses_is_slowed_down() -> None:
    """Past ten wrong keys it is not listened to, not even with the right one; others are."""
    service = stage()
    wrong = {"X-NetBox-PDNS-API-Key": "guess"}
    with service.client(address="192.0.2.66") as guesser, service.client(address="192.0.2.7") as other:
        statuses = [guesser.get("/api/v1/targets", headers=wrong).status_code for _ in range(12)]
        last = guesser.get("/api/v1/targets")
        assert other.get("/api/v1/targets").status_code == 200
    assert statuses == [401] * 10 + [429] * 2
    assert last.status_code == 429
    assert int(last.headers["Retry-After"]) >= 1


def test_guesses_are_forgotten_with_time() -> None:
    """Each costs six seconds: who waits so long may guess once more."""
    now = [0.0]
    guesses = Guesses(Patience(guesses=2, seconds=6.0), clock=lambda: now[0])
    for _ in range(2):
        assert guesses.wait("a") == 0
        guesses.wrong("a")
    assert guesses.wait("a") == 6.0
    now[0] = 6.0
    assert guesses.wait("a") == 0
    guesses.wrong("a")
    assert guesses.wait("a") == 6.0


def test_the_table_of_guesses_is_bounded() -> None:
    """A flood of addresses makes no memory grow; who guessed longest ago is forgotten."""
    guesses = Guesses(Patience(clients=100), clock=lambda: 0.0)
    for number in range(1000):
        guesses.wrong(f"client {number}")
    assert len(guesses) == 100


@pytest.mark.parametrize(
    ("address", "client"),
    [
        pytest.param("192.0.2.1", "192.0.2.1", id="v4"),
        pytest.param("::ffff:192.0.2.1", "192.0.2.1", id="v4-in-v6"),
        pytest.param("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::", id="v6-by-its-64"),
        pytest.param("x" * 5000, "x" * 64, id="no-address"),
    ],
)
def test_what_tells_clients_apart(address: str, client: str) -> None:
    """Whoever has a whole network cannot guess from each of its addresses."""
    assert client_of(Request({"type": "http", "client": (address, 1), "headers": []})) == client


@pytest.mark.parametrize(
    ("proxies", "forwarded", "guessers"),
    [
        pytest.param((), "198.51.100.1", "192.0.2.7", id="nobody-is-believed"),
        pytest.param(("192.0.2.0/24",), "198.51.100.1", "198.51.100.1", id="a-trusted-proxy-is"),
        pytest.param(("192.0.2.0/24",), "203.0.113.9, 198.51.100.1", "198.51.100.1", id="what-it-added-itself"),
        pytest.param(("10.0.0.1",), "198.51.100.1", "192.0.2.7", id="another-is-not"),
    ],
)
def test_forwarded_for(proxies: tuple[str, ...], forwarded: str, guessers: str) -> None:
    """A client cannot blame its guesses on another address."""
    guesses = Guesses(Patience(guesses=1), clock=lambda: 0.0)
    service = stage(trusted_proxies=proxies)
    service.service.access._guesses = guesses
    with service.client(key="guess") as client:
        client.get("/api/v1/targets", headers={"X-Forwarded-For": forwarded})
    assert guesses.wait(guessers) > 0


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        pytest.param("127.0.0.1", {}, 200, id="a-program-on-this-machine"),
        pytest.param("::1", {"Host": "[::1]:8000"}, 200, id="over-ipv6"),
        pytest.param("192.0.2.7", {}, 401, id="another-machine"),
        pytest.param("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, 401, id="through-a-proxy"),
        pytest.param("127.0.0.1", {"Via": "1.1 proxy"}, 401, id="through-another-proxy"),
        pytest.param("127.0.0.1", {"Host": "rebound.example:8000"}, 403, id="a-name-that-was-made-to-lead-here"),
        pytest.param("127.0.0.1", {"Origin": "https://evil.example"}, 403, id="a-page-of-another-site"),
        pytest.param("127.0.0.1", {"Origin": "null"}, 403, id="a-page-of-nowhere"),
        pytest.param("127.0.0.1", {"Origin": "http://localhost:8000"}, 200, id="a-page-of-ours"),
    ],
)
def test_without_any_key(address: str, headers: dict[str, str], status: int) -> None:
    """Then programs on this machine need none, and nobody else gets in."""
    with stage(keys=()).client(key=None, address=address) as client:
        answer = client.post("/api/v1/sync", headers={"Host": "localhost:8000", **headers})
    assert answer.status_code == (202 if status == 200 else status)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost", "[::1]", "::ffff:127.0.0.1"])
def test_on_the_loopback_no_key_is_needed(host: str) -> None:
    """Nobody else can connect."""
    assert is_loopback(host)
    check_listening(host, [])
    check_listening(host, ["changeme"])


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.0.2.1", "netbox-pdns.example.com"])  # noqa: S104
@pytest.mark.parametrize(
    ("keys", "words"),
    [
        pytest.param([], "NETBOX_PDNS_API_KEY is not set", id="none"),
        pytest.param(["changeme"], "a key out of an example", id="changeme"),
        pytest.param(["Change-Me!"], "a key out of an example", id="however-it-is-written"),
        pytest.param(["your-api-key-here"], "a key out of an example", id="your-api-key-here"),
        pytest.param(["secret"], "a key out of an example", id="secret"),
        pytest.param([KEY, "password"], "a key out of an example", id="one-of-two"),
        pytest.param(["s3cr3t"], "fewer than 8 characters", id="short"),
    ],
)
def test_refuses_to_start(host: str, keys: list[str], words: str) -> None:
    """With an empty or example key it serves nobody but this machine, and says what to do; the key is not shown."""
    with pytest.raises(ConfigurationError, match=words) as caught:
        check_listening(host, keys)
    assert "openssl rand" in (caught.value.hint or "")


def test_starts_with_a_key() -> None:
    """A key that is one is enough."""
    check_listening("0.0.0.0", [KEY])  # noqa: S104
