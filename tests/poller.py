"""Asks DNS over and over for what no edit touches, beside whatever is going on; one wrong answer is remembered."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import dns.message
import dns.rcode
import dns.rdatatype

from netbox_pdns.sandbox.running import RunningPowerDNS

_PATIENCE = 0.5
_BREATH = 0.001
"""Seconds between two questions: the servers and proxies of the test want to run, too."""


@dataclass
class Poller:
    """What was asked, and what came that should not have. `wrong` are answers; silence is none."""

    server: RunningPowerDNS
    expected: Mapping[tuple[str, str], frozenset[str]]
    asked: int = 0
    wrong: list[str] = field(default_factory=list)
    _end: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Ask until the end, and once more then: each question is asked at least once of a server that is there."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(_PATIENCE)
            sock.connect((self.server.dns_host, self.server.dns_port))
            while not self._end.is_set():
                self._ask_all(sock)
            self._ask_all(sock)

    def _ask_all(self, sock: socket.socket) -> None:
        for key, rdatas in self.expected.items():
            self._ask(sock, *key, rdatas)
            self._end.wait(_BREATH)

    def _ask(self, sock: socket.socket, name: str, type: str, rdatas: frozenset[str]) -> None:
        query = dns.message.make_query(name, type)
        try:
            sock.send(query.to_wire())
            answer = dns.message.from_wire(sock.recv(65535))
        except OSError:  # nobody is there just now
            self._end.wait(0.01)
            return
        if answer.id != query.id:  # one that came too late
            return
        self.asked += 1
        found = frozenset(
            rdata.to_text()
            for rrset in answer.answer
            if rrset.rdtype == dns.rdatatype.from_text(type)
            for rdata in rrset
        )
        if answer.rcode() != dns.rcode.NOERROR or found != rdatas:
            self.wrong.append(f"{name} {type}: {dns.rcode.to_text(answer.rcode())} {sorted(found)}")

    def end(self) -> None:
        """Stop asking."""
        self._end.set()


@contextmanager
def polling(server: RunningPowerDNS, expected: Mapping[tuple[str, str], frozenset[str]]) -> Iterator[Poller]:
    """Ask for *expected* (name and type, and the rdatas) within the block; a wrong answer fails it at its end."""
    poller = Poller(server, expected)
    thread = threading.Thread(target=poller.run, name="poller")
    thread.start()
    try:
        yield poller
    finally:
        poller.end()
        thread.join()
    assert poller.wrong == [], f"{len(poller.wrong)} of {poller.asked} answers, the first: {poller.wrong[:3]}"
    assert poller.asked >= len(expected), f"{poller.asked} answers for {len(expected)} questions"
