"""Changes of zones on a real PowerDNS: growing serials, refusals by name, one rectification."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import pytest
import servers
from powerdns_zones import MARK, bring, hosts, losing_answers, planned, target_of, wanted
from servers import api, ask, served_serial

from netbox_pdns.dns.rdata import canonical_rdata
from netbox_pdns.dns.serial import serial_gt
from netbox_pdns.errors import ConflictError
from netbox_pdns.planning.values import Action, Desired
from netbox_pdns.powerdns.rectifying import MARK as RECTIFY
from netbox_pdns.sandbox.pdns_server import running_pdns_server
from netbox_pdns.sandbox.running import RunningPowerDNS
from netbox_pdns.settings import ZoneTemplate

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("pdns_server")]

PRIMARIES = servers.primaries(slow=True, sid=True)
ZONE = "changed.example."


def _rcode(server: RunningPowerDNS, name: str) -> str:
    return dns.rcode.to_text(ask(server, name, "A").rcode())


@pytest.mark.long
@pytest.mark.parametrize("primary", PRIMARIES)
def test_20000_records_change_under_growing_serials(primary: str, tmp_path: Path, run) -> None:
    """Many batches: each has a greater serial, the last one is NetBox's, and a second look finds nothing to do."""

    async def test() -> None:
        async with (
            servers.own_primary(primary, tmp_path) as server,
            target_of(server, batch_bytes=300_000) as target,
        ):
            await bring(target, wanted(ZONE, 7, hosts(20_000)))
            desired = wanted(ZONE, 100, hosts(20_000, "172"))
            work, serials = asyncio.create_task(bring(target, desired)), [7]
            while not work.done():
                serials.append(await asyncio.to_thread(served_serial, server, ZONE) or 0)
            applied, refused = await work
            assert (applied.serial, refused, applied.notes) == (100, {}, ())
            assert serials == sorted(serials)
            assert len({*serials, 100}) > 3
            assert (await planned(target, desired)).action is Action.NOTHING

    run(test())


def test_a_serial_of_netbox_that_leaves_no_room_is_passed(tmp_path: Path, run) -> None:
    """Where several batches are needed and NetBox's serial is the very next, the last batch goes ahead of it."""

    async def test() -> None:
        async with running_pdns_server(tmp_path) as server, target_of(server, batch_bytes=20_000) as target:
            await bring(target, wanted(ZONE, 7, hosts(500)))
            desired = wanted(ZONE, 8, hosts(500, "172"))
            applied, _ = await bring(target, desired)
            assert applied.batches > 2
            assert applied.serial == 7 + applied.batches == served_serial(server, ZONE)
            assert (await planned(target, desired)).action is Action.NOTHING

    run(test())


async def _broken_off(server: RunningPowerDNS, desired: Desired) -> None:
    """Change the zone to *desired*, and break it off after the first batch."""
    async with target_of(server, batch_bytes=20_000) as target:
        before = await target.client.zone(ZONE, content=False)
        work = asyncio.create_task(bring(target, desired))
        while (await target.client.zone(ZONE, content=False)).serial == before.serial:
            assert not work.done()
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work


@pytest.mark.parametrize("primary", PRIMARIES)
@pytest.mark.parametrize("same", [True, False], ids=["NetBox wants what is there by then", "NetBox still wants it all"])
def test_a_large_change_rectifies_once_also_after_a_crash(primary: str, same: bool, tmp_path: Path, run) -> None:
    """It is put off while many batches are sent; who is broken off leaves a mark, and the next run makes it good."""

    async def test() -> None:
        async with servers.own_primary(primary, tmp_path) as server, target_of(server) as target:
            await bring(target, wanted(ZONE, 7))
            desired = wanted(ZONE, 5_000, hosts(3_000))
            await _broken_off(server, desired)
            assert not (await target.client.zone(ZONE, content=False)).api_rectify
            assert _rcode(server, f"rack.{ZONE}") == "NXDOMAIN"
            there = await target.read(ZONE)
            assert there is not None
            assert there.served_serial is not None
            assert serial_gt(there.served_serial, 7)
            if same:
                desired = replace(desired, zone=there.zone)
            await bring(target, desired)
            assert (await target.client.zone(ZONE, content=False)).api_rectify
            assert await target.client.metadata(ZONE, RECTIFY) == ()
            assert _rcode(server, f"rack.{ZONE}") == "NOERROR"
            assert (await planned(target, desired)).action is Action.NOTHING

    run(test())


@pytest.mark.parametrize("primary", PRIMARIES)
def test_a_large_zone_is_rectified_where_names_come_or_go_alone(primary: str, tmp_path: Path, run) -> None:
    """Another value of a name needs none; a new name makes its empty non-terminals, the last one gone unmakes them."""
    rows = hosts(1_500)

    async def test() -> None:
        async with servers.own_primary(primary, tmp_path) as server, target_of(server) as target:
            await bring(target, wanted(ZONE, 7, rows))
            before = (await target.client.zone(ZONE, content=False)).api_rectify
            await bring(target, wanted(ZONE, 8, [*rows[:-1], (*rows[-1][:2], "192.0.2.1")]))
            assert (before, (await target.client.zone(ZONE, content=False)).api_rectify) == (True, False)
            assert [str(each) for each in ask(server, f"{rows[-1][0]}.{ZONE}", "A").answer[0]] == ["192.0.2.1"]
            assert _rcode(server, f"rack.{ZONE}") == "NOERROR"
            deep = ("a.b.c", "A", "192.0.2.3")
            await bring(target, wanted(ZONE, 9, [*rows, deep]))
            assert [_rcode(server, f"{name}{ZONE}") for name in ("c.", "b.c.", "x.c.")] == [
                "NOERROR",
                "NOERROR",
                "NXDOMAIN",
            ]
            await bring(target, wanted(ZONE, 10, rows))
            assert _rcode(server, f"b.c.{ZONE}") == "NXDOMAIN"
            delegated = [*rows, ("sub", "NS", "ns.sub"), ("ns.sub", "A", "192.0.2.4")]
            await bring(target, wanted(ZONE, 11, delegated))
            await bring(target, wanted(ZONE, 12, [*delegated[:-1], ("ns.sub", "A", "192.0.2.5")]))
            referral = ask(server, f"ns.sub.{ZONE}", "A")
            assert not referral.flags & dns.flags.AA
            assert [str(each) for rrset in referral.additional for each in rrset] == ["192.0.2.5"]
            assert await target.client.metadata(ZONE, RECTIFY) == ("ours",)
            assert not (await target.client.zone(ZONE, content=False)).api_rectify

    run(test())


@pytest.mark.parametrize("same", [True, False], ids=["crash before the change", "crash after it"])
def test_a_change_of_names_in_a_large_zone_that_is_broken_off_is_made_good(same: bool, tmp_path: Path, run) -> None:
    """The mark says that it is owed before anything is sent, and the next look rectifies, whatever differs by then."""
    rows, deep = hosts(1_200), ("a.b.c", "A", "192.0.2.3")

    async def test() -> None:
        async with running_pdns_server(tmp_path) as server, target_of(server) as target:
            await bring(target, wanted(ZONE, 7, rows))
            await bring(target, wanted(ZONE, 8, [*rows[:-1], (*rows[-1][:2], "192.0.2.1")]))
            await target.client.set_metadata(ZONE, RECTIFY, ["1", "ours"])
            if not same:
                rrset = {"name": f"a.b.c.{ZONE}", "type": "A", "ttl": 300, "changetype": "REPLACE"}
                rrset["records"] = [{"content": "192.0.2.3", "disabled": False}]
                assert api(server, "PATCH", f"/zones/{ZONE}", json={"rrsets": [rrset]}).status_code == 204
                assert _rcode(server, f"b.c.{ZONE}") == "NXDOMAIN"
            await bring(target, wanted(ZONE, 9, [*rows, deep]))
            assert _rcode(server, f"b.c.{ZONE}") == "NOERROR"
            assert await target.client.metadata(ZONE, RECTIFY) == ("ours",)

    run(test())


def test_a_zone_that_others_keep_from_rectifying_stays_so(tmp_path: Path, run) -> None:
    """Rectification that is off without our mark is somebody's choice."""

    async def test() -> None:
        async with running_pdns_server(tmp_path) as server, target_of(server, batch_bytes=20_000) as target:
            await bring(target, wanted(ZONE, 7))
            await target.client.update_zone(ZONE, {"api_rectify": False})
            await bring(target, wanted(ZONE, 5_000, hosts(1_000)))
            assert not (await target.client.zone(ZONE, content=False)).api_rectify

    run(test())


@pytest.mark.parametrize(
    ("default", "put_off"),
    [pytest.param("yes", True, id="rectified by default"), pytest.param("no", False, id="not rectified by default")],
)
def test_a_zone_without_a_word_about_rectification_follows_the_server(
    default: str, put_off: bool, tmp_path: Path, run
) -> None:
    """The API shows false for it; where the server rectifies it all the same, a large change does so once."""

    async def test() -> None:
        settings = {"default-api-rectify": default}
        async with running_pdns_server(tmp_path, settings=settings) as server:
            made = {
                "name": ZONE,
                "kind": "Native",
                "account": MARK,
                "soa_edit_api": "",
                "nameservers": ["ns.example.net."],
            }
            assert api(server, "POST", "/zones", json=made).status_code == 201
            desired = wanted(ZONE, 5_000, hosts(3_000))
            await _broken_off(server, desired)
            async with target_of(server) as target:
                assert bool(await target.client.metadata(ZONE, RECTIFY)) is put_off
                await bring(target, desired)
                assert (await target.client.zone(ZONE, content=False)).api_rectify is put_off
                assert await target.client.metadata(ZONE, RECTIFY) == ()
                assert (await planned(target, desired)).action is Action.NOTHING
            assert _rcode(server, f"rack.{ZONE}") == ("NOERROR" if put_off else "NXDOMAIN")

    run(test())


@pytest.mark.parametrize("primary", PRIMARIES)
def test_refused_records_are_named_and_all_others_applied(primary: str, tmp_path: Path, run) -> None:
    """Bad records among thousands, in a new zone and in a change, each by its name, type and rdata."""
    high = "0 0 0.000 S 0 0 0.000 W 42849672.95m"
    bad = [("size", "LOC", "0 0 0.000 S 0 0 0.000 W 10.00m 90000000.00m"), ("loc", "LOC", high)]
    good = [*hosts(2_000), ("loc", "LOC", "0 0 0.000 S 0 0 0.000 W 10.00m")]

    async def test() -> None:
        async with servers.own_primary(primary, tmp_path) as server:
            for batch_bytes in (2_000_000, 20_000):
                async with target_of(server, batch_bytes=batch_bytes) as target:
                    await bring(target, wanted(ZONE, 7))
                    desired = wanted(ZONE, 5_000, [*good, *bad])
                    _, refused = await bring(target, desired)
                    expected = {(f"{owner}.{ZONE}", type, canonical_rdata(type, rdata)) for owner, type, rdata in bad}
                    assert refused.keys() == expected
                    assert (await planned(target, desired, refused)).action is Action.NOTHING
                    assert (await planned(target, wanted(ZONE, 5_000, good))).action is Action.NOTHING
                    await target.client.delete_zone(ZONE)

    run(test())


def test_a_server_that_takes_less_than_we_think_gets_smaller_requests(tmp_path: Path, run) -> None:
    """`webserver-max-bodysize` of 1 MB: a new zone and a change of 2 MB are cut until they fit."""

    async def test() -> None:
        settings = {"webserver-max-bodysize": "1"}
        async with running_pdns_server(tmp_path, settings=settings) as server, target_of(server) as target:
            await bring(target, wanted(ZONE, 7, hosts(15_000)))
            applied, _ = await bring(target, wanted(ZONE, 5_000, hosts(15_000, "172")))
            assert (applied.serial, served_serial(server, ZONE)) == (5_000, 5_000)

    run(test())


@pytest.mark.parametrize("method", [b"PATCH ", b"GET ", b"PUT "])
def test_a_change_whose_answers_get_lost_is_applied_once(method: bytes, tmp_path: Path, run) -> None:
    """Each call of a change is repeated; the end is the same."""

    async def test() -> None:
        async with (
            running_pdns_server(tmp_path) as server,
            losing_answers(server, first_line=method, times=2) as wire,
            target_of(server) as target,
            target_of(wire) as late,
        ):
            await bring(target, wanted(ZONE, 7, hosts(3)), ZoneTemplate(kind="Primary"))
            desired = wanted(ZONE, 8, hosts(5))
            applied, _ = await bring(late, desired)
            assert (applied.serial, applied.notes) == (8, ())
            assert (await planned(target, desired)).action is Action.NOTHING

    run(test())


@pytest.mark.parametrize("action", ["changed", "deleted"])
def test_a_zone_that_was_taken_over_meanwhile_is_not_touched(action: str, tmp_path: Path, run) -> None:
    """Between looking and writing its account became another: a conflict, and nothing is sent."""

    async def test() -> None:
        async with running_pdns_server(tmp_path) as server, target_of(server) as target:
            await bring(target, wanted(ZONE, 7, hosts(3)))
            plan = await planned(target, wanted(ZONE, 8, hosts(4)))
            await target.client.update_zone(ZONE, {"account": "theirs"})
            before = await target.client.zone(ZONE)
            with pytest.raises(ConflictError, match="'theirs'"):
                await target.apply(plan if action == "changed" else replace(plan, action=Action.DELETE), ZoneTemplate())
            assert await target.client.zone(ZONE) == before

    run(test())


def test_a_zone_of_ours_is_deleted_and_one_that_is_gone_is_as_good(tmp_path: Path, run) -> None:
    """Deleting twice is no error."""

    async def test() -> None:
        async with running_pdns_server(tmp_path) as server, target_of(server) as target:
            await bring(target, wanted(ZONE, 7, hosts(3)))
            end = replace(await planned(target, wanted(ZONE, 8)), action=Action.DELETE)
            for _ in range(2):
                await target.apply(end, ZoneTemplate())
                assert await target.read(ZONE) is None

    run(test())


@pytest.mark.parametrize("primary", PRIMARIES)
def test_adopting_writes_the_mark_alone(primary: str, tmp_path: Path, run) -> None:
    """Everything else of the zone, its serial among it, is as before."""

    async def test() -> None:
        async with servers.own_primary(primary, tmp_path) as server, target_of(server) as target:
            desired = wanted(ZONE, 7, hosts(3))
            await bring(target, desired)
            await target.client.update_zone(ZONE, {"account": "", "soa_edit_api": "INCREASE"})
            before = await target.client.zone(ZONE)
            await bring(target, wanted(ZONE, 9, hosts(3)))
            after = await target.client.zone(ZONE)
            assert (before.account, after.account) == ("", MARK)
            assert after == type(after)(**{**_fields(before), "account": MARK})

    run(test())


@pytest.mark.parametrize(
    ("account", "then"), [pytest.param("", "theirs", id="unmarked"), pytest.param("somebody", "", id="marked")]
)
def test_a_zone_that_others_took_since_it_was_planned_is_not_adopted(
    account: str, then: str, tmp_path: Path, run
) -> None:
    """Between looking and marking its account became another: a conflict, and the mark stays what it is."""

    async def test() -> None:
        async with running_pdns_server(tmp_path) as server, target_of(server) as target:
            desired = wanted(ZONE, 7, hosts(3))
            await bring(target, desired)
            await target.client.update_zone(ZONE, {"account": account})
            plan = await planned(target, desired)
            assert plan.action is Action.ADOPT
            await target.client.update_zone(ZONE, {"account": then})
            with pytest.raises(ConflictError, match=f"'{then}'" if then else "no account"):
                await target.apply(plan, ZoneTemplate())
            assert (await target.client.zone(ZONE, content=False)).account == then
            await target.client.delete_zone(ZONE)
            with pytest.raises(ConflictError, match="gone"):
                await target.apply(plan, ZoneTemplate())

    run(test())


def _fields(zone: object) -> dict[str, object]:
    return {name: getattr(zone, name) for name in zone.__struct_fields__}  # type: ignore[attr-defined]  # a struct


def test_comments_disabled_records_and_foreign_types_stay(tmp_path: Path, run) -> None:
    """What others keep in a zone of ours is there after a change as it was before."""
    comment = {"content": "by hand", "account": "jo", "modified_at": 1}
    theirs = [
        {"name": f"off.{ZONE}", "type": "A", "ttl": 60, "records": [{"content": "192.0.2.9", "disabled": True}]},
        {
            "name": f"_acme-challenge.{ZONE}",
            "type": "TXT",
            "ttl": 60,
            "records": [{"content": '"t"', "disabled": False}],
        },
        {
            "name": f"h00001.rack.{ZONE}",
            "type": "A",
            "ttl": 300,
            "records": [{"content": "10.0.0.9", "disabled": False}],
            "comments": [comment],
        },
    ]

    async def test() -> None:
        async with running_pdns_server(tmp_path) as server, target_of(server) as target:
            await bring(target, wanted(ZONE, 7, hosts(3)))
            body = {"rrsets": [{**rrset, "changetype": "REPLACE"} for rrset in theirs]}
            assert api(server, "PATCH", f"/zones/{ZONE}", json=body).status_code == 204
            await bring(target, wanted(ZONE, 9, hosts(4)))
            found = {rrset["name"]: rrset for rrset in api(server, "GET", f"/zones/{ZONE}").json()["rrsets"]}
            assert found[f"off.{ZONE}"]["records"] == theirs[0]["records"]
            assert found[f"_acme-challenge.{ZONE}"]["records"] == theirs[1]["records"]
            assert found[f"h00001.rack.{ZONE}"]["records"] == [{"content": "10.0.0.1", "disabled": False}]
            assert [each["content"] for each in found[f"h00001.rack.{ZONE}"]["comments"]] == ["by hand"]

    run(test())
