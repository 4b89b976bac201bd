"""What NetBox's answers mean, told by a server that misbehaves on purpose."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from netbox_pdns.errors import ConfigurationError, DataError, NetboxPdnsError, TransientError
from netbox_pdns.netbox.client import NetBoxClient, RefusedRequestError
from netbox_pdns.netbox.listing import Place, ShiftedListError, read, whole
from netbox_pdns.netbox.probing import probe
from netbox_pdns.netbox.source import NetBoxSource
from netbox_pdns.netbox.wire import CHANGES, RECORDS, VIEWS, ZONES, Named
from netbox_pdns.resilience.retry import RetryPolicy
from netbox_pdns.sandbox.serving import serving
from netbox_pdns.settings import NetBoxSettings, Selection

AT_ONCE = RetryPolicy(attempts=2, base=0.0)
Answer = Callable[[Request], Response]


def _page(request: Request, ids: list[int], *, by_start: bool, most: int, counted: int | None = None) -> Response:
    """Answer as NetBox pages a list of *ids*, at most *most* at once; it counts *counted* of them.

    An older NetBox (not *by_start*) takes no notice of `start`.
    """
    query = request.query_params
    limit, count = min(int(query["limit"]), most), len(ids) if counted is None else counted
    if "start" in query and by_start:
        count, rest = None, [each for each in ids if each >= int(query["start"])]
    else:
        rest = [each for each in ids if each > int(query.get("id__gt", 0))][int(query.get("offset", 0)) :]
    following = "more" if len(rest) > limit else None
    return JSONResponse({"count": count, "next": following, "results": [{"id": each} for each in rest[:limit]]})


async def _asked(answer: Answer, path: str = ZONES, below: str = "") -> list[int]:
    requests = []

    async def app(request: Request) -> Response:
        requests.append(request)
        return answer(request)

    async with serving(Starlette(routes=[Route("/{path:path}", app)])) as url:
        settings = NetBoxSettings(url=url + below, token=SecretStr("t0ken"))
        async with NetBoxClient(settings, policy=AT_ONCE) as client:
            return [row.id for row in await whole(client, path, (), Named)]


_PAGING = pytest.mark.parametrize("by_start", [pytest.param(True, id="by-start"), pytest.param(False, id="by-id-gt")])


@_PAGING
@pytest.mark.parametrize("most", [1, 2, 3, 7, 1000])
def test_a_list_comes_whole_whatever_the_pages(by_start: bool, most: int) -> None:
    """Pages are as large as the server gives; two readers share a list of many; each object comes once."""
    ids = [number * number for number in range(1, 60)]
    assert asyncio.run(_asked(lambda request: _page(request, ids, by_start=by_start, most=most))) == ids


@pytest.mark.parametrize(
    ("gone", "found"),
    [
        pytest.param(range(0), range(1, 21), id="nothing"),
        pytest.param(range(3, 9), [1, 2, *range(9, 21)], id="so-many-that-the-middle-is-the-other-reader's"),
        pytest.param(range(3, 18), [1, 2, *range(12, 21)], id="so-many-that-there-is-no-middle"),
    ],
)
def test_what_goes_while_a_list_is_shared_makes_nothing_come_twice(gone: Sequence[int], found: Sequence[int]) -> None:
    """One reader is held up until the other, done with 12 to 20, asks where the middle of what is left is, at place 6."""
    ids = list(range(1, 21))
    asked = asyncio.Event()

    async def app(request: Request) -> Response:
        if request.query_params.get("start") == "2":
            await asked.wait()
        if request.query_params.get("offset") == "6":
            ids[:] = [each for each in ids if each not in gone]
            asked.set()
        return _page(request, ids, by_start=True, most=1)

    async def work() -> list[int]:
        async with (
            serving(Starlette(routes=[Route("/{path:path}", app)])) as url,
            NetBoxClient(NetBoxSettings(url=url, token=SecretStr("t0ken")), policy=AT_ONCE) as client,
        ):
            return [row.id for row in (await read(client, ZONES, (), Named)).rows]

    assert asyncio.run(work()) == list(found)


@pytest.mark.parametrize(
    "then",
    [
        pytest.param([2, 3, 5, 8, 13, 21], id="as-it-was"),
        pytest.param([2, 3, 5, 8, 13, 21, 34], id="one-more-at-the-end"),
        pytest.param([2, 3, 5, 8, 13], id="one-fewer-at-the-end"),
        pytest.param([2, 3, 4, 5, 8, 13, 21], id="one-more-on-the-first-page"),
        pytest.param([2, 5, 8, 13, 21], id="one-fewer-on-the-first-page"),
        pytest.param([2, 3, 5], id="a-page-alone"),
        pytest.param([], id="none"),
    ],
)
@_PAGING
def test_a_list_that_was_read_before_comes_whole(then: list[int], by_start: bool) -> None:
    """Its pages are asked for side by side, where the second one begins as it did; whatever became of it meanwhile."""
    first = [2, 3, 5, 8, 13, 21]
    held, place = list(first), Place()

    async def app(request: Request) -> Response:
        return _page(request, held, by_start=by_start, most=3)

    async def read() -> list[list[int]]:
        found = []
        async with (
            serving(Starlette(routes=[Route("/{path:path}", app)])) as url,
            NetBoxClient(NetBoxSettings(url=url, token=SecretStr("t0ken")), policy=AT_ONCE) as client,
        ):
            for held[:] in (first, first, then, then):
                found.append([row.id for row in await whole(client, ZONES, (), Named, place)])
        return found

    assert asyncio.run(read()) == [first, first, then, then]


def test_a_page_has_a_connection_of_its_own_and_small_answers_share_one() -> None:
    """Kept connections may all be one process's of NetBox, where pages asked for side by side would wait in line."""
    requests: list[Request] = []

    async def app(request: Request) -> Response:
        requests.append(request)
        return _page(request, [2, 3, 5, 8, 13], by_start=True, most=2)

    async def read() -> None:
        async with (
            serving(Starlette(routes=[Route("/{path:path}", app)])) as url,
            NetBoxClient(NetBoxSettings(url=url, token=SecretStr("t0ken")), policy=AT_ONCE) as client,
        ):
            await whole(client, ZONES, (), Named)
            for _ in range(3):
                await client.count(ZONES, ())

    asyncio.run(read())
    pages = [each for each in requests if int(each.query_params["limit"]) > 1]
    assert [each.headers["Connection"] for each in pages] == ["close"] * 3
    assert len({each.client for each in requests[-3:]}) == 1


def test_a_zone_whose_name_is_none_stops_no_list() -> None:
    """The others are listed, and it too, by the text that it has instead of a name."""
    names = ["a.example", f"{'X' * 64}.example", "b.example"]
    common = {"view": {"id": 1, "name": "v", "default_view": True}, "status": "active", "active": True}
    rows = [{"id": at, "name": name, "default_ttl": 60, **common} for at, name in enumerate(names)]

    async def app(request: Request) -> Response:
        found = {ZONES: rows, VIEWS: [common["view"]]}.get(request.url.path, [])
        count = None if "start" in request.query_params else len(found)
        return JSONResponse({"count": count, "next": None, "results": found})

    async def listed() -> list[str]:
        async with (
            serving(Starlette(routes=[Route("/{path:path}", app)])) as url,
            NetBoxSource(NetBoxSettings(url=url, token=SecretStr("x")), policy=AT_ONCE) as source,
        ):
            return [ref.name for ref in await source.zones(Selection())]

    assert asyncio.run(listed()) == ["a.example.", "b.example.", f"{'x' * 64}.example"]


def test_a_server_below_a_path_is_asked_below_it() -> None:
    """`https://host/netbox/` and `https://host/netbox/api/` both mean the API below `/netbox/api/`."""

    def answer(request: Request) -> Response:
        assert request.url.path == f"/netbox{ZONES}"
        return _page(request, [1], by_start=True, most=10)

    for below in ("/netbox", "/netbox/", "/netbox/api/"):
        assert asyncio.run(_asked(answer, below=below)) == [1]


@pytest.mark.parametrize(
    "ids",
    [
        pytest.param(lambda start: [1, 2] if start is None else [2, 3], id="an-object-again"),
        pytest.param(lambda _: [5, 4], id="out-of-order"),
        pytest.param(lambda start: [1, 2] if start is None else [], id="an-empty-page-before-the-end"),
    ],
)
def test_a_list_that_shifts_is_an_error(ids: Callable[[str | None], list[int]]) -> None:
    """Pages that do not go on where the one before ended are no list."""

    def answer(request: Request) -> Response:
        start = request.query_params.get("start")
        rows = [{"id": each} for each in ids(start)]
        return JSONResponse({"count": 5 if start is None else None, "next": "more", "results": rows})

    with pytest.raises(ShiftedListError, match="shifted while it was read"):
        asyncio.run(_asked(answer))


@_PAGING
def test_a_short_list_is_an_error(by_start: bool) -> None:
    """Fewer objects than NetBox counts are never taken for all of them."""
    with pytest.raises(ShiftedListError, match=r"counts 7 objects .* gave 3"):
        asyncio.run(_asked(lambda request: _page(request, [1, 2, 3], by_start=by_start, most=2, counted=7)))


def test_a_list_that_shifted_once_is_read_again() -> None:
    """An edit during the reading costs a second reading, not the run."""
    counts = iter([4, 3])

    def answer(request: Request) -> Response:
        return _page(request, [1, 2, 3], by_start=True, most=10, counted=next(counts))

    assert asyncio.run(_asked(answer)) == [1, 2, 3]


def _detail(status: int, text: str) -> Answer:
    return lambda _: JSONResponse({"detail": text}, status_code=status)


_ERRORS = [
    pytest.param(_detail(401, "no"), ZONES, ConfigurationError, "refuses the token", "NB_TOKEN", id="401"),
    pytest.param(_detail(403, "Invalid v1 token"), ZONES, ConfigurationError, "token", "NB_TOKEN", id="403-token"),
    pytest.param(
        _detail(403, "You do not have permission"), RECORDS, ConfigurationError, "view_record", "NB_TOKEN", id="403-records"
    ),
    pytest.param(
        _detail(403, "You do not have permission"), CHANGES, ConfigurationError, "core.view_objectchange", "NB_TOKEN",
        id="403-change-log",
    ),
    pytest.param(
        lambda _: HTMLResponse("<html>Not found", 404), ZONES, ConfigurationError, "netbox-dns/zones", "NB_URL",
        id="404-no-plugin",
    ),
    pytest.param(
        lambda _: HTMLResponse("<form action=/login/>"), ZONES, ConfigurationError, "login form", "NB_URL",
        id="200-login-page",
    ),
    pytest.param(
        lambda _: RedirectResponse("/login/?next=/"), ZONES, ConfigurationError, "/login/", "NB_URL", id="302-login"
    ),
    pytest.param(
        lambda _: RedirectResponse("https://nb.example/", 301), ZONES, ConfigurationError, "https://nb.example/",
        "NB_URL", id="301-to-https",
    ),
    pytest.param(_detail(404, "Not found."), CHANGES, ConfigurationError, "404", "NB_URL", id="404-no-netbox"),
    pytest.param(_detail(400, "bad"), ZONES, RefusedRequestError, "bad", None, id="400"),
    pytest.param(_detail(429, "slow"), ZONES, TransientError, "429", None, id="429"),
    pytest.param(_detail(500, "oops"), ZONES, TransientError, "500", None, id="500"),
    pytest.param(lambda _: PlainTextResponse("gone", 502), ZONES, TransientError, "502", None, id="502"),
    pytest.param(lambda _: JSONResponse({"hello": 1}), ZONES, DataError, "not as expected", None, id="other-json"),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "path", "kind", "words", "setting"), _ERRORS)
def test_an_answer_that_is_none_is_named_for_what_it_is(
    answer: Answer, path: str, kind: type[NetboxPdnsError], words: str, setting: str | None
) -> None:
    """Each failure has its class, its words, a mend, and the setting to look at; none shows the token."""
    with pytest.raises(kind) as caught:
        asyncio.run(_asked(answer, path))
    error = caught.value
    assert words in f"{error} {error.hint}"
    assert error.hint
    assert "t0ken" not in f"{error} {error.hint}"
    if isinstance(error, ConfigurationError):
        assert error.setting == f"NETBOX_PDNS_{setting}"


def test_a_server_that_asks_for_patience_says_how_much() -> None:
    """`Retry-After` comes with the error."""
    with pytest.raises(TransientError) as caught:
        asyncio.run(_asked(lambda _: JSONResponse({}, 429, headers={"Retry-After": "0"})))
    assert caught.value.retry_after == 0.0


@pytest.mark.parametrize(
    ("token", "header"),
    [
        pytest.param("0123456789abcdef", "Token 0123456789abcdef", id="version-1"),
        pytest.param("nbt_key.secret", "Bearer nbt_key.secret", id="version-2"),
    ],
)
def test_a_token_is_sent_as_its_form_demands(token: str, header: str) -> None:
    """A token that begins with `nbt_` is a bearer token."""

    async def app(request: Request) -> Response:
        assert request.headers["Authorization"] == header
        return JSONResponse({"netbox-version": "4.7.3", "plugins": {}})

    async def work() -> None:
        async with (
            serving(Starlette(routes=[Route("/{path:path}", app)])) as url,
            NetBoxClient(NetBoxSettings(url=url, token=SecretStr(token)), policy=AT_ONCE) as client,
        ):
            assert (await client.status()).netbox_version == "4.7.3"

    asyncio.run(work())


def test_check_names_a_netbox_without_the_plugin() -> None:
    """The plugin's absence is a failed probe with its mend; nothing of the plugin is asked for then."""

    async def app(_: Request) -> Response:
        return JSONResponse({"netbox-version": "4.7.3", "plugins": {}})

    async def work() -> None:
        async with serving(Starlette(routes=[Route("/api/status/", app)])) as url:
            probes = await probe(NetBoxSettings(url=url, token=SecretStr("x")))
        failed = [each for each in probes if each.state == "failed"]
        assert [each.name for each in failed] == ["NetBox: DNS plugin"]
        assert "netbox-plugin-dns" in str(failed[0].hint)

    asyncio.run(work())
