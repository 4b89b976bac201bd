"""The life of `netbox-pdns serve`: it serves with every server down, is told to stop, to read again, and tells systemd."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from serving_program import Program, serving_program, started
from starlette.types import Receive, Scope, Send

from netbox_pdns.errors import ConfigurationError
from netbox_pdns.service.door import Door
from netbox_pdns.service.listening import listening, load_certificate, tls_of
from netbox_pdns.service.notify import Notifier
from netbox_pdns.settings.service import ServiceOptions

Run = Callable[[Any], Any]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """One for all that leave it as it is."""
    with serving_program(tmp_path_factory.mktemp("serve"), {}) as found:
        yield found


def test_it_serves_with_all_servers_down(program: Program) -> None:
    """An orchestrator must not restart it in an outage; where no key is set this machine needs none."""
    for path in ("/health", "/livez", "/readyz", "/status", "/api/v1/targets"):
        assert httpx2.get(f"{program.url}{path}").status_code == 200


def test_a_port_that_is_taken(program: Program, tmp_path: Path) -> None:
    """It ends at once with exit status 1 and names the settings."""
    port = program.url.rsplit(":", 1)[1]
    with started(tmp_path, {}, ["serve", "--port", port]) as second:
        assert second.ended() == 1
        assert "NETBOX_PDNS_LISTEN_PORT" in second.said("hint:")


@pytest.mark.long
def test_it_refuses_an_example_key(tmp_path: Path) -> None:
    """On anything but the loopback; the key is not shown."""
    with started(tmp_path, {"NETBOX_PDNS_API_KEY": "changeme"}, ["serve", "--host", "0.0.0.0", "--port", "0"]) as found:  # noqa: S104
        assert found.ended() == 1
        assert "NETBOX_PDNS_API_KEY is a key out of an example" in found.said("error:")
        assert "changeme" not in "".join(found.lines)


def test_it_is_told_to_read_again_and_to_stop(tmp_path: Path) -> None:
    """SIGHUP: what can be exchanged counts, the rest is named, wrong settings change nothing. SIGTERM: exit status 0."""
    dotenv = tmp_path / ".env"
    dotenv.write_text("NETBOX_PDNS_API_KEY=first-key-1b7d\n")
    heard = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(heard))
        systemd.settimeout(60)
        with serving_program(tmp_path, {"NOTIFY_SOCKET": str(heard), "WATCHDOG_USEC": "600000"}) as program:
            assert systemd.recv(200).startswith(b"READY=1\nSTATUS=serving on http://127.0.0.1:")
            assert systemd.recv(200) == b"WATCHDOG=1"
            assert _status(program, "first-key-1b7d") == 200
            assert _status(program, "other-key-93c0") == 401

            others = {"API_KEY": "other-key-93c0", "LOG_LEVEL": "DEBUG", "STATUS_NEEDS_KEY": "true"}
            others |= {"WEBHOOK_SECRET": "a-secret-5f1c", "ZONE_PAUSE": "9"}
            dotenv.write_text("".join(f"NETBOX_PDNS_{name}={value}\n" for name, value in others.items()))
            program.signalled(signal.SIGHUP)
            line = program.said("reloaded")
            applied = ("API_KEY", "LOG_LEVEL", "STATUS_NEEDS_KEY", "WEBHOOK_SECRET")
            assert all(f"NETBOX_PDNS_{name}" in line.partition("needs_restart")[0] for name in applied)
            assert "needs_restart=NETBOX_PDNS_ZONE_PAUSE" in line
            assert not any(value in line for value in ("other-key-93c0", "a-secret-5f1c"))
            assert httpx2.get(f"{program.url}/status").status_code == 401
            assert (
                httpx2.post(f"{program.url}/webhooks/netbox", content=b"{}").headers["WWW-Authenticate"] == "Signature"
            )
            assert _status(program, "first-key-1b7d") == 401
            assert _status(program, "other-key-93c0") == 200
            program.said("[debug]")

            dotenv.write_text("NETBOX_PDNS_API_KEY=third-key-77aa\nNETBOX_PDNS_LOG_LEVEL=LOUD\n")
            program.signalled(signal.SIGHUP)
            assert "all stays as it was" in program.said("not reloaded")
            assert _status(program, "other-key-93c0") == 200

            dotenv.write_text(
                "".join(f"NETBOX_PDNS_{name}={value}\n" for name, value in {**others, "LOG_LEVEL": "INFO"}.items())
            )
            program.signalled(signal.SIGHUP)
            assert "needs_restart=NETBOX_PDNS_ZONE_PAUSE" in program.said("applied=NETBOX_PDNS_LOG_LEVEL needs")

            program.signalled(signal.SIGTERM)
            assert program.ended() == 0
            program.said("stopped")
        words = iter(lambda: systemd.recv(200), b"STOPPING=1")
        assert {word.split(b"\n")[0] for word in words} == {b"RELOADING=1", b"READY=1", b"WATCHDOG=1"}


@pytest.mark.long
def test_work_in_hand_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    """What does not end within the time it gets is broken off, with a line in the log; the exit status is 0 all the same."""
    variables = {"STAND_IN_WORK": "600", "NETBOX_PDNS_STOP_TIMEOUT": "0.5"}
    with serving_program(tmp_path, variables) as program:
        program.signalled(signal.SIGTERM)
        assert program.ended() == 0
        program.said("was broken off")


@pytest.mark.long
def test_readers_of_events_do_not_hold_it_up(tmp_path: Path) -> None:
    """Their streams end when it stops."""
    with (
        serving_program(tmp_path, {}) as program,
        httpx2.stream("GET", f"{program.url}/api/v1/events", timeout=60) as events,
    ):
        lines = events.iter_lines()
        assert next(lines) == ": listening"
        program.signalled(signal.SIGTERM)
        assert [line for line in lines if line] == []
        assert program.ended() == 0


def test_the_door(run: Run) -> None:
    """Before the application is there, probes are answered, and all others wait for it."""
    sent: list[tuple[str, Any]] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "from-the-app"})

    async def come() -> None:
        door = Door()

        async def ask(path: str) -> None:
            async def send(message: Any) -> None:
                sent.append((path, message.get("body", message["type"])))

            await door({"type": "http", "path": path}, _nothing, send)

        await ask("/health")
        waiting = asyncio.create_task(ask("/api/v1/zones"))
        await asyncio.sleep(0)
        assert len(sent) == 2
        door.open(app)
        await waiting
        await ask("/health")

    run(come())
    assert sent == [
        ("/health", "http.response.start"),
        ("/health", b'{"status":"Healthy"}'),
        ("/api/v1/zones", "from-the-app"),
        ("/health", "from-the-app"),
    ]


@pytest.mark.parametrize(
    ("environ", "address", "watchdog"),
    [
        pytest.param({}, None, None, id="no-systemd"),
        pytest.param({"NOTIFY_SOCKET": ""}, None, None, id="empty"),
        pytest.param({"NOTIFY_SOCKET": "@a", "WATCHDOG_USEC": "30000000"}, "@a", 30.0, id="watchdog"),
        pytest.param({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"}, None, 30.0, id="our-watchdog"),
        pytest.param({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "8"}, None, None, id="that-of-another"),
    ],
)
def test_what_systemd_asks_for(environ: dict[str, str], address: str | None, watchdog: float | None) -> None:
    """As sd_notify(3) and sd_watchdog_enabled(3) have it."""
    assert Notifier.of(environ, 7) == Notifier(address, watchdog)


def test_an_abstract_socket_and_one_that_is_gone() -> None:
    """`@` stands for the null byte; where nobody listens any more nothing breaks."""
    name = f"netbox-pdns-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(f"\0{name}")
        Notifier(f"@{name}").tell(READY=1)
        assert systemd.recv(100) == b"READY=1"
    Notifier(f"@{name}").tell(READY=1)


def test_certificates(tmp_path: Path) -> None:
    """A pair that belongs together is taken, another is refused and leaves the one in force as it is."""
    one, two = _certificate(tmp_path, "one"), _certificate(tmp_path, "two")
    context = tls_of(ServiceOptions(tls_cert=one[0], tls_key=one[1]))
    assert isinstance(context, ssl.SSLContext)
    with pytest.raises(ConfigurationError, match="cannot be used"):
        load_certificate(context, one[0], two[1])
    assert _shown(context) == ssl.PEM_cert_to_DER_cert(one[0].read_text())
    load_certificate(context, *two)
    assert _shown(context) == ssl.PEM_cert_to_DER_cert(two[0].read_text())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        pytest.param({"tls_key": Path("k.pem")}, "is set without NETBOX_PDNS_TLS_CERT", id="a-key-alone"),
        pytest.param({"tls_cert": Path("/nowhere.pem")}, "cannot be used", id="no-such-file"),
    ],
)
def test_certificates_that_cannot_be_used(options: dict[str, Any], words: str) -> None:
    """They are named before anything is begun."""
    with pytest.raises(ConfigurationError, match=words):
        tls_of(ServiceOptions(**options))


@pytest.mark.parametrize("host", ["192.0.2.1", "nowhere.invalid"])
def test_an_address_that_is_not_ours(host: str) -> None:
    """It is named, with the settings."""
    with (
        pytest.raises(ConfigurationError, match=f"cannot listen on {host}"),
        listening(ServiceOptions(listen_host=host)),
    ):
        pass


async def _nothing() -> Any:
    return {"type": "http.disconnect"}


def _status(program: Program, key: str) -> int:
    return httpx2.get(f"{program.url}/api/v1/targets", headers={"Authorization": f"Bearer {key}"}).status_code


def _certificate(home: Path, name: str) -> tuple[Path, Path]:
    cert, key = home / f"{name}.pem", home / f"{name}.key"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "2", "-subj", f"/CN={name}.example", "-keyout", str(key), "-out", str(cert)]
    subprocess.run(command, check=True, capture_output=True)
    return cert, key


def _shown(server: ssl.SSLContext) -> bytes | None:
    """Return the certificate that *server* shows to a client, without a network."""
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    theirs, ours = server.wrap_bio(there, back, server_side=True), client.wrap_bio(back, there)
    for _ in range(3):
        for side in (ours, theirs):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return ours.getpeercert(binary_form=True)
