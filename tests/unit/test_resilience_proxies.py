"""Both clients go by way of the proxies that the usual environment variables name, and past them where those say so."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest
from pydantic import SecretStr

from netbox_pdns.errors import NetboxPdnsError
from netbox_pdns.netbox.client import NetBoxClient
from netbox_pdns.powerdns.client import PowerDNSClient
from netbox_pdns.resilience.retry import RetryPolicy
from netbox_pdns.settings import NetBoxSettings, TargetSettings

ONCE = RetryPolicy(attempts=1)
VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


async def call(server: str, url: str) -> None:
    """Make a call of *server* at *url*, which fails."""
    with suppress(NetboxPdnsError):
        if server == "netbox":
            async with NetBoxClient(NetBoxSettings(url=url, token=SecretStr("x")), policy=ONCE) as netbox:
                await netbox.status()
        else:
            settings = TargetSettings(name="a", url=url, token=SecretStr("x"))
            async with PowerDNSClient(settings, policy=ONCE) as powerdns:
                await powerdns.server()


@pytest.mark.parametrize("server", ["netbox", "powerdns"])
@pytest.mark.parametrize(
    ("url", "variables", "asked"),
    [
        pytest.param("http://s.invalid:81", {"http_proxy": "PROXY"}, ["GET http://s.invalid:81/"], id="http"),
        pytest.param("https://s.invalid:81", {"https_proxy": "PROXY"}, ["CONNECT s.invalid:81"], id="https"),
        pytest.param("http://s.invalid:81", {"all_proxy": "PROXY"}, ["GET http://s.invalid:81/"], id="all"),
        pytest.param("http://s.invalid:81", {"https_proxy": "PROXY"}, [], id="for-the-other-scheme"),
        pytest.param("http://s.invalid:81", {"http_proxy": "PROXY", "no_proxy": "s.invalid"}, [], id="past-it"),
        pytest.param("http://s.invalid:81", {}, [], id="none"),
    ],
)
def test_a_proxy_of_the_environment_is_gone_by(
    monkeypatch: pytest.MonkeyPatch, server: str, url: str, variables: dict[str, str], asked: list[str]
) -> None:
    """What it is asked is the server's URL."""
    seen: list[str] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        seen.append(head.partition(b"\r\n")[0].decode())
        writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    async def work() -> None:
        listening = await asyncio.start_server(proxy, "127.0.0.1", 0)
        async with listening:
            here = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
            for name in VARIABLES:
                for spelt in (name, name.upper()):
                    monkeypatch.delenv(spelt, raising=False)
            for name, value in variables.items():
                monkeypatch.setenv(name, value.replace("PROXY", here))
            await call(server, url)

    asyncio.run(work())
    assert [line.startswith(start) for line, start in zip(seen, asked, strict=True)] == [True] * len(asked)
