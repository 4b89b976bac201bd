"""One server asked for a zone: what is asked twice, and what is not asked at all."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import dns.flags
import dns.message
import dns.rrset
from dns_server import Server, running, well
from planning_text import zone

from netbox_pdns.asking.asker import Asker
from netbox_pdns.planning.expectations import expectations
from netbox_pdns.sync.questions import AskedServer

DELEGATED = """
    sub 60 NS ns.sub.example.com.
    ns.sub 60 A 192.0.2.1
    www.sub 60 A 192.0.2.2
"""


def _referral(query: dns.message.Message, *, glue: bool) -> bytes:
    response = dns.message.make_response(query)
    response.authority.append(dns.rrset.from_text("sub.example.com.", 60, "IN", "NS", "ns.sub.example.com."))
    if glue:
        response.additional.append(dns.rrset.from_text("ns.sub.example.com.", 60, "IN", "A", "192.0.2.1"))
    return response.to_wire()


def _without_glue(query: dns.message.Message, before: int) -> Iterable[bytes]:
    yield _referral(query, glue=False)


def _with_glue(query: dns.message.Message, before: int) -> Iterable[bytes]:
    yield _referral(query, glue=True)


def _found(server: Server, content: str) -> dict[str, str]:
    async def work() -> dict[str, str]:
        async with running(server) as endpoint, Asker(endpoint) as asker:
            asked = AskedServer("pdns", "target", asker, endpoint.text)
            found = await asked.look(expectations(zone(content), ()))
            return {" ".join(each.rrset.key): str(seen.finding) for each, seen in found}

    return asyncio.run(work())


HIDDEN = {"www.sub.example.com. A": "occluded"}


def test_glue_that_a_datagram_had_no_room_for_is_asked_for_over_tcp() -> None:
    """A server may leave it out without a word (RFC 2181, section 9); over TCP there is room."""
    server = Server(_without_glue, _with_glue)
    assert _found(server, DELEGATED) == HIDDEN
    assert server.asked.count(("TCP", "sub.example.com.")) == 1


def test_glue_that_is_not_there_over_tcp_either_is_missing() -> None:
    """Then the delegation is lame for whoever follows it."""
    assert _found(Server(_without_glue, _without_glue), DELEGATED) == {**HIDDEN, "ns.sub.example.com. A": "missing"}


def test_what_cannot_be_seen_is_not_asked_for() -> None:
    """There is nothing that an answer could say about it."""
    server = Server(_with_glue, _with_glue)
    _found(server, DELEGATED)
    assert {name for _, name in server.asked} == {"sub.example.com."}


def test_no_data_from_a_server_that_says_so_is_missing() -> None:
    """An authoritative answer without the RRset."""

    def authoritative(query: dns.message.Message, before: int) -> Iterable[bytes]:
        for message in well(query):
            response = dns.message.from_wire(message)
            response.flags |= dns.flags.AA
            yield response.to_wire()

    assert _found(Server(authoritative), "www 60 A 192.0.2.1") == {"www.example.com. A": "missing"}
