"""`explain` on the real servers: every reason why DNS does not answer what NetBox holds, found and named."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import servers
from sync_world import World, world_of

from netbox_pdns.cli.wiring import open_parts
from netbox_pdns.dns.names import canonical_name
from netbox_pdns.sync.explainer import Explainer
from netbox_pdns.sync.explanation import Explanation, OnTarget, RRsetStory, State

pytestmark = [pytest.mark.real, pytest.mark.long]


@dataclass(frozen=True)
class Told:
    """A world in which something of every kind is the matter, and the settings of its targets."""

    world: World
    options: dict[str, Any]

    def explain(self, name: str, type: str | None = None, **options: object) -> Explanation:
        """Explain a name, which is relative to the world's."""
        settings = self.world.settings(**{**self.options, **options})

        async def work() -> Explanation:
            async with open_parts(settings) as parts:
                explainer = Explainer(parts.source, parts.targets, parts.kept)
                return await explainer.explain(canonical_name(self.world.name(name)), type)

        return asyncio.run(work())

    def of(self, name: str, type: str) -> tuple[RRsetStory, OnTarget]:
        """Return the story of one RRset on the one target."""
        (story,) = self.explain(name, type).rrsets
        (on,) = story.targets
        return story, on


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """Zones with a fault of every kind, made after a sync."""
    netbox, server = servers.netbox(), servers.powerdns("powerdns_gsqlite3")
    with world_of(netbox, server, tmp_path_factory.mktemp("explain")) as world:
        selection = {"view": world.word, "exclude": ["unselected.*"]}
        options = {"targets": [world.target(selection=selection)]}
        _before_the_sync(world)
        world.sync(**options)
        _after_the_sync(world, options)
        yield Told(world, options)


def _before_the_sync(world: World) -> None:
    zone = world.make_zone(
        "z",
        [
            "www A 192.0.2.1",
            "deleted A 192.0.2.3",
            "archived A 192.0.2.4",
            "never NULL \\# 1 00",
            "sub NS ns.example.net.",
            "www.sub A 192.0.2.5",
            "*.wild A 192.0.2.6",
            "xn--bcher-kva A 192.0.2.7",
            "off A 192.0.2.8",
        ],
    )
    world.fill(zone, "z", 40)
    world.make_zone("edited", ["changed A 192.0.2.2"])  # what nobody explains costs NetBox a long search
    world.make_zone("held", ["www A 192.0.2.1"])
    world.make_zone("foreign", ["www A 192.0.2.1"])
    world.make_zone("unselected", ["www A 192.0.2.1"])
    world.make_zone("parked", ["www A 192.0.2.1"], status="parked")
    world.make_zone("child.z", ["www A 192.0.2.1"])
    world.edit("records", *world.ids(zone, "off"), status="inactive")


def _after_the_sync(world: World, options: dict[str, Any]) -> None:
    zone = world.netbox.request("GET", f"plugins/netbox-dns/zones/?name={world.name('z').rstrip('.')}")["results"][0][
        "id"
    ]
    world.delete("records", *world.ids(zone, "archived"))
    world.sync(**options)
    world.delete("records", *world.ids(zone, "deleted"))
    world.add(zone, "added A 192.0.2.9")
    world.by_hand("edited", "changed A 192.0.2.99")
    world.by_hand("z", '_acme-challenge TXT "token"')
    records = [{"content": "192.0.2.1", "disabled": True}]
    rrset = {"name": world.name("disabled.z"), "type": "A", "ttl": 60, "changetype": "REPLACE", "records": records}
    world.api("PATCH", f"/zones/{world.name('z')}", json={"rrsets": [rrset]})
    world.by_hand("held", *(f"h{number} A 192.0.2.{number}" for number in range(1, 7)))
    world.api("PUT", f"/zones/{world.name('foreign')}", json={"account": "somebody"})
    world.by_hand("foreign", "www A 192.0.2.99")


@pytest.mark.parametrize(
    ("name", "type", "state", "why"),
    [
        pytest.param("www.z", "A", "as wanted", "NetBox, PowerDNS and DNS agree", id="as-wanted"),
        pytest.param("added.z", "A", "to add", "the server does not have it", id="to-add"),
        pytest.param("changed.edited", "A", "to change", "NetBox wants it otherwise", id="to-change"),
        pytest.param("deleted.z", "A", "to remove", "deleted in NetBox by ", id="to-remove"),
        pytest.param("h1.held", "A", "held", "to let it through: netbox-pdns sync --force unexplained", id="held"),
        pytest.param("never.z", "NULL", "left out", "it is not allowed in master files", id="left-out"),
        pytest.param("_acme-challenge.z", "TXT", "unmanaged", "the setting `unmanaged`", id="unmanaged"),
        pytest.param("disabled.z", "A", "kept", "disabled records in PowerDNS", id="disabled"),
        pytest.param("www.foreign", "A", "foreign", "(account 'somebody')", id="foreign"),
        pytest.param("www.sub.z", "A", "occluded", "the delegation of sub.z.", id="below-a-delegation"),
        pytest.param("www.unselected", "A", "not selected", "does not pick unselected.", id="not-selected"),
        pytest.param("www.parked", "A", "not selected", "not active in NetBox (status parked)", id="inactive-zone"),
        pytest.param("off.z", "A", "absent", "neither NetBox nor the server has it", id="inactive-record"),
        pytest.param("nothing.z", "A", "absent", "neither NetBox nor the server has it", id="nothing"),
        pytest.param("any.sub.z", "A", "absent", "the delegation of sub.z.", id="nothing-below-a-delegation"),
        pytest.param("x.wild.z", "A", "absent", "the wildcard *.wild.z.", id="by-a-wildcard"),
        pytest.param("sub.z", "NS", "as wanted", "agree", id="delegation"),
        pytest.param("bücher.z", "A", "as wanted", "agree", id="in-unicode"),
    ],
)
def test_why(name: str, type: str, state: str, why: str, told: Told) -> None:
    """The state, and the reason in words."""
    _, on = told.of(name, type)
    assert (on.state, why in on.why) == (state, True), on


def test_all_sides_are_told(told: Told) -> None:
    """NetBox's record with its URL, what PowerDNS has, what DNS answers, each with its TTL."""
    story, on = told.of("changed.edited", "A")
    (record,) = story.records
    assert (record.value, record.status, record.active) == ("192.0.2.2", "active", True)
    assert record.url == f"{told.world.netbox.url}/plugins/netbox-dns/records/{record.id}/"
    assert (on.wanted, on.has, on.answers) == (("192.0.2.2",), ("192.0.2.99",), ("192.0.2.99",))
    assert (on.wanted_ttl, on.has_ttl, on.answers_ttl) == (3600, 3600, 3600)
    assert (
        story.conclusion
        == f"{told.world.name('changed.edited')} A is served otherwise, the next sync changes it on default"
    )


def test_a_record_out_of_service_is_told_with_its_status(told: Told) -> None:
    """It is in NetBox, and not wanted."""
    story, _ = told.of("off.z", "A")
    assert [(record.status, record.active) for record in story.records] == [("inactive", False)]
    assert "is out of service in NetBox (inactive)" in story.conclusion


def test_the_file_with_what_was_removed_is_named(told: Told) -> None:
    """The newest one that holds a record of the RRset."""
    _, on = told.of("archived.z", "A")
    assert on.state is State.ABSENT
    assert on.removed_file is not None
    assert f"{told.world.name('archived.z')} 3600 IN A 192.0.2.4" in Path(on.removed_file).read_text()
    assert told.of("www.z", "A")[1].removed_file is None


def test_the_file_of_a_zone_that_is_gone_is_named(told: Told) -> None:
    """NetBox has no such zone any more, and the file is all that is left of the name."""
    gone = told.world.make_zone("gone", ["www A 192.0.2.1"])
    told.world.sync("gone", **told.options)
    told.world.delete("zones", gone)
    told.world.sync("gone", **told.options)
    _, on = told.of("www.gone", "A")
    assert on.removed_file is not None
    assert "/gone." in on.removed_file


@pytest.mark.parametrize(
    ("name", "type", "words"),
    [
        pytest.param("x.wild.z", "A", "", id="by-a-wildcard"),
        pytest.param("nothing.z", "A", "NXDOMAIN", id="nxdomain"),
        pytest.param("www.z", "MX", "no data of this type", id="no-data"),
        pytest.param("any.sub.z", "A", "a referral to the name servers of sub.z.", id="referral"),
        pytest.param("www.parked", "A", "REFUSED", id="refused"),
    ],
)
def test_what_dns_answers_in_its_place(name: str, type: str, words: str, told: Told) -> None:
    """A wildcard's data, or the words for what there is not."""
    _, on = told.of(name, type)
    assert words in on.dns
    assert on.answers == (() if words else ("192.0.2.6",))


def test_without_a_type_all_of_the_name_is_told(told: Told) -> None:
    """What NetBox or the server has, each with its conclusion; the first line counts them."""
    story = told.explain("z")
    assert [rrset.type for rrset in story.rrsets] == ["NS", "SOA"]
    assert story.conclusion == f"{told.world.name('z')} has 2 RRsets: 1 of them as they should be"
    assert not story.as_wanted


def test_the_zone_is_the_longest_match_but_for_a_ds(told: Told) -> None:
    """A DS at the apex of a child is its parent's."""
    assert [zone.name for zone in told.explain("child.z", "A").zones] == [told.world.name("child.z")]
    assert [zone.name for zone in told.explain("child.z", "DS").zones] == [told.world.name("z")]


def test_every_view_has_its_own_longest_match(told: Told) -> None:
    """A zone below in a view that a target does not serve takes no name from the zone that it serves."""
    other = told.world.make_view("other")
    told.world.make_zone("deep.z", ["www A 192.0.2.1"], view=other)
    story = told.explain("www.deep.z", "A")
    assert {(zone.name, zone.targets) for zone in story.zones} == {
        (told.world.name("z"), ("default",)),
        (told.world.name("deep.z"), ()),
    }
    assert story.rrsets[0].targets[0].state is State.ABSENT


@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param("www.example.invalid.", "is in no zone that NetBox shows to this token", id="no-zone"),
        pytest.param("www.parked", "status parked), not active in NetBox", id="inactive"),
        pytest.param("www.unselected", "which no target selects", id="not-selected"),
    ],
)
def test_a_name_that_nobody_serves(name: str, words: str, told: Told) -> None:
    """The first line says so; nothing is wrong with the servers."""
    story = told.explain(name)
    assert words in story.conclusion
    assert story.as_wanted


def test_a_target_that_is_down_is_told_beside_the_other(told: Told) -> None:
    """What its DNS would answer is not known either."""
    down = {"name": "away", "url": "http://127.0.0.1:9", "token": "k", "dns_address": "127.0.0.1:9"}
    targets = [*told.options["targets"], {**told.options["targets"][0], **down}]
    story = told.explain("www.z", "A", targets=targets)
    up, away = story.rrsets[0].targets
    assert up.state is State.AS_WANTED
    assert (away.state, "cannot be reached" in away.why) == (State.DOWN, True)
    assert "does not answer over UDP" in away.dns
    assert not story.as_wanted


def test_dns_that_is_another_servers_is_told(told: Told) -> None:
    """The API has it, the address answers otherwise."""
    elsewhere = {**told.options["targets"][0], "dns_address": servers.powerdns("powerdns_lmdb").dns_address}
    story = told.explain("www.z", "A", targets=[elsewhere])
    (on,) = story.rrsets[0].targets
    assert (on.state, on.dns) == (State.DIFFERS, "REFUSED")


def test_the_program_tells_the_story(told: Told) -> None:
    """The conclusion stands first, then the zone, the record, and the three sides."""
    name = told.world.name("added.z")
    done = told.world.command(f"netbox-pdns explain {name.rstrip('.')}", **told.options)
    lines = done.stdout.splitlines()
    assert done.returncode == 3, done.stderr
    assert lines[0] == f"{name} A is not served yet, the next sync adds it on default"
    assert lines[1].startswith(
        f"zone {told.world.name('z')} of NetBox, view {told.world.word}, active, served by default"
    )
    assert "  NetBox holds 192.0.2.9 (the zone's default TTL, active)" in lines
    assert lines[-4:] == [
        "  default: to add: the server does not have it",
        "    wanted:       192.0.2.9 (TTL 3600)",
        "    PowerDNS has: nothing",
        "    DNS answers:  NXDOMAIN",
    ]
