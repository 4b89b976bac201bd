"""What `check` finds out about a real PowerDNS: each mistake named for what it is, with the setting to correct."""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
import subprocess
from asyncio.subprocess import DEVNULL
from pathlib import Path

import pytest
from powerdns_zones import MARK, bring, target_of, wanted
from pydantic import SecretStr
from servers import api, eventually, missing

from netbox_pdns.powerdns.probing import NO_SUCH_ZONE, probe
from netbox_pdns.probe import Probe
from netbox_pdns.sandbox.pdns_server import prepare_pdns_server, running_pdns_server
from netbox_pdns.sandbox.running import RunningPowerDNS
from netbox_pdns.settings import TargetSettings

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("pdns_server")]


def _settings(server: RunningPowerDNS, **fields: object) -> TargetSettings:
    reached = {"url": server.url, "token": SecretStr(server.api_key), "dns_address": server.dns_address, "flat": True}
    return TargetSettings.model_validate({**reached, **fields})


def _by_name(probes: tuple[Probe, ...]) -> dict[str, Probe]:
    return {probe.name.removeprefix("PowerDNS (default)").removeprefix(": "): probe for probe in probes}


def test_a_server_that_is_set_up_well_is_all_ok(powerdns_primary: RunningPowerDNS, run) -> None:
    """Nothing to mend, nothing changed."""
    found = run(probe(_settings(powerdns_primary), MARK))
    assert [
        (each.name, each.detail, each.hint) for each in found if each.state != "ok" and "serials" not in each.name
    ] == []
    assert list(_by_name(found)) == [
        "",
        "TLS",
        "zones",
        "may write",
        "request size",
        "serials",
        "DNS over UDP",
        "DNS over TCP",
    ]
    assert api(powerdns_primary, "GET", f"/zones/{NO_SUCH_ZONE}").status_code == 404


@pytest.mark.parametrize("ending", ["/", "/api", "/api/v1", "/api/v1/"])
def test_the_url_may_end_in_the_path_of_the_api(ending: str, powerdns_gsqlite3: RunningPowerDNS, run) -> None:
    """With and without it the same API is found."""
    found = run(probe(_settings(powerdns_gsqlite3, url=powerdns_gsqlite3.url + ending), MARK))
    assert found[0].state == "ok"


@pytest.mark.parametrize(
    ("wrong", "detail", "hint"),
    [
        pytest.param({"token": SecretStr("canary")}, "refuses the API key", "NETBOX_PDNS_PDNS_TOKEN", id="wrong key"),
        pytest.param({"server_id": "nope"}, "no server 'nope'", "NETBOX_PDNS_PDNS_SERVER_ID", id="wrong server id"),
        pytest.param({"url": "{url}/nope"}, "no PowerDNS API at", "NETBOX_PDNS_PDNS_URL", id="wrong path"),
        pytest.param({"url": "https{tls}"}, "speaks http", "write http://", id="https for http"),
        pytest.param({"url": "http://127.0.0.1:9"}, "cannot be reached", "NETBOX_PDNS_PDNS_URL", id="nobody there"),
        pytest.param({"url": "ftp://127.0.0.1"}, "no URL", "NETBOX_PDNS_PDNS_URL", id="no URL"),
        pytest.param({"ca_file": "/nonexistent/ca.pem"}, "the CA file", "PEM", id="CA file that is not there"),
    ],
)
def test_a_mistake_is_named_with_its_setting(
    wrong: dict[str, object], detail: str, hint: str, powerdns_gsqlite3: RunningPowerDNS, run
) -> None:
    """One line that says what is wrong, and how it is mended; no secret in it."""
    server = powerdns_gsqlite3
    given = {
        name: value.format(url=server.url, tls=server.url.removeprefix("http")) if isinstance(value, str) else value
        for name, value in wrong.items()
    }
    (found,) = run(probe(_settings(server, **given), MARK))
    assert found.state == "failed"
    assert detail in found.detail
    assert hint in (found.hint or "")
    assert "canary" not in f"{found}"
    assert server.api_key not in f"{found}"


def test_a_powerdns_without_its_api_is_named(tmp_path: Path, run) -> None:
    """Its webserver answers, and the hint says what pdns.conf needs."""

    async def test() -> tuple[Probe, ...]:
        server = prepare_pdns_server(tmp_path, settings={"api": "no"})
        process = await asyncio.create_subprocess_exec(*server.command, stdout=DEVNULL, stderr=DEVNULL)
        try:
            await asyncio.to_thread(eventually, lambda: _listens(server.reached), timeout=20.0, what="a webserver")
            return await probe(_settings(server.reached), MARK)
        finally:
            process.terminate()
            await process.wait()

    (found,) = run(test())
    assert found.state == "failed"
    assert "no PowerDNS API" in found.detail
    assert "api=yes" in (found.hint or "")


def _listens(server: RunningPowerDNS) -> bool:
    host, port = server.url.removeprefix("http://").split(":")
    try:
        socket.create_connection((host, int(port)), timeout=1.0).close()
    except OSError:
        return False
    return True


def test_http_where_https_is_spoken_is_named(tmp_path: Path, run) -> None:
    """A proxy with TLS before PowerDNS, and `http://` in the setting."""
    if shutil.which("openssl") is None:
        missing("openssl is not there: apt-get install openssl")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    new = [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-subj",
        "/CN=localhost",
    ]
    subprocess.run(["openssl", *new, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    async def test() -> tuple[tuple[Probe, ...], tuple[Probe, ...]]:
        async with await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=context) as proxy:
            address = f"127.0.0.1:{proxy.sockets[0].getsockname()[1]}"
            settings = TargetSettings(url=f"http://{address}", token=SecretStr("key"), flat=True)
            return await probe(settings, MARK), await probe(
                settings.model_copy(update={"url": f"https://{address}"}), MARK
            )

    (plain,), (untrusted,) = run(test())
    assert plain.state == untrusted.state == "failed"
    assert "speaks https" in plain.detail
    assert "NETBOX_PDNS_PDNS_URL" in (plain.hint or "")
    assert "certificate is not trusted" in untrusted.detail


def test_what_is_set_up_badly_is_told(tmp_path: Path, run) -> None:
    """A small request limit, serials that SOA-EDIT changes, and a DNS address of another server."""
    conf = {"webserver-max-bodysize": "1", "default-soa-edit": "INCREMENT-WEEKS"}

    async def test() -> dict[str, Probe]:
        async with running_pdns_server(tmp_path, settings=conf) as server, target_of(server) as target:
            await bring(target, wanted("probed.example.", 7))
            return _by_name(await probe(_settings(server, dns_address="127.0.0.1:9"), MARK))

    found = run(test())
    assert {name for name, each in found.items() if each.state == "warning"} == {"request size", "serials"}
    assert "default-soa-edit=INCREMENT-WEEKS" in found["serials"].detail
    assert {name for name, each in found.items() if each.state == "failed"} == {"DNS over UDP", "DNS over TCP"}
    assert "NETBOX_PDNS_PDNS_DNS_ADDRESS" in (found["DNS over TCP"].hint or "")


def test_a_dns_address_of_another_server_is_found_out(
    powerdns_gsqlite3: RunningPowerDNS, powerdns_secondary: RunningPowerDNS, fresh_zone_name: str, run
) -> None:
    """DNS answers there, but not for what the API lists."""

    async def test() -> dict[str, Probe]:
        async with target_of(powerdns_gsqlite3) as target:
            await bring(target, wanted(fresh_zone_name, 7))
            found = await probe(_settings(powerdns_gsqlite3, dns_address=powerdns_secondary.dns_address), MARK)
            await target.client.delete_zone(fresh_zone_name)
            return _by_name(found)

    found = run(test())
    assert found["DNS over UDP"].state == found["DNS over TCP"].state == "failed"
    assert "does not serve" in found["DNS over UDP"].detail
