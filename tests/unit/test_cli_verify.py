"""What `verify` prints of what it found, and what its sum says."""

from __future__ import annotations

import pytest

from netbox_pdns.cli.terminal import Terminal
from netbox_pdns.cli.verify import print_verification
from netbox_pdns.planning.verdicts import Finding
from netbox_pdns.sync.verification import FoundRRset, ServerReport, Verification


def _found(name: str, finding: Finding, *, alarm: bool = True, **fields: object) -> FoundRRset:
    return FoundRRset("z.example.", f"{name}.z.example.", "A", finding, alarm, 60, **fields)  # type: ignore[arg-type]  # by name


def _server(*findings: FoundRRset, **fields: object) -> ServerReport:
    blank: dict[str, object] = {"server": "pdns", "kind": "target", "address": "192.0.2.1 port 53"}
    numbers = {"zones": 1, "rrsets": 5, "asked": 5, "seconds": 0.5, "rate": 10.0}
    return ServerReport(findings=findings, **{**blank, **numbers, **fields})  # type: ignore[arg-type]  # by name


STALE = _found(
    "www",
    Finding.STALE,
    missing=("192.0.2.1",),
    extra=("192.0.2.9",),
    why="the next sync changes it",
    urls=("https://netbox/records/1/",),
)
TTL = _found("ttl", Finding.STALE, served_ttl=61, answer="TTL 61 in place of 60")
GONE = _found("gone", Finding.MISSING, missing=("192.0.2.2",), answer="NXDOMAIN")
HELD = _found("held", Finding.EXTRA, alarm=False, extra=("192.0.2.3",), why="held (unexplained): 1 record")
HIDDEN = _found("a.sub", Finding.OCCLUDED, alarm=False, why="the delegation of sub.z.example. hides it")
DOWN = _server(error="DNS at 192.0.2.1 port 53 does not answer over UDP: no answer", hint="set dns_address", asked=0)


def _printed(capsys: pytest.CaptureFixture[str], *servers: ServerReport, verbose: bool = False) -> list[str]:
    print_verification(Terminal(verbose=verbose), Verification.of(servers, 1.5))
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(
    ("found", "lines"),
    [
        pytest.param(
            STALE,
            [
                "  stale      www.z.example. A",
                "    wanted: 192.0.2.1",
                "    served: 192.0.2.9",
                "    the next sync changes it",
                "    NetBox: https://netbox/records/1/",
            ],
            id="stale",
        ),
        pytest.param(TTL, ["  stale      ttl.z.example. A: TTL 61 in place of 60"], id="ttl"),
        pytest.param(GONE, ["  missing    gone.z.example. A: NXDOMAIN", "    wanted: 192.0.2.2"], id="missing"),
        pytest.param(
            HELD,
            ["  extra      held.z.example. A", "    served: 192.0.2.3", "    held (unexplained): 1 record"],
            id="held",
        ),
        pytest.param(HIDDEN, [], id="hidden"),
    ],
)
def test_a_finding(found: FoundRRset, lines: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Below its zone and server: what was wanted, what is served, why, and where to look."""
    printed = _printed(capsys, _server(found))
    assert printed[:-1] == (["z.example. on pdns (192.0.2.1 port 53)", *lines] if lines else [])


def test_what_cannot_be_seen_is_listed_when_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    """With `-v`, and what hides it."""
    printed = _printed(capsys, _server(HIDDEN), verbose=True)
    assert printed[1:3] == ["  occluded   a.sub.z.example. A", "    the delegation of sub.z.example. hides it"]


def test_a_server_that_could_not_be_asked_is_told_with_the_mend(capsys: pytest.CaptureFixture[str]) -> None:
    """The others' findings stand beside it."""
    printed = _printed(capsys, _server(), DOWN)
    assert printed[:2] == [
        "pdns (192.0.2.1 port 53) could not be asked: DNS at 192.0.2.1 port 53 does not answer over UDP: no answer",
        "  hint: set dns_address",
    ]


@pytest.mark.parametrize(
    ("servers", "as_wanted", "state"),
    [
        pytest.param([_server()], True, "5 questions to 1 server: all as NetBox wants it", id="well"),
        pytest.param([_server(HIDDEN, HELD)], True, "all as NetBox wants it, 2 explained", id="explained"),
        pytest.param([_server(STALE, TTL, GONE)], False, "1 missing, 2 stale", id="alarms"),
        pytest.param([_server(), DOWN], False, "to 2 servers: 1 of the servers could not be asked", id="down"),
    ],
)
def test_the_sum(servers: list[ServerReport], as_wanted: bool, state: str, capsys: pytest.CaptureFixture[str]) -> None:
    """How many questions, what was found, and how fast it went; what is explained is no alarm."""
    assert Verification.of(tuple(servers), 1.5).as_wanted is as_wanted
    (line,) = _printed(capsys, *servers)[-1:]
    assert state in line
    assert "1.5 s (" in line
