"""What happens in NetBox and beside it, from the edit to the answer of DNS: what is applied, what waits for a word.

Each story ends with a run that finds nothing to do.
"""

from __future__ import annotations

import secrets

import pytest
from sync_world import World

pytestmark = [pytest.mark.real, pytest.mark.long]


def hosts(count: int, *, first: int = 1, network: str = "192.0.2") -> list[str]:
    """Return *count* rows of names with an address each."""
    return [f"h{number} A {network}.{number}" for number in range(first, first + count)]


def forget_changes(world: World, zone: int) -> None:
    """Prune NetBox's change log of what it tells of a zone's records, as housekeeping does after some months."""
    for data in ("prechange_data", "postchange_data"):
        world.netbox.sql(f"DELETE FROM core_objectchange WHERE {data}->>'zone' = '{zone}'")  # noqa: S608 - our own words


def test_a_record_deleted_in_netbox_goes(world: World) -> None:
    """The change log explains a deletion: it is applied, and what went can be put back from the file."""
    zone = world.make_zone("a", ["www A 192.0.2.1", "www A 192.0.2.2", "mail A 192.0.2.3"])
    world.settle()
    (first, _) = world.netbox.request("GET", f"plugins/netbox-dns/records/?zone_id={zone}&name=www")["results"]
    world.delete("records", first["id"])
    run = world.sync()
    assert (run.changes, run.held) == ([f"- www.a 3600 A {first['value']}"], {})
    assert len(world.served("www.a")) == 1
    (file,) = world.removed("a")
    assert "www 3600 IN A 192.0.2.1\nwww 3600 IN A 192.0.2.2\n" in file
    assert f"A {first['value']}: deleted in NetBox by" in file
    world.must_be_quiet()


def test_what_went_is_put_back_from_its_file(world: World) -> None:
    """The lines of a file under `removed/`, sent as docs/putting-back.md says, make DNS answer as before."""
    zone = world.make_zone("a", ["www A 192.0.2.1", 'www TXT "a \\"b\\" c"', "mail A 192.0.2.3"])
    world.settle()
    before = world.served("www.a"), world.served("www.a", "TXT")
    world.delete("records", *world.ids(zone, "www"), *world.ids(zone, "www", type="TXT"))
    world.sync()
    assert (world.served("www.a"), world.served("www.a", "TXT")) == ([], [])
    (file,) = world.removed("a")
    lines = [line.split(" ", 4) for line in file.splitlines() if not line.startswith(";")]
    world.by_hand("a", *(f"{name} {type} {rdata}" for name, _, _, type, rdata in lines))
    assert (world.served("www.a"), world.served("www.a", "TXT")) == before


def test_four_of_five_records_deleted_in_netbox_go(world: World) -> None:
    """What is explained is applied however much of a small zone it is."""
    zone = world.make_zone("a", hosts(5))
    world.settle()
    world.delete("records", *world.ids(zone, "h1", "h2", "h3", "h4"))
    run = world.sync()
    assert (run.changes, run.held) == ([f"- h{n}.a 3600 A 192.0.2.{n}" for n in (1, 2, 3, 4)], {})
    assert [world.served(f"h{n}.a") for n in (1, 5)] == [[], ["192.0.2.5"]]
    world.must_be_quiet()


def test_a_record_deleted_long_ago_goes_while_it_is_one(world: World) -> None:
    """A pruned log explains nothing; a single record goes all the same, and its file says that nobody said why."""
    zone = world.make_zone("a", hosts(5))
    world.settle()
    world.delete("records", *world.ids(zone, "h1"))
    forget_changes(world, zone)
    run = world.sync()
    assert (run.changes, run.held) == (["- h1.a 3600 A 192.0.2.1"], {})
    assert "h1 A 192.0.2.1: NetBox holds it no more and does not say why" in world.removed("a")[0].replace(".a.", " ")
    world.must_be_quiet()


def test_many_records_deleted_long_ago_wait_for_a_word(world: World) -> None:
    """Beyond the limits the unexplained is held, while the rest of the zone's changes is applied."""
    zone = world.make_zone("a", hosts(5))
    world.settle()
    world.delete("records", *world.ids(zone, "h1", "h2", "h3"))
    forget_changes(world, zone)
    world.add(zone, "new A 192.0.2.9")
    run = world.sync()
    assert (run.changes, run.held) == (["+ new.a 3600 A 192.0.2.9"], {"a": ["unexplained"]})
    assert run.details == [
        "3 records would go and NetBox does not say why (50 % of 6 RRsets); 1 goes without a word",
    ]
    assert world.served("h1.a") == ["192.0.2.1"]
    world.let_through(run)
    assert world.served("h1.a") == []
    assert "h3 3600 IN A 192.0.2.3\n" in world.removed("a")[0]
    world.must_be_quiet()


def test_a_hand_in_powerdns_is_undone_while_small(world: World) -> None:
    """A record added and another changed by hand in PowerDNS are brought back to what NetBox holds."""
    world.make_zone("a", hosts(20))
    world.settle()
    world.by_hand("a", "extra A 203.0.113.1", "h2 A 203.0.113.2")
    run = world.sync()
    assert (run.changes, run.held) == (
        ["- extra.a 3600 A 203.0.113.1", "- h2.a 3600 A 203.0.113.2", "+ h2.a 3600 A 192.0.2.2"],
        {},
    )
    assert "extra 3600 IN A 203.0.113.1\n" in world.removed("a")[0]
    world.must_be_quiet()


def test_a_hand_in_a_small_zone_of_powerdns_waits_for_a_word(world: World) -> None:
    """Past the share of a small zone nothing is taken away; what NetBox holds is served beside it until then."""
    world.make_zone("a", hosts(5))
    world.settle()
    world.by_hand("a", "extra A 203.0.113.1", "h2 A 203.0.113.2")
    run = world.sync()
    assert (run.changes, run.held) == (["+ h2.a 3600 A 192.0.2.2"], {"a": ["unexplained"]})
    assert world.served("h2.a") == ["192.0.2.2", "203.0.113.2"]
    world.let_through(run)
    assert world.served("h2.a") == ["192.0.2.2"]
    assert "203.0.113.1" in world.removed("a")[0]
    world.must_be_quiet()


def test_a_renamed_zone_is_served_before_the_old_one_goes(world: World) -> None:
    """The new zone is made in the same run in which the old one goes, and first: while it is not served the old stays."""
    zone = world.make_zone("old", hosts(3))
    world.settle()
    world.edit("zones", zone, name=world.name("new").rstrip("."))
    soa = world.ids(zone, "@", type="SOA")
    world.netbox.sql(f"UPDATE netbox_dns_record SET status = 'inactive' WHERE id = {soa[0]}")  # noqa: S608 - a number
    run = world.sync()
    assert run.actions == {}
    assert run.failed == {
        "new": "new: NetBox shows no SOA record of this zone",
        "old": "old is not removed yet: new is wanted and not served",
    }
    assert world.is_served("old")
    world.netbox.sql(f"UPDATE netbox_dns_record SET status = 'active' WHERE id = {soa[0]}")  # noqa: S608 - a number
    run = world.sync()
    assert (run.actions, run.held) == ({"new": "create", "old": "delete"}, {})
    assert world.served("h1.new") == ["192.0.2.1"]
    assert not world.is_served("old")
    assert "renamed to new" in world.removed("old")[0].replace(f".{world.word}.example", "")
    world.must_be_quiet()


@pytest.mark.parametrize("fate", ["inactive", "deleted"])
def test_a_zone_that_netbox_ends_goes(world: World, fate: str) -> None:
    """A zone made inactive or deleted in NetBox is deleted; its file holds it whole, and loads into PowerDNS again."""
    first, _ = world.make_zone("a", hosts(3)), world.make_zone("b")
    world.settle()
    if fate == "inactive":
        world.edit("zones", first, status="parked")
    else:
        world.delete("zones", first)
    run = world.sync()
    assert (run.actions, run.held) == ({"a": "delete"}, {})
    assert not world.is_served("a")
    (file,) = world.removed("a")
    assert {"SOA", "NS", "A"} == {line.split(" ")[3] for line in file.splitlines() if not line.startswith(";")}
    world.must_be_quiet()


def test_a_zone_that_fails_keeps_no_other_from_its_end(world: World) -> None:
    """A zone that cannot be made is reported; a zone that was ended, and has nothing to do with it, goes."""
    ended, broken = world.make_zone("ended", hosts(2)), world.make_zone("kept")
    world.settle()
    world.edit("zones", ended, status="parked")
    broken = world.make_zone("broken")
    world.netbox.sql(f"DELETE FROM netbox_dns_record WHERE zone_id = {broken} AND type = 'SOA'")  # noqa: S608 - a number
    run = world.sync()
    assert run.failed.keys() == {"broken"}
    assert run.actions == {"ended": "delete"}


def test_the_default_ttl_of_a_large_zone_changes(world: World) -> None:
    """A change of TTLs alone is never dangerous, though it touches every RRset of a zone of 500."""
    zone = world.make_zone("a")
    world.fill(zone, "a", 500)
    world.settle()
    world.edit("zones", zone, default_ttl=600)
    run = world.sync()
    assert (len(run.changes), run.held) == (501, {})
    assert {line.split(" ", 1)[1].split(" ", 1)[1] for line in run.changes} == {
        "A TTL 3600 -> 600",
        "NS TTL 3600 -> 600",
    }
    assert world.ttl("h000499.a") == 600
    assert world.removed("a") == []
    world.must_be_quiet()


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("count", [5, pytest.param(300, marks=pytest.mark.full)])
def test_the_nameservers_of_many_zones_change_at_once(world: World, count: int) -> None:
    """One of two nameservers is replaced everywhere at once; replacing both waits for a word, which one command gives."""
    labels = [f"z{number:03d}" for number in range(count)]
    zones = world.make_zones(*labels)
    world.settle()
    old, kept = world.nameservers
    new, newer = world.make_nameserver("ns3"), world.make_nameserver("ns4")
    world.edit("zones", *zones, nameservers=[kept, new])
    run = world.sync()
    assert (len(run.actions), run.held) == (count, {})
    assert world.served(labels[-1], "NS") == [world.name("ns2"), world.name("ns3")]
    world.edit("zones", *zones, nameservers=[old, newer])
    run = world.sync()
    assert (run.changes, run.held) == ([], {label: ["apex-ns"] for label in labels})
    assert world.command(run.commands[0]).returncode == 0
    assert world.served(labels[0], "NS") == [world.name("ns1"), world.name("ns4")]
    everything = world.command("netbox-pdns sync --force apex-ns")
    assert everything.returncode == 0, everything.stdout
    assert world.served(labels[-1], "NS") == [world.name("ns1"), world.name("ns4")]
    world.must_be_quiet()


@pytest.mark.parametrize("count", [12, pytest.param(254, marks=pytest.mark.full)])
def test_a_network_is_renumbered(world: World, count: int) -> None:
    """Names get their new addresses, the new reverse zone its pointers; the old one, emptied by that, waits for a word."""
    a, b = secrets.randbelow(250), secrets.randbelow(250)
    old, new = f"{b}.{a}.10.in-addr.arpa.", f"{b + 1}.{a}.10.in-addr.arpa."
    forward, *_ = world.make_zones("a", old, new)
    records = world.add(forward, *hosts(count, network=f"10.{a}.{b}"), disable_ptr=False)
    world.settle()
    assert world.served(f"1.{old}", "PTR") == [world.name("h1.a")]
    world.edit_each("records", [{"id": each, "value": f"10.{a}.{b + 1}.{n}"} for n, each in enumerate(records, 1)])
    run = world.sync()
    assert run.held == {old: ["emptied"]}
    assert len(run.changes) == 3 * count
    assert world.served("h1.a") == [f"10.{a}.{b + 1}.1"]
    assert world.served(f"{count}.{new}", "PTR") == [world.name(f"h{count}.a")]
    assert world.served(f"1.{old}", "PTR") == [world.name("h1.a")]
    world.let_through(run)
    assert world.served(f"1.{old}", "PTR") == []
    assert f"PTR {world.name('h1.a')}\n" in world.removed(old)[0]
    world.must_be_quiet()


def test_netbox_is_restored_from_an_older_dump(world_put_back: World) -> None:
    """What was made since the dump is not taken from DNS without a word; what was changed since is as the dump has it."""
    world = world_put_back
    zone = world.make_zone("a", hosts(20))
    world.settle()
    world.netbox.save("week")
    try:
        world.add(zone, *hosts(8, first=101))
        world.edit("records", *world.ids(zone, "h1"), value="203.0.113.1")
        world.delete("records", *world.ids(zone, "h2"))
        world.make_zone("b", hosts(3))
        world.settle()
        world.netbox.restore("week")
    finally:
        world.netbox.forget("week")
    run = world.sync()
    assert run.held == {"a": ["unexplained"], "b": ["unexplained"]}
    assert run.changes == ["+ h1.a 3600 A 192.0.2.1", "+ h2.a 3600 A 192.0.2.2"]
    assert world.served("h101.a") == ["192.0.2.101"]
    assert world.served("h1.b") == ["192.0.2.1"]
    assert world.served("h1.a") == ["192.0.2.1", "203.0.113.1"]
    world.let_through(run)
    assert (world.served("h101.a"), world.served("h1.a"), world.is_served("b")) == ([], ["192.0.2.1"], False)
    assert "h108 3600 IN A 192.0.2.108" in world.removed("a")[0]
    world.must_be_quiet()


def test_a_zone_with_another_soa_is_adopted(world: World) -> None:
    """Adopting writes the mark alone; NetBox's SOA comes with the next change, its serial after the served one."""
    zone = world.make_zone("a", ["www A 192.0.2.1"])
    name = world.name("a")
    own = {
        "SOA": [f"other.{name} somebody.{name} 3000000000 1 2 3 4"],
        "NS": [world.name("ns1"), world.name("ns2")],
    }
    rrsets = [
        {"name": owner, "type": type, "ttl": 3600, "records": [{"content": each} for each in contents]}
        for owner, type, contents in (
            (name, "SOA", own["SOA"]),
            (name, "NS", own["NS"]),
            (f"www.{name}", "A", ["192.0.2.1"]),
        )
    ]
    world.api("POST", "/zones", json={"name": name, "kind": "Native", "soa_edit_api": "", "rrsets": rrsets})
    run = world.sync()
    assert (run.actions, run.changes, world.serial("a")) == ({"a": "adopt"}, [], 3000000000)
    assert world.account("a") == f"netbox-pdns:{world.word}:default"
    world.must_be_quiet()
    assert world.serial("a") == 3000000000
    world.add(zone, "mail A 192.0.2.2")
    run = world.sync()
    assert (run.actions, run.changes) == ({"a": "update"}, ["+ mail.a 3600 A 192.0.2.2"])
    assert world.serial("a") == 3000000001
    assert world.served("a", "SOA")[0].startswith(world.name("ns1"))
    world.must_be_quiet()


def test_records_that_the_daily_job_expires_go(world: World) -> None:
    """The plugin's job writes no log; the record's own status and date explain why it goes."""
    zone = world.make_zone("a", hosts(5))
    world.settle()
    numbers = world.ids(zone, "h1", "h2", "h3", "h4")
    wanted = ",".join(map(str, numbers))
    # NetBox itself expires a record that is saved with a date of the past.
    world.netbox.sql(f"UPDATE netbox_dns_record SET expiration_date = '2001-01-01' WHERE id IN ({wanted})")  # noqa: S608 - numbers
    world.netbox.python(
        "from core.models import Job\n"
        "from netbox_dns.jobs.record_expiration import RecordExpirationJob\n"
        "RecordExpirationJob(Job()).run()"
    )
    run = world.sync()
    assert (len(run.changes), run.held) == (4, {})
    assert "expired on 2001-01-01" in world.removed("a")[0]
    world.must_be_quiet()


def test_a_token_that_sees_half_the_records_takes_none_away(world: World) -> None:
    """NetBox shows such a token fewer records, and no error: what is missing is held, and comes to no harm."""
    zone = world.make_zone("a", hosts(8))
    world.settle()
    (middle,) = world.ids(zone, "h4")
    run = world.sync(nb_token=world.make_token(id__lte=middle))
    assert (run.changes, run.held) == ([], {"a": ["unexplained"]})
    assert run.details[0].startswith("4 records would go and NetBox does not say why")
    assert world.served("h8.a") == ["192.0.2.8"]
    world.must_be_quiet()
