"""One call: how long it may take in all, how much it may bring, and what each way of breaking off means."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest

from netbox_pdns.errors import ConfigurationError, DataError, NetboxPdnsError, TransientError
from netbox_pdns.resilience.calls import Peer, StrangeAnswerError, answered, decoded, transport_error
from netbox_pdns.resilience.http import retry_after
from netbox_pdns.resilience.once import OnceTransport

NOON = 784_111_777.0
"""Sun, 06 Nov 1994 08:49:37 GMT, the date of RFC 9110's examples."""


def peer(url: str = "http://x", *, patience: float = 60.0, largest: int = 1000) -> Peer:
    """Return a peer whose settings are called X_URL and so on."""
    return Peer("The server", url, lambda field: f"X_{field.upper()}", patience, largest)


@asynccontextmanager
async def saying(*parts: bytes, hangs: bool = False) -> AsyncIterator[str]:
    """Listen, send *parts* to whoever asks, and end the connection, unless it *hangs*; yield the URL."""
    ended = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for part in parts:
            writer.write(part)
            await writer.drain()
        if hangs:
            await ended.wait()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        ended.set()
        server.close()
        await server.wait_closed()


Wire = httpx2.AsyncBaseTransport | None


@pytest.fixture(params=["library", "once"])
def wire(request: pytest.FixtureRequest) -> Wire:
    """What is below the library: its own transport, or the one for connections that are used once."""
    return OnceTransport() if request.param == "once" else None


def asked(
    wire: Wire, *parts: bytes, hangs: bool = False, patience: float = 60.0, silence: float = 60.0
) -> httpx2.Response | NetboxPdnsError:
    """Return what asking a server that sends *parts* comes to."""

    async def work() -> httpx2.Response | NetboxPdnsError:
        client = httpx2.AsyncClient(timeout=silence, trust_env=False, transport=wire)
        async with saying(*parts, hangs=hangs) as url, client as http:
            try:
                return await answered(http, peer(url, patience=patience), "GET", url)
            except NetboxPdnsError as error:
                return error

    return asyncio.run(work())


def head(*lines: str, status: str = "200 OK") -> bytes:
    """Return the head of an answer."""
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode()


def test_an_answer_comes_whole_and_unpacked(wire: Wire) -> None:
    """Status, headers, and the body without the way it was packed."""
    packed = gzip.compress(b'{"a": 1}')
    got = asked(
        wire, head("Content-Encoding: gzip", f"Content-Length: {len(packed)}", "X-A: b", status="404 No"), packed
    )
    assert isinstance(got, httpx2.Response)
    assert (got.status_code, got.content, got.headers["X-A"]) == (404, b'{"a": 1}', "b")


def test_a_call_ends_however_much_keeps_coming(wire: Wire) -> None:
    """A server that goes on and on is given up after `patience` seconds in all, and the setting is named."""
    got = asked(wire, head("Content-Length: 900"), b"x", hangs=True, patience=0.2)
    assert isinstance(got, TransientError)
    assert "X_CALL_TIMEOUT" in str(got.hint)


@pytest.mark.parametrize("parts", [[], [head("Content-Length: 900"), b"x"]], ids=["no-answer", "half-an-answer"])
def test_a_server_that_falls_silent_is_given_up(wire: Wire, parts: list[bytes]) -> None:
    """Before its answer or within it; the setting is named."""
    got = asked(wire, *parts, hangs=True, silence=0.2)
    assert isinstance(got, TransientError)
    assert "X_READ_TIMEOUT" in str(got.hint)


def test_what_comes_before_the_answer_is_no_answer(wire: Wire) -> None:
    """Informational answers are passed over (RFC 9110, section 15.2); chunks are put together."""
    chunks = b"3\r\n[1,\r\n3\r\n 2]\r\n0\r\n\r\n"
    got = asked(wire, head(status="103 Early Hints"), head("Transfer-Encoding: chunked"), chunks)
    assert isinstance(got, httpx2.Response)
    assert (got.status_code, got.content) == (200, b"[1, 2]")


def test_nobody_listens(wire: Wire) -> None:
    """The address is named, and that it cannot be reached."""

    async def work() -> None:
        async with saying() as url:
            gone = url
        async with httpx2.AsyncClient(trust_env=False, transport=wire) as http:
            await answered(http, peer(gone), "GET", gone)

    with pytest.raises(TransientError, match=r"at http://127\.0\.0\.1:\d+ cannot be reached"):
        asyncio.run(work())


LONG = b"x" * 1001


@pytest.mark.parametrize(
    ("parts", "kind", "words"),
    [
        pytest.param([], TransientError, "broke the connection off", id="ends-without-an-answer"),
        pytest.param([head("Content-Length: 9"), b"x"], TransientError, "broke the connection off", id="ends-too-soon"),
        pytest.param([b"SSH-2.0-OpenSSH_9.2\r\n"], TransientError, "broke the connection off", id="no-HTTP"),
        pytest.param([head("X: " + "y" * 200_000)], TransientError, "broke the connection off", id="endless-head"),
        pytest.param(
            [head("Content-Encoding: gzip", "Content-Length: 4"), b"junk"], TransientError, "unpacked", id="no-gzip"
        ),
        pytest.param([head("Content-Length: 1001"), LONG], DataError, "more than 1000 bytes", id="too-large"),
        pytest.param(
            [head("Content-Encoding: gzip", "Connection: close"), gzip.compress(LONG * 1000)],
            DataError, "more than 1000 bytes", id="too-large-unpacked",
        ),
    ],
)  # fmt: skip
def test_every_way_of_breaking_off_has_a_class(
    wire: Wire, parts: list[bytes], kind: type[NetboxPdnsError], words: str
) -> None:
    """What may pass is tried again; what is too large never is."""
    got = asked(wire, *parts)
    assert type(got) is kind
    assert words in str(got)
    assert got.hint


@pytest.mark.parametrize("charset", ["hex", "base64", "rot13", "utf-7", "no-such", "utf-16"])
def test_the_text_of_an_answer_can_be_read_whatever_charset_it_names(wire: Wire, charset: str) -> None:
    """Our errors quote it."""
    got = asked(wire, head(f"Content-Type: text/plain; charset={charset}", "Content-Length: 3"), b"n\xff!")
    assert isinstance(got, httpx2.Response)
    assert got.text == "n�!"


def _errors(kind: type[httpx2.HTTPError]) -> list[type[httpx2.HTTPError]]:
    return [kind, *(below for each in kind.__subclasses__() for below in _errors(each))]


@pytest.mark.parametrize("kind", [*_errors(httpx2.HTTPError), httpx2.InvalidURL], ids=lambda kind: kind.__name__)
def test_every_error_of_the_library_has_a_meaning(kind: type[Exception]) -> None:
    """None is left without a class of ours and a hint."""
    error = kind.__new__(kind)
    Exception.__init__(error, "words")
    meant = transport_error(error, peer())  # type: ignore[arg-type]
    assert isinstance(meant, TransientError | ConfigurationError)
    assert meant.hint


@pytest.mark.parametrize(
    ("text", "kind", "setting"),
    [
        pytest.param("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed", ConfigurationError, "X_CA_FILE", id="not-trusted"),
        pytest.param("[SSL: WRONG_VERSION_NUMBER] wrong", ConfigurationError, "X_URL", id="no-TLS-there"),
        pytest.param("[SSL: UNEXPECTED_EOF_WHILE_READING] EOF", TransientError, "X_URL", id="ends-in-the-handshake"),
        pytest.param("[Errno 111] Connection refused", TransientError, "X_URL", id="refused"),
    ],
)
def test_a_connection_that_does_not_stand(text: str, kind: type[NetboxPdnsError], setting: str) -> None:
    """A wrong setting is no matter of patience; a server that is away is."""
    meant = transport_error(httpx2.ConnectError(text), peer())
    assert type(meant) is kind
    assert setting in str(meant.hint)


@pytest.mark.parametrize(
    ("error", "setting"),
    [(httpx2.ConnectTimeout, "X_CONNECT_TIMEOUT"), (httpx2.ReadTimeout, "X_READ_TIMEOUT")],
    ids=["connect", "read"],
)
def test_a_time_out_names_its_setting(error: type[httpx2.TimeoutException], setting: str) -> None:
    """Each of them is a setting of its own."""
    assert setting in str(transport_error(error(""), peer()).hint)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        pytest.param(b"[1, 2]", None, id="well"),
        pytest.param(b"", TransientError, id="nothing"),
        pytest.param(b"[1, 2", TransientError, id="cut-off"),
        pytest.param(b"\x1f\x8b\x00", TransientError, id="no-text"),
        pytest.param(b'["\xff"]', StrangeAnswerError, id="another-type"),
        pytest.param(b"{}", StrangeAnswerError, id="another-shape"),
        pytest.param(b"[1e999]", StrangeAnswerError, id="no-number-of-ours"),
        pytest.param(b"[" * 100_000, StrangeAnswerError, id="nested-deeply"),
    ],
)
def test_what_json_says(body: bytes, error: type[Exception] | None) -> None:
    """Cut off or garbled it is asked for again; of another shape it is another service's, or another version's."""
    if error is None:
        assert decoded(body, list[int], peer()) == [1, 2]
    else:
        with pytest.raises(error):
            decoded(body, list[int], peer())


def test_deeply_nested_json_is_strange_whatever_was_asked_for() -> None:
    """The decoder's own limit is no error of ours."""
    with pytest.raises(StrangeAnswerError, match="nested too deeply"):
        decoded(b"[" * 100_000, object, peer())


@pytest.mark.parametrize(
    ("value", "date", "seconds"),
    [
        pytest.param("120", None, 120.0, id="seconds"),
        pytest.param("0", None, 0.0, id="at-once"),
        pytest.param("Sun, 06 Nov 1994 08:50:07 GMT", None, 30.0, id="a-date"),
        pytest.param("Sunday, 06-Nov-94 08:50:07 GMT", None, 30.0, id="a-date-of-RFC-850"),
        pytest.param("Sun Nov  6 08:50:07 1994", None, 30.0, id="a-date-of-asctime"),
        pytest.param("Sun, 06 Nov 1994 08:50:07 GMT", "Sun, 06 Nov 1994 08:50:00 GMT", 7.0, id="by-the-servers-clock"),
        pytest.param("Sun, 06 Nov 1994 08:50:07 GMT", "nonsense", 30.0, id="whose-clock-is-not-told"),
        pytest.param("Sun, 06 Nov 1994 08:00:00 GMT", None, 0.0, id="a-date-that-has-passed"),
        pytest.param("", None, None, id="nothing"),
        pytest.param("soon", None, None, id="nonsense"),
        pytest.param("-5", None, None, id="before-now"),
        pytest.param("1.5", None, None, id="no-whole-seconds"),
        pytest.param("Sun, 06 Nov 1994 08:49:37 +99999999999999", None, None, id="no-time-zone"),
    ],
)
def test_how_long_a_server_asks_to_wait(value: str, date: str | None, seconds: float | None) -> None:
    """`Retry-After` in seconds or as a date, which counts from the server's own clock where it is told."""
    headers = {"Retry-After": value, **({"Date": date} if date else {})}
    assert retry_after(httpx2.Response(503, headers=headers), NOON) == seconds
