"""New zones on a real PowerDNS: served whole or not at all, whatever happens meanwhile."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import dns.rcode
import pytest
import servers
from powerdns_zones import MARK, bring, hosts, losing_answers, planned, target_of, wanted
from servers import api, ask, served_serial

from netbox_pdns.errors import ConflictError
from netbox_pdns.planning.values import Action
from netbox_pdns.powerdns.target import PowerDNSTarget
from netbox_pdns.sandbox.pdns_server import running_pdns_server
from netbox_pdns.sandbox.running import RunningPowerDNS
from netbox_pdns.settings import ZoneTemplate

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("pdns_server")]

PRIMARIES = servers.primaries(slow=True, sid=True)
ZONE = "new.example."

_QUESTIONS = ((ZONE, "SOA"), (f"h00000.rack.{ZONE}", "A"), (f"h19999.rack.{ZONE}", "A"), (f"rack.{ZONE}", "A"))
_WHOLE = ["there", "there", "there", "NOERROR"]
"""What a whole zone of 20,000 answers to the questions; the last is an empty non-terminal."""


def _answer(server: RunningPowerDNS, name: str, type: str) -> str:
    """Return what DNS says in one word: its code, or `there` where it answers with data."""
    message = ask(server, name, type)
    return "there" if message.answer else dns.rcode.to_text(message.rcode())


@pytest.mark.parametrize("primary", PRIMARIES)
def test_a_large_new_zone_is_refused_until_it_is_whole(primary: str, tmp_path: Path, run) -> None:
    """While 20,000 records are sent, DNS answers REFUSED; from the first other answer on, all of them are there."""

    async def served(server: RunningPowerDNS) -> Counter[str]:
        seen: Counter[str] = Counter()
        async with target_of(server, batch_bytes=300_000) as target:
            work = asyncio.create_task(bring(target, wanted(ZONE, 7, hosts(20_000))))
            while not work.done():
                answers = [await asyncio.to_thread(_answer, server, *question) for question in _QUESTIONS]
                whole = [answer for answer in answers if answer != "REFUSED"]
                assert answers == ["REFUSED"] * (len(_QUESTIONS) - len(whole)) + _WHOLE[len(_WHOLE) - len(whole) :]
                seen["REFUSED" if not whole else "whole"] += 1
            applied, refused = await work
            assert not refused
            assert applied.batches > 5
            assert (await planned(target, wanted(ZONE, 7, hosts(20_000)))).action is Action.NOTHING
        assert [_answer(server, *question) for question in _QUESTIONS] == _WHOLE
        return seen

    async def test() -> Counter[str]:
        async with servers.own_primary(primary, tmp_path) as server:
            return await served(server)

    assert run(test())["REFUSED"] >= 3


async def _half_made(server: RunningPowerDNS) -> None:
    """Begin a zone of 5,000 records and break it off in the middle."""
    async with target_of(server, batch_bytes=20_000) as target:
        work = asyncio.create_task(bring(target, wanted(ZONE, 7, hosts(5_000))))
        while not await _rrsets(target):
            assert not work.done()
        assert not work.done()
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
        assert 0 < await _rrsets(target) < 5_000


async def _rrsets(target: PowerDNSTarget) -> int:
    there = await target.read(ZONE)
    return 0 if there is None else len(there.zone.content)


@pytest.mark.parametrize("primary", PRIMARIES)
def test_a_half_made_zone_is_not_served_and_finished_by_the_next_run(primary: str, tmp_path: Path, run) -> None:
    """What was broken off is finished as NetBox wants it by then: records that it no longer wants go again."""

    async def test() -> None:
        async with servers.own_primary(primary, tmp_path) as server, target_of(server) as target:
            await _half_made(server)
            assert _answer(server, ZONE, "SOA") == "REFUSED"
            later = wanted(ZONE, 8, [*hosts(5_000, "172")[10:], ("alias", "CNAME", "h00010.rack")])
            assert (await planned(target, later)).action is Action.CREATE
            await bring(target, later)
            assert (await planned(target, later)).action is Action.NOTHING
            assert served_serial(server, ZONE) == 8
            assert _answer(server, f"h00009.rack.{ZONE}", "A") == "NXDOMAIN"
            assert _answer(server, f"h04999.rack.{ZONE}", "A") == "there"
            assert _answer(server, f"rack.{ZONE}", "A") == "NOERROR"

    run(test())


def test_a_small_zone_is_made_by_one_request_with_our_mark(tmp_path: Path, run) -> None:
    """It carries our mark, keeps serials as they are sent, and answers for its empty non-terminals."""

    async def test() -> None:
        async with running_pdns_server(tmp_path) as server, target_of(server) as target:
            applied, _ = await bring(target, wanted(ZONE, 7, hosts(3)))
            assert (applied.serial, applied.batches, applied.notes) == (7, 1, ())
            zone = await target.client.zone(ZONE, content=False)
            assert (zone.account, zone.kind, zone.soa_edit_api, zone.api_rectify) == (MARK, "Native", "", True)
            assert _answer(server, f"rack.{ZONE}", "A") == "NOERROR"

    run(test())


@pytest.mark.parametrize(
    ("batch_bytes", "rows"),
    [pytest.param(2_000_000, 3, id="made by one request"), pytest.param(20_000, 1_000, id="filled batch by batch")],
)
@pytest.mark.parametrize("method", [b"POST ", b"PATCH ", b"PUT "])
def test_a_new_zone_whose_answers_get_lost_is_made_all_the_same(
    batch_bytes: int, rows: int, method: bytes, tmp_path: Path, run
) -> None:
    """After a lost answer each call is sent again, and a zone that is there by then was made by us."""

    async def test() -> None:
        times = 1 if method != b"PATCH " or rows > 3 else 0
        async with (
            running_pdns_server(tmp_path) as server,
            losing_answers(server, first_line=method, times=times) as wire,
            target_of(wire, batch_bytes=batch_bytes) as target,
        ):
            desired = wanted(ZONE, 7, hosts(rows))
            await bring(target, desired, ZoneTemplate(kind="Primary"))
            assert (await planned(target, desired)).action is Action.NOTHING
            assert served_serial(server, ZONE) == 7

    run(test())


def test_a_zone_that_others_made_meanwhile_stays_theirs(tmp_path: Path, run) -> None:
    """Between looking and making somebody made the zone: nothing of it is touched."""

    async def test() -> None:
        async with running_pdns_server(tmp_path) as server, target_of(server) as target:
            for rows, batch_bytes in ((3, 2_000_000), (1_000, 20_000)):
                async with target_of(server, batch_bytes=batch_bytes) as late:
                    plan = await planned(late, wanted(ZONE, 7, hosts(rows)))
                    theirs = {"name": ZONE, "kind": "Native", "nameservers": ["ns.example."], "account": "theirs"}
                    assert api(server, "POST", "/zones", json=theirs).status_code == 201
                    before = await target.client.zone(ZONE)
                    with pytest.raises(ConflictError, match="'theirs'"):
                        await late.apply(plan, ZoneTemplate())
                    assert await target.client.zone(ZONE) == before
                    await target.client.delete_zone(ZONE)

    run(test())


def test_a_new_zone_is_made_as_the_template_says(tmp_path: Path, run) -> None:
    """Kind, catalog, metadata and signing of a new zone are the template's."""
    metadata = {"ALSO-NOTIFY": ("127.0.0.9:5300",), "ALLOW-AXFR-FROM": ("127.0.0.0/8", "::1/128")}
    template = ZoneTemplate(kind="Primary", catalog="catalog.example.", metadata=metadata, dnssec=True)

    async def test() -> None:
        async with running_pdns_server(tmp_path) as server, target_of(server) as target:
            desired = wanted(ZONE, 7, hosts(3))
            applied, _ = await bring(target, desired, template)
            assert applied.serial == 7
            zone = await target.client.zone(ZONE, content=False)
            assert (zone.kind, zone.catalog, zone.dnssec) == ("Master", "catalog.example.", True)
            for kind, values in metadata.items():
                assert await target.client.metadata(ZONE, kind) == values
            assert _answer(server, ZONE, "DNSKEY") == "there"
            assert (await planned(target, desired)).action is Action.NOTHING

    run(test())


def test_a_zone_of_ours_that_others_have_signed_since_is_not_written(tmp_path: Path, run) -> None:
    """A presigned zone's content comes from its signer, whatever mark it carries."""

    async def test() -> None:
        at_once = {"domain-metadata-cache-ttl": "0"}  # a server sees a new mark within a minute by itself
        async with running_pdns_server(tmp_path, settings=at_once) as server, target_of(server) as target:
            await bring(target, wanted(ZONE, 7, hosts(3)))
            with closing(sqlite3.connect(tmp_path / "pdns.sqlite3")) as database, database:  # its API does not set it
                mark = "INSERT INTO domainmetadata (domain_id, kind, content) SELECT id, 'PRESIGNED', '1' FROM domains"
                database.execute(mark)
            plan = await planned(target, wanted(ZONE, 8, hosts(5)))
            assert (plan.action, plan.changes) == (Action.NOTHING, ())
            assert "presigned" in plan.notes[0]

    run(test())
