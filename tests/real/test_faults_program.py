"""The program while a server does not do as it should: its exit status, and one line that says what, where and what to do.

What the engine makes of each fault is told in test_faults_netbox.py and test_faults_powerdns.py; here is what people see.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fault_proxy as proxies
import pytest
from fault_proxy import Fault, FaultProxy, Rule
from fault_world import Scene, sandboxed_world
from program import Done, program

from netbox_pdns.sandbox.background import in_background
from netbox_pdns.sandbox.running import RunningPowerDNS

pytestmark = [pytest.mark.real, pytest.mark.long]

LOG = re.compile(r"^\d{4}-\d\d-\d\dT\S+ \[")
HINT_BELOW = re.compile(r" *hint: (.*)$")
HINT_BEHIND = re.compile(r"\(((?:[^()]|\([^()]*\))+)\)$")
IN_ONE_LINE = frozenset({"note: ", "  default: down: "})
"""What has its hint in brackets behind it."""
WHERE = {"netbox": "NetBox", "powerdns": "PowerDNS (default)"}
LASTING: dict[str, Fault] = {
    "reset-before": proxies.reset,
    "reset-in-mid-answer": proxies.torn,
    "silent": proxies.hanging,
    "dripping": proxies.dripping,
    "500": proxies.status("500 Internal Server Error"),
    "502": proxies.status("502 Bad Gateway", body=b"<html>bad gateway"),
    "503": proxies.status("503 Service Unavailable", "Retry-After: 0"),
    "429": proxies.status("429 Too Many Requests", "Retry-After: 0"),
    "403": proxies.status("403 Forbidden"),
    "no-http": proxies.not_http,
    "badly-packed": proxies.unpackable,
    "login-page": proxies.login_page,
}
READ: dict[str, Fault] = {
    "garbage": proxies.garbage,
    "cut-off": proxies.cut_off,
    "another-shape": proxies.other_shape,
}
"""What shows where an answer has content alone."""
SET_UP = ("refused", "wrong-key", "no-tls", "untrusted")
"""What is no answer of a proxy."""


@dataclass
class Stage:
    """The scene, a proxy before each of its servers, and one before each that speaks TLS by a certificate of its own."""

    scene: Scene
    proxies: Mapping[str, FaultProxy]
    with_tls: Mapping[str, FaultProxy]

    def options(self, side: str, name: str) -> dict[str, Any]:
        """Return settings that lead to *side* by way of its proxy, with what is wrong by *name*, and short time-outs."""
        url = (self.with_tls if name == "untrusted" else self.proxies)[side].url
        wrong = {"token": "w" * 40} if name == "wrong-key" else {}
        fields = {
            "url": url.replace("http:", "https:") if name == "no-tls" else url,
            "read_timeout": 0.5,
            "call_timeout": 1.0,
            **wrong,
        }
        if side == "netbox":
            return {f"nb_{field}": value for field, value in fields.items()}
        return {"targets": [self.scene.world.target(**fields)]}

    def run(self, *commands: tuple[str, ...], side: str = "", name: str = "") -> dict[str, Done]:
        """Run *commands* side by side, each as a process of its own."""
        world = self.scene.world
        config = world.settings_file(world.directory / "faults.toml", **(self.options(side, name) if side else {}))
        variables = {"NETBOX_PDNS_CONFIG": str(config)}
        with ThreadPoolExecutor(len(commands)) as pool:
            done = pool.map(lambda words: program(*words, home=world.directory, variables=variables), commands)
            return {words[0]: each for words, each in zip(commands, done, strict=True)}

    def must_come_round(self) -> None:
        """See that without harm one sync mends all."""
        done = self.run(("sync",))["sync"]
        assert done.status == 0, done.out + done.err
        self.scene.must_be_served()


@pytest.fixture(scope="module")
def stage(
    powerdns_gsqlite3: RunningPowerDNS, own_certificate: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    """A scene for all of them."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(own_certificate)
    with ExitStack() as stack:
        world = stack.enter_context(sandboxed_world(powerdns_gsqlite3, tmp_path_factory.mktemp("program")))
        urls = {"netbox": world.netbox.url, "powerdns": world.server.url}
        plain, secured = (
            {
                side: stack.enter_context(in_background(proxies.running_proxy(url, tls=context)))
                for side, url in urls.items()
            }
            for context in (None, tls)
        )
        yield Stage(Scene.of(world), plain, secured)


def told(done: Done, mark: str) -> list[tuple[str, str]]:
    """Return the lines that begin with *mark*, each with the line after it; log lines are left out."""
    lines = [line for line in f"{done.out}\n{done.err}\n".splitlines() if not LOG.match(line)]
    return [(line, after) for line, after in zip(lines, [*lines[1:], ""], strict=True) if line.startswith(mark)]


def must_say_once(done: Done, mark: str, where: str, *secrets: str) -> None:
    """See that one line behind *mark* says what is wrong and where, and that it or the next one says what to do."""
    printed = done.out + done.err
    assert "Traceback" not in printed
    assert not [secret for secret in secrets if secret in printed]
    said = told(done, mark)
    assert len(said) == 1, printed
    line, after = said[0]
    assert where in line, line
    hint = HINT_BEHIND.search(line) if mark in IN_ONE_LINE else HINT_BELOW.match(after)
    assert hint is not None, f"{line}\n{after}"
    assert len(hint[1].split()) > 2, f"{line}\n{after}"


COMMANDS = {
    # what each is told by, and its exit status: with NetBox away, and with PowerDNS
    "plan": {"netbox": ("error: ", 1), "powerdns": ("error: ", 1)},
    "sync": {"netbox": ("error: ", 1), "powerdns": ("error: ", 1)},
    "verify": {"netbox": ("error: ", 1), "powerdns": ("note: ", 3)},
    "explain": {"netbox": ("error: ", 1), "powerdns": ("  default: down: ", 3)},
    "check": {"netbox": ("FAILED ", 3), "powerdns": ("FAILED ", 3)},
}


@pytest.mark.parametrize("side", WHERE)
@pytest.mark.parametrize("name", [*LASTING, *READ, *SET_UP])
def test_a_server_that_does_not_do_as_it_should(stage: Stage, name: str, side: str) -> None:
    """Every command ends as documented; DNS is asked all the same where PowerDNS's API is away; the next sync is whole."""
    scene, proxy = stage.scene, stage.proxies[side]
    scene.edit()
    faults = {**LASTING, **READ, "refused": proxy.refuse}
    rules = [Rule(faults[name], times=None)] if name in faults else []
    commands = [(command, scene.world.name("turn.a")) if command == "explain" else (command,) for command in COMMANDS]
    with scene.polling(), proxy.harming(*rules):
        ended = stage.run(*commands, side=side, name=name)
    for command, done in ended.items():
        mark, status = COMMANDS[command][side]
        assert done.status == status, f"{command}: {done.status}\n{done.out}{done.err}"
        must_say_once(done, mark, WHERE[side], scene.world.netbox.token, scene.world.server.api_key, "w" * 40)
    stage.must_come_round()


MID_WORK = {
    "netbox": Rule(proxies.reset, path="/records/"),
    "powerdns": Rule(proxies.reset, method="POST|PATCH|DELETE"),
}


@pytest.mark.parametrize(
    ("side", "name"),
    [(side, name) for side in WHERE for name in ("refused", *LASTING, *(READ if side == "netbox" else ()))],
)
def test_a_sync_that_is_broken_off_in_mid_work(stage: Stage, side: str, name: str) -> None:
    """What failed is listed with the mend, the exit status is 3, and the next sync is whole."""
    scene, proxy = stage.scene, stage.proxies[side]
    scene.edit()
    rule = MID_WORK[side]
    fault = {**LASTING, **READ, "refused": proxy.refuse}[name]
    with scene.polling(), proxy.harming(Rule(fault, method=rule.method, path=rule.path, times=None)):
        done = stage.run(("sync",), side=side, name=name)["sync"]
    assert done.status == 3, done.out + done.err
    assert "Traceback" not in done.out + done.err
    assert not [
        secret for secret in (scene.world.netbox.token, scene.world.server.api_key) if secret in done.out + done.err
    ]
    failed = [(line, after) for line, after in told(done, "  ") if not line.startswith("   ")]
    assert failed
    for line, after in failed:
        assert WHERE[side] in line or "the target does not answer" in line, line
        assert after.startswith("    hint: "), done.out
    stage.must_come_round()
