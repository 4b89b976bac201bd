"""What PowerDNS's answers mean, and which calls are repeated."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus

import pytest
from powerdns_fake import client_of
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response

from netbox_pdns.errors import ConfigurationError, ConflictError, NetboxPdnsError, TransientError
from netbox_pdns.powerdns.client import NotThereError, PowerDNSClient, RejectedError, TooLargeError
from netbox_pdns.powerdns.reading import listed
from netbox_pdns.powerdns.wire import ZoneWire
from netbox_pdns.resilience.retry import RetryDetails, RetryPolicy
from netbox_pdns.settings import TargetSettings

ZONE = "0/28.2.0.192.in-addr.arpa."
LARGE = b"x" * 1_000_000
_NAMED = {
    400: RejectedError,
    401: ConfigurationError,
    403: ConfigurationError,
    404: NotThereError,
    409: ConflictError,
    408: TransientError,
    413: TooLargeError,
    422: RejectedError,
    425: TransientError,
    429: TransientError,
}


def _means(status: int) -> type[NetboxPdnsError]:
    return _NAMED.get(status) or (TransientError if status >= 500 else ConfigurationError)


def _raised(answer: Response, call: Callable[[PowerDNSClient], Awaitable[object]], **fields: object) -> NetboxPdnsError:
    async def test() -> NetboxPdnsError:
        async with client_of(lambda request, body: answer, **fields) as client:
            with pytest.raises(NetboxPdnsError) as caught:
                await call(client)
            return caught.value

    return asyncio.run(test())


@pytest.mark.parametrize("status", [status.value for status in HTTPStatus if status >= 300 and status != 304])
def test_every_status_has_a_meaning(status: int) -> None:
    """Each status that is no success becomes the error whose class says what to do; none slips through."""
    error = _raised(PlainTextResponse("words", status), lambda client: client.patch_zone(ZONE, b"{}"))
    assert type(error) is _means(status)
    assert "canary" not in f"{error} {error.hint}"


@pytest.mark.parametrize(
    ("answer", "own", "reason"),
    [
        pytest.param(JSONResponse({"error": "no"}, 422), True, "no", id="of-4"),
        pytest.param(JSONResponse({"error": "no", "errors": ["why"]}, 422), True, "no", id="of-5"),
        pytest.param(
            JSONResponse({"error": "no", "detail": "no"}, 422),
            False,
            '{"error":"no","detail":"no"}',
            id="with-other-fields",
        ),
        pytest.param(JSONResponse({"detail": "no"}, 422), False, '{"detail":"no"}', id="of-another-form"),
        pytest.param(JSONResponse({"error": 7}, 422), False, '{"error":7}', id="of-another-type"),
        pytest.param(PlainTextResponse("no", 422), False, "no", id="text"),
    ],
)
def test_whose_word_a_refusal_is(answer: Response, own: bool, reason: str) -> None:
    """PowerDNS's own errors have one form of JSON; whatever refuses in another is something on the way."""
    error = _raised(answer, lambda client: client.patch_zone(ZONE, b"{}"))
    assert isinstance(error, RejectedError)
    assert (error.own, error.reason) == (own, reason)


def test_a_zone_whose_name_is_none_is_listed_by_its_text() -> None:
    """Others may have made it by whatever way; the list is read all the same."""
    assert listed(ZoneWire(name=f"{'X' * 64}.example.", kind="Native")).name == f"{'x' * 64}.example."


@pytest.mark.parametrize("status", [200, 302, 400, 404, 405])
def test_a_page_of_html_is_another_service(status: int) -> None:
    """A login page or a proxy's words, with whatever status: the URL is wrong."""
    error = _raised(HTMLResponse("<html>plain HTTP request sent to HTTPS port", status), lambda client: client.zones())
    assert isinstance(error, ConfigurationError)
    assert error.setting == "NETBOX_PDNS_PDNS_URL"


def test_a_redirect_is_named_with_where_it_leads() -> None:
    """It is not followed: the key would go along."""
    error = _raised(RedirectResponse("https://login.example/sso"), lambda client: client.zones())
    assert isinstance(error, ConfigurationError)
    assert "https://login.example/sso" in str(error)


@pytest.mark.parametrize(
    ("answer", "body", "kind"),
    [
        pytest.param(PlainTextResponse("Bad Request", 400), LARGE, TooLargeError, id="PowerDNS's own limit"),
        pytest.param(HTMLResponse("<html>", 413), b"{}", TooLargeError, id="a proxy's limit"),
        pytest.param(PlainTextResponse("Bad Request", 400), b"{}", RejectedError, id="a small one is no JSON"),
    ],
)
def test_a_request_that_is_too_large(answer: Response, body: bytes, kind: type[NetboxPdnsError]) -> None:
    """A 413, and a 400 to a large body, ask for smaller ones."""
    assert type(_raised(answer, lambda client: client.patch_zone(ZONE, body))) is kind


@pytest.mark.parametrize(
    ("resets", "kind", "tries"),
    [
        pytest.param(1, None, 2, id="once"),
        pytest.param(9, TooLargeError, 2, id="every-time"),
    ],
)
def test_a_large_request_that_is_reset(resets: int, kind: type[NetboxPdnsError] | None, tries: int) -> None:
    """Once it may have met with anything; a server that does it again gives up bodies of that size."""
    seen = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal seen
        seen += 1
        if seen <= resets:
            writer.transport.abort()
            return
        await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(len(LARGE))
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        writer.close()

    async def test() -> type[BaseException] | None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            settings = TargetSettings(name="default", url=f"http://127.0.0.1:{port}", token=SecretStr("x"))
            async with PowerDNSClient(settings, policy=RetryPolicy(base=0.0)) as client:
                try:
                    await client.patch_zone(ZONE, LARGE)
                except NetboxPdnsError as error:
                    return type(error)
        return None

    assert (asyncio.run(test()), seen) == (kind, tries)


@pytest.mark.parametrize(
    ("status", "server_id", "setting"),
    [
        pytest.param(401, "localhost", "NETBOX_PDNS_PDNS_TOKEN", id="key"),
        pytest.param(403, "localhost", "NETBOX_PDNS_PDNS_TOKEN", id="key, or allow-from"),
        pytest.param(404, "localhost", "NETBOX_PDNS_PDNS_URL", id="URL"),
        pytest.param(404, "other", "NETBOX_PDNS_PDNS_SERVER_ID", id="server id"),
    ],
)
def test_a_wrong_setting_is_named(status: int, server_id: str, setting: str) -> None:
    """The setting to correct, in the operator's name for it."""
    error = _raised(PlainTextResponse("no", status), lambda client: client.zones(), server_id=server_id)
    assert isinstance(error, ConfigurationError)
    assert error.setting == setting
    assert setting in (error.hint or "")


def test_a_setting_of_a_further_target_is_named_as_in_the_file() -> None:
    """Targets of the TOML file have no variables."""
    error = _raised(PlainTextResponse("no", 401), lambda client: client.zones(), flat=False, name="ams")
    assert isinstance(error, ConfigurationError)
    assert error.setting == "targets[ams].token"


@pytest.mark.parametrize("text", ["{}", '[{"name": 1}]', "[" * 100_000, "[1e999]"])
def test_an_answer_of_another_shape_is_another_service(text: str) -> None:
    """JSON that is none of the API's names the URL."""
    error = _raised(Response(text, media_type="application/json"), lambda client: client.zones())
    assert isinstance(error, ConfigurationError)
    assert error.setting == "NETBOX_PDNS_PDNS_URL"


@pytest.mark.parametrize("body", [b"", b"[", b'[{"name":"a.", "kind":"Nat', b'[{"name":"\xff"}]', b"\x00"])
def test_an_answer_that_is_no_whole_json_is_asked_for_again(body: bytes) -> None:
    """It was cut off or garbled on its way."""
    answers = [Response(body, media_type="application/json"), JSONResponse([{"name": "a.", "kind": "Native"}])]

    async def test() -> list[str]:
        async with client_of(lambda request, body: answers.pop(0)) as client:
            return [zone.name for zone in await client.zones()]

    assert asyncio.run(test()) == ["a."]


CALLS: list[tuple[str, Callable[[PowerDNSClient], Awaitable[object]], int]] = [
    ("server", lambda client: client.server(), 3),
    ("config", lambda client: client.configuration(), 3),
    ("list_zones", lambda client: client.zones(), 3),
    ("list_zone", lambda client: client.zone(ZONE), 3),
    ("list_zone", lambda client: client.zone_at(ZONE, ZONE), 3),
    ("metadata", lambda client: client.metadata(ZONE, "PRESIGNED"), 3),
    ("metadata", lambda client: client.kinds_of_metadata(ZONE), 3),
    ("set_metadata", lambda client: client.set_metadata(ZONE, "ALSO-NOTIFY", ["192.0.2.1"]), 3),
    ("patch_zone", lambda client: client.patch_zone(ZONE, b"{}"), 3),
    ("update_zone", lambda client: client.update_zone(ZONE, {}), 3),
    ("delete_zone", lambda client: client.delete_zone(ZONE), 3),
    ("notify_zone", lambda client: client.notify(ZONE), 3),
    ("rectify_zone", lambda client: client.rectify(ZONE), 3),
    ("create_zone", lambda client: client.create_zone(b"{}"), 1),
]


@pytest.mark.parametrize(("name", "call", "attempts"), CALLS)
def test_what_can_safely_be_repeated_is_tried_three_times(
    name: str, call: Callable[[PowerDNSClient], Awaitable[object]], attempts: int
) -> None:
    """All calls but the making of a zone; each failed attempt is told by the call's name."""
    paths: list[str] = []
    told: list[RetryDetails] = []

    def answer(request: Request, body: bytes) -> Response:
        paths.append(request.url.path)
        return PlainTextResponse("down", 503)

    async def test() -> None:
        async with client_of(answer, hook=told.append) as client:
            with pytest.raises(TransientError):
                await call(client)

    asyncio.run(test())
    assert len(paths) == attempts
    assert [each.name for each in told] == [name] * (attempts if attempts > 1 else 0)


def test_a_zone_is_found_by_its_escaped_name() -> None:
    """`/` of RFC 2317 and all else that is special in a path goes as `=` and two hex digits."""
    paths: list[str] = []

    def answer(request: Request, body: bytes) -> Response:
        paths.append(request.scope["raw_path"].decode())
        return JSONResponse({"name": ZONE, "kind": "Native"})

    async def test() -> None:
        async with client_of(answer) as client:
            for name in (ZONE, "a b?c.x.", "ü.x.", "_a-b.x."):
                await client.zone(name)

    asyncio.run(test())
    names = [path.removeprefix("/api/v1/servers/localhost/zones/") for path in paths]
    assert names == ["0=2F28.2.0.192.in-addr.arpa.", "a=20b=3Fc.x.", "=C3=BC.x.", "_a-b.x."]


def test_a_zone_that_is_gone_counts_as_deleted() -> None:
    """Deleting is done when it is not there."""

    async def test() -> None:
        async with client_of(lambda request, body: PlainTextResponse("Not Found", 404)) as client:
            await client.delete_zone(ZONE)

    asyncio.run(test())
