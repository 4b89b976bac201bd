"""The service on the real servers: an edit through NetBox's API is answered by two primaries and a secondary.

Once it is NetBox's own webhooks that tell of edits, and they alone; once the change log, and it alone.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from servers import NetBoxServer
from service_process import told_by_webhooks
from service_world import System, system_of

from netbox_pdns.sandbox.running import RunningPowerDNS

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]

EDITED = 25
"""Records of each zone that a script edits; five times four zones of them are 500 edits."""
PAUSE = 0.3
"""Seconds between two looks at a zone at least, by default."""


@pytest.fixture(scope="module", params=["webhooks", "feed"])
def system(
    request: pytest.FixtureRequest,
    netbox_server: NetBoxServer,
    powerdns_gsqlite3: RunningPowerDNS,
    powerdns_lmdb: RunningPowerDNS,
    powerdns_secondary: RunningPowerDNS,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[System]:
    """The service at work, told of edits in one way alone."""
    primaries = {"one": powerdns_gsqlite3, "two": powerdns_lmdb}
    interval = 0.0 if request.param == "webhooks" else 1.0
    with ExitStack() as stack:
        made = stack.enter_context(
            system_of(
                netbox_server,
                primaries,
                powerdns_secondary,
                tmp_path_factory.mktemp("service"),
                feed_interval=interval,
            )
        )
        made.world.make_zones("stays")  # a NetBox without a single zone is not believed
        made.service.start()
        made.service.ready()
        if request.param == "webhooks":
            stack.enter_context(told_by_webhooks(made.world, made.service))
        yield made


def test_a_record_that_is_made_changed_and_deleted(system: System) -> None:
    """Each state of it is answered by all servers."""
    (zone,) = system.make("plain")
    (record,) = system.world.add(zone, "www A 192.0.2.1")
    system.shows("www.plain", "A", "192.0.2.1")
    system.world.edit("records", record, value="192.0.2.2", ttl=77)
    system.shows("www.plain", "A", "192.0.2.2")
    system.world.delete("records", record)
    system.shows("www.plain", "A")


@pytest.mark.long
def test_a_record_that_is_renamed(system: System) -> None:
    """The new name is answered, the old one is no more."""
    (zone,) = system.make("renamed", rows=["old A 192.0.2.1", "stays A 192.0.2.9"])
    (record,) = system.world.ids(zone, "old")
    system.world.edit("records", record, name="new")
    system.shows("new.renamed", "A", "192.0.2.1")
    system.shows("old.renamed", "A")
    system.shows("stays.renamed", "A", "192.0.2.9")


@pytest.mark.long
def test_a_record_that_moves_to_another_zone(system: System) -> None:
    """It is answered there, and no more where it was: NetBox tells of the zone that it left by an id alone."""
    _, other = system.make("from", "to", rows=["host A 192.0.2.1", "stays A 192.0.2.9"])
    (record,) = system.world.ids(other, "host")
    system.world.delete("records", record)
    system.shows("host.to", "A")
    (record,) = system.world.ids(system.zones["from"], "host")
    system.world.edit("records", record, zone=other)
    system.shows("host.to", "A", "192.0.2.1")
    system.shows("host.from", "A")
    system.shows("stays.from", "A", "192.0.2.9")


@pytest.mark.long
def test_a_zone_that_is_renamed_and_deleted(system: System) -> None:
    """It is answered under its new name alone; then not at all."""
    (zone,) = system.make("before", rows=["www A 192.0.2.1"])
    system.world.edit("zones", zone, name=system.world.name("after").rstrip("."))
    system.followed("after")
    system.shows("www.after", "A", "192.0.2.1")
    system.serves_not("before")
    system.world.delete("zones", zone)
    system.serves_not("after")


@pytest.mark.long
def test_a_zone_that_is_parked_and_taken_up_again(system: System) -> None:
    """While it is not active it is not served."""
    (zone,) = system.make("parked", rows=["www A 192.0.2.1"])
    system.world.edit("zones", zone, status="parked")
    system.serves_not("parked")
    system.world.edit("zones", zone, status="active")
    system.shows("www.parked", "A", "192.0.2.1")


@pytest.mark.long
def test_a_zone_that_goes_to_another_view_and_comes_back(system: System) -> None:
    """In a view that no target serves it is not served."""
    (zone,) = system.make("viewed", rows=["www A 192.0.2.1"])
    system.world.edit("zones", zone, view=system.world.make_view("elsewhere"))
    system.serves_not("viewed")
    system.world.edit("zones", zone, view=system.world.view)
    system.shows("www.viewed", "A", "192.0.2.1")


@pytest.mark.long
def test_another_set_of_nameservers(system: System) -> None:
    """The NS RRset is the new set's; a nameserver that is renamed afterwards is renamed in it."""
    (zone,) = system.make("served")
    world = system.world
    third = world.make_nameserver("ns3")
    world.edit("zones", zone, nameservers=[world.nameservers[0], third])
    system.shows("served", "NS", world.name("ns1"), world.name("ns3"))
    world.edit("nameservers", third, name=world.name("ns4").rstrip("."))
    system.shows("served", "NS", world.name("ns1"), world.name("ns4"))


@pytest.mark.long
def test_another_default_ttl(system: System) -> None:
    """Every record without a TTL of its own has it; the others keep theirs."""
    (zone,) = system.make("lasting", rows=["www A 192.0.2.1"])
    system.world.add(zone, "own A 192.0.2.1", ttl=55)
    system.shows("own.lasting", "A", "192.0.2.1")
    system.world.edit("zones", zone, default_ttl=4711)
    system.shows_ttl("www.lasting", "A", 4711)
    system.shows_ttl("own.lasting", "A", 55)


@pytest.mark.long
def test_pointers_follow_their_addresses(system: System) -> None:
    """The PTR record that NetBox makes of an address is answered, changed and taken away with it."""
    network = [str(secrets.randbelow(256)) for _ in range(2)]
    reverse = f"{network[1]}.{network[0]}.10.in-addr.arpa."
    zone, _ = system.make("pointed", reverse)
    address = ".".join(["10", *network])
    (record,) = system.world.add(zone, f"www A {address}.1", disable_ptr=False)
    system.shows(f"1.{reverse}", "PTR", system.world.name("www.pointed"))
    system.world.edit("records", record, name="web", value=f"{address}.2")
    system.shows(f"2.{reverse}", "PTR", system.world.name("web.pointed"))
    system.shows(f"1.{reverse}", "PTR")
    system.world.delete("records", record)
    system.shows(f"2.{reverse}", "PTR")


@pytest.mark.long
def test_a_zone_whose_serial_netbox_never_raises(system: System) -> None:
    """Edits are answered all the same, under serials that grow: the secondary has them, too."""
    (zone,) = system.make("still", rows=["www A 192.0.2.1"], soa_serial_auto=False, soa_serial=7)
    (record,) = system.world.ids(zone, "www")
    for number in (2, 3):
        system.world.edit("records", record, value=f"192.0.2.{number}")
        system.shows("www.still", "A", f"192.0.2.{number}")


@pytest.mark.full
def test_many_edits_by_a_script(system: System) -> None:
    """Of 500 edits in four zones at once each final value is answered; no RRset is written that is there already."""
    zones = system.make("s0", "s1", "s2", "s3")
    rows = [f"h{number} A 192.0.2.1" for number in range(EDITED)]
    records = [system.world.add(zone, *rows) for zone in zones]
    for label in ("s0", "s1", "s2", "s3"):
        system.shows(f"h{EDITED - 1}.{label}", "A", "192.0.2.1")
    system.service.at_rest()
    with system.writing() as written:
        began = time.monotonic()
        with ThreadPoolExecutor(len(zones)) as pool:
            list(pool.map(lambda numbers: _edited(system, numbers), records))
        for label in ("s0", "s1", "s2", "s3"):
            for number in range(EDITED):
                system.shows(f"h{number}.{label}", "A", f"192.0.2.{final(number)}")
        seconds = time.monotonic() - began
    for name in system.primaries:
        assert written.again[name] == []
        assert 0 < written.patches[name] <= len(zones) * (2 + seconds / PAUSE), seconds


def _edited(system: System, records: Sequence[int]) -> None:
    """Edit each record of one zone five times: four times all of them in one request, once each by itself."""
    for turn in range(4):
        bodies = [{"id": number, "value": f"192.0.2.{2 + turn}"} for number in records]
        system.world.edit_each("records", bodies)
    for place, number in enumerate(records):
        system.world.edit("records", number, value=f"192.0.2.{final(place)}")


def final(place: int) -> int:
    """Return the last octet that the last edit gives the record number *place*."""
    return 100 + place
