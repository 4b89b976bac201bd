"""Asking over UDP and TCP, against a small server of the test's own: what is believed, what is asked again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

import dns.flags
import dns.message
import dns.rcode
import pytest
from dns_server import Answer, Server, never, running, truncated, well

from netbox_pdns.asking.asker import Asker
from netbox_pdns.dns.message import question_of
from netbox_pdns.errors import TransientError

SOON = 0.05
LONG = 120.0
"""A time that no test waits for."""


def _ask(server: Server, *names: str, tcp: bool = False, **options: object) -> list[str | None]:
    """Return for each name the name in the answer that was taken for it, with its status, None where there was none."""

    async def work() -> list[bytes | None]:
        async with running(server) as endpoint, Asker(endpoint, **options) as asker:  # type: ignore[arg-type]  # by name
            return await asker.ask([question_of((name, "A")) for name in names], tcp=tcp)

    answers = [None if each is None else dns.message.from_wire(each) for each in asyncio.run(work())]
    return [None if each is None else _said(each) for each in answers]


def _said(answer: dns.message.Message) -> str:
    name = answer.question[0].name.to_text() if answer.question else "?"
    return name if answer.rcode() == dns.rcode.NOERROR else f"{name} {dns.rcode.to_text(answer.rcode())}"


def test_many_questions_get_each_its_own_answer() -> None:
    """More than are on the way at a time, each asked once."""
    names = [f"h{number}.example." for number in range(500)]
    server = Server()
    assert _ask(server, *names, waits=[LONG]) == names
    assert sorted(server.asked) == sorted(("UDP", name) for name in names)


def test_answers_may_come_in_another_order() -> None:
    """What belongs to what is told by id and question."""
    waiting: list[bytes] = []

    def last_first(query: dns.message.Message, before: int) -> Iterable[bytes]:
        waiting.extend(well(query))
        return reversed(waiting) if len(waiting) == 3 else ()

    assert _ask(Server(last_first), "a.", "b.", "c.", waits=[LONG]) == ["a.", "b.", "c."]


def _forged(change: Callable[[dns.message.Message], None]) -> Answer:
    def answer(query: dns.message.Message, before: int) -> Iterable[bytes]:
        response = dns.message.make_response(query)
        response.set_rcode(dns.rcode.NXDOMAIN)
        change(response)
        yield response.to_wire()
        yield from well(query)

    return answer


def _another_id(response: dns.message.Message) -> None:
    response.id ^= 1


def _another_question(response: dns.message.Message) -> None:
    response.question = dns.message.make_query("forged.example.", "A").question


def _a_query(response: dns.message.Message) -> None:
    response.flags &= ~dns.flags.QR


def _no_question(response: dns.message.Message) -> None:
    response.question = []


@pytest.mark.parametrize("change", [_another_id, _another_question, _a_query, _no_question])
def test_what_was_not_asked_for_is_not_believed(change: Callable[[dns.message.Message], None]) -> None:
    """A forged answer that comes first is dropped, the right one is taken (RFC 5452)."""
    assert _ask(Server(_forged(change)), "www.example.", waits=[LONG]) == ["www.example."]


def test_octets_that_are_no_dns_are_dropped() -> None:
    """They end nothing."""

    def answer(query: dns.message.Message, before: int) -> Iterable[bytes]:
        return [b"", b"x", query.to_wire()[:11], *well(query)]

    assert _ask(Server(answer), "www.example.", waits=[LONG]) == ["www.example."]


def test_a_lost_packet_is_sent_again() -> None:
    """The second query is answered; only what was lost is asked twice."""

    def loses_one(query: dns.message.Message, before: int) -> Iterable[bytes]:
        lost = before == 0 and query.question[0].name.to_text() == "lost."
        return () if lost else well(query)

    server = Server(loses_one)
    assert _ask(server, "a.", "lost.", "b.", waits=[SOON, LONG]) == ["a.", "lost.", "b."]
    assert server.asked.count(("UDP", "lost.")) == 2


def test_what_is_never_answered_is_given_up_alone() -> None:
    """A question that the server drops does not take the others with it, be it the last."""

    def drops(query: dns.message.Message, before: int) -> Iterable[bytes]:
        return () if query.question[0].name.to_text() == "dropped." else well(query)

    assert _ask(Server(drops), "a.", "dropped.", window=1, waits=[SOON, SOON]) == ["a.", None]


def test_a_server_that_stops_answering_is_asked_no_more() -> None:
    """Nobody waits for the time-outs of all that is left."""

    def stops(query: dns.message.Message, before: int) -> Iterable[bytes]:
        return well(query) if query.question[0].name.to_text() == "first." else ()

    server = Server(stops)
    with pytest.raises(TransientError, match="does not answer"):
        _ask(server, "first.", *(f"h{number}." for number in range(1_000)), waits=[SOON, SOON])
    assert len({name for _, name in server.asked}) < 200


def test_silence_is_an_error_that_names_address_and_transport() -> None:
    """Nobody waits for a time-out a question: who answers nothing is asked nothing more."""
    server = Server(never)
    names = [f"h{number}." for number in range(300)]
    with pytest.raises(TransientError, match=r"DNS at 127\.0\.0\.1 port \d+ does not answer over UDP") as caught:
        _ask(server, *names, waits=[SOON, SOON])
    assert caught.value.hint == "look at it"
    assert len({name for _, name in server.asked}) == 64


def test_a_truncated_answer_is_asked_for_over_tcp() -> None:
    """In pipelines over one connection, each answer to its question."""
    names = [f"h{number}." for number in range(100)]
    server = Server(truncated)
    assert _ask(server, *names, waits=[LONG]) == names
    assert sorted(server.asked) == sorted((transport, name) for transport in ("TCP", "UDP") for name in names)


def test_a_connection_that_the_server_closes_is_opened_again() -> None:
    """What was not answered yet is asked once more (RFC 7766, section 6.2.3)."""
    server = Server(truncated, hangs_up=15)
    names = [f"h{number}." for number in range(40)]
    assert _ask(server, *names, waits=[LONG]) == names


def test_forged_answers_over_tcp_are_not_believed() -> None:
    """The rules are those of UDP."""
    assert _ask(Server(tcp=_forged(_another_question)), "www.", tcp=True) == ["www."]


def test_a_connection_that_is_full_of_what_nobody_asked_is_given_up() -> None:
    """Nobody listens to it for ever."""

    def chatters(query: dns.message.Message, before: int) -> Iterable[bytes]:
        response = dns.message.make_response(query)
        _another_question(response)
        return [response.to_wire()] * 1_000

    assert _ask(Server(tcp=chatters), "a.", tcp=True, patience=LONG) == [None]


def test_what_is_not_answered_over_tcp_has_no_answer() -> None:
    """A server that is there over UDP alone is no reason to give up the rest."""
    server = Server(truncated, hangs_up=0)
    assert _ask(server, "a.", "b.", waits=[LONG]) == [None, None]


def test_tcp_alone() -> None:
    """What is asked over TCP is not asked over UDP."""
    server = Server(never)
    assert _ask(server, "a.", tcp=True) == ["a."]
    assert server.asked == [("TCP", "a.")]
