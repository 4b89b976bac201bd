"""Reading the real NetBox: what it holds, edits beside the reading, and why records and zones went."""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import Sequence

import pytest
from netbox_company import Company
from pydantic import SecretStr
from servers import NetBoxServer

from netbox_pdns.netbox.overtaken import ChangeWindow
from netbox_pdns.netbox.probing import probe
from netbox_pdns.netbox.source import NetBoxSource
from netbox_pdns.planning.values import Desired, RecordKey
from netbox_pdns.settings import NetBoxSettings, Selection

pytestmark = pytest.mark.real

_DNS = "plugins/netbox-dns"


def test_a_zone_is_read_as_netbox_means_it(company: Company) -> None:
    """Active records alone, TTL 0 is 0 and none is the zone's, names without case, an unquoted TXT is one string."""
    name = f"{company.word}.example"
    zone = company.zone(name)
    company.record(zone, "www", "A", "192.0.2.1", disable_ptr=True)
    company.record(zone, "zero", "A", "192.0.2.2", ttl=0, disable_ptr=True)
    company.record(zone, "off", "A", "192.0.2.3", status="inactive", disable_ptr=True)
    company.record(zone, "UPPER", "A", "192.0.2.4", disable_ptr=True)
    company.record(zone, "upper", "A", "192.0.2.5", disable_ptr=True)
    company.record(zone, "txt", "TXT", "v=spf1 -all")
    company.record(zone, "alias", "CNAME", "www")
    rrsets = company.read()[f"{name}."].zone.rrsets
    got = {(key[0].removesuffix(f"{name}."), key[1]): (each.ttl, each.rdatas) for key, each in rrsets.items()}
    assert got.pop(("", "SOA"))
    assert got == {
        ("", "NS"): (3600, (f"ns1.{company.word}.example.",)),
        ("www.", "A"): (3600, ("192.0.2.1",)),
        ("zero.", "A"): (0, ("192.0.2.2",)),
        ("upper.", "A"): (3600, ("192.0.2.4", "192.0.2.5")),
        ("txt.", "TXT"): (3600, ('"v=spf1 -all"',)),
        ("alias.", "CNAME"): (3600, (f"www.{name}.",)),
    }


@pytest.mark.parametrize("version", ["token", "token_v2"])
def test_tokens_of_both_versions_are_taken(netbox_server: NetBoxServer, version: str) -> None:
    """A token's form tells how it is sent; everything that `check` asks is answered well enough."""
    settings = NetBoxSettings(url=netbox_server.url, token=SecretStr(getattr(netbox_server, version)))
    assert not [each for each in asyncio.run(probe(settings)) if each.state == "failed"]


def _records_of(desired: Sequence[Desired]) -> set[str]:
    return {key[0] for zone in desired for key in zone.zone.rrsets if key[1] == "A"}


def _log_more(company: Company, count: int) -> None:
    """Have the change log hold so many entries more, of now."""
    company.netbox.sql(
        "INSERT INTO core_objectchange SELECT (jsonb_populate_record(entry, jsonb_build_object("  # noqa: S608 - numbers
        "'id', nextval(pg_get_serial_sequence('core_objectchange', 'id')), 'time', now()))).*"
        " FROM core_objectchange AS entry, generate_series(1, " + str(count) + ")"
        " WHERE entry.id = (SELECT max(id) FROM core_objectchange)"
    )


@pytest.mark.parametrize(
    "before",
    [pytest.param(0, id="a-page-of-the-log", marks=pytest.mark.long), pytest.param(1_100, id="more-than-a-page")],
)
def test_a_bulk_post_beside_single_edits_loses_nothing(company: Company, before: int) -> None:
    """Whatever the log shows only after the reading began marks its zone as overtaken: no edit is missed.

    A follower of the change log reads a zone again only where a look shows new entries; with 150 records made in one
    transaction beside single edits it sees every entry, and ends up with what a fresh reading gives.
    """
    bulk, single = company.zone(f"bulk.{company.word}.example"), company.zone(f"single.{company.word}.example")
    _log_more(company, before)

    def bulk_post() -> None:
        rows = [
            {"zone": bulk, "name": f"b{n}", "type": "A", "value": f"192.0.2.{n}", "disable_ptr": True}
            for n in range(150)
        ]
        company.netbox.request("POST", f"{_DNS}/records/", json=rows)

    def single_edits() -> None:
        for n in range(24):
            company.record(single, f"s{n}", "A", f"198.51.100.{n}", disable_ptr=True)

    threads = [threading.Thread(target=bulk_post), threading.Thread(target=single_edits)]

    async def follow() -> tuple[set[str], set[str], set[int]]:
        async with NetBoxSource(company.settings) as source:
            refs = {ref.id: ref for ref in await source.zones(company.selection)}
            window = ChangeWindow(source.client, company.settings.overlap)
            known = {zone.ref.id: zone async for zone in source.read(list(refs.values()))}
            look, seen = await window.look(), set[int]()
            for thread in threads:
                thread.start()
            ended = False
            while not ended:
                ended = not any(thread.is_alive() for thread in threads)
                after, edited = await window.edited(look)
                concerned = edited & refs.keys()
                known |= {z.ref.id: z async for z in source.read([refs[id_] for id_ in concerned])}
                seen.update(window.appeared(look, after))
                look = after
            fresh = [zone async for zone in source.read(list(refs.values()))]
            return _records_of(list(known.values())), _records_of(fresh), seen

    followed, fresh, seen = asyncio.run(follow())
    for thread in threads:
        thread.join()
    made = (
        "SELECT id FROM core_objectchange WHERE action = 'create' AND postchange_data->>'type' = 'A'"  # noqa: S608 - numbers
        f" AND postchange_data->>'zone' IN ('{bulk}', '{single}')"
    )
    logged = {int(line) for line in company.netbox.sql(made).split()}
    assert len(fresh) == len(logged) == 174
    assert logged <= seen
    assert followed == fresh


def _key(zone: str, name: str, type: str, rdata: str) -> RecordKey:
    return f"{name}.{zone}.", type, rdata


def test_records_that_went_are_explained_one_by_one(company: Company) -> None:
    """Each story has its words, in one question for all; what NetBox does not tell stays unexplained."""
    name, other = f"bücher.{company.word}.example".encode("idna").decode(), f"other.{company.word}.example"
    zone, elsewhere = company.zone(name), company.zone(other)
    made = {n: company.record(zone, n, "A", "192.0.2.1", disable_ptr=True) for n in _STORIES}
    ref = company.read()[f"{name}."].ref
    company.delete("records", made["deleted"])
    company.edit("records", made["renamed"], name="renamed2")
    company.edit("records", made["changed"], value="192.0.2.9")
    company.edit("records", made["moved"], zone=elsewhere)
    company.edit("records", made["off"], status="inactive")
    company.edit("records", made["expired"], status="inactive", expiration_date="2001-01-01")
    company.delete("records", made["alias"])
    company.record(zone, "alias", "CNAME", "www")
    company.delete("records", made["again"])
    company.record(zone, "again", "A", "192.0.2.1", disable_ptr=True)
    company.netbox.sql(f"DELETE FROM netbox_dns_record WHERE id = {made['silent']}")  # noqa: S608 - a number
    found = company.explain(ref, *(_key(name, each, "A", "192.0.2.1") for each in made))
    assert {key[0].split(".")[0]: why for key, why in found.items()}.keys() == _STORIES.keys() - {"again", "silent"}
    for each, words in _STORIES.items():
        if words:
            assert words in found[_key(name, each, "A", "192.0.2.1")]


_STORIES = {
    "deleted": "deleted in NetBox by",
    "renamed": "renamed to renamed2.",
    "changed": "changed to A 192.0.2.9",
    "moved": "moved to another zone",
    "off": "is not active (status inactive)",
    "expired": "expired on 2001-01-01",
    "alias": "deleted in NetBox by",
    "again": "",
    "silent": "",
}


def test_a_pointer_and_a_nameserver_whose_source_went_are_explained(company: Company) -> None:
    """Records that NetBox makes itself go with an explanation of their own."""
    a, b = secrets.randbelow(250) + 1, secrets.randbelow(250) + 1
    forward, reverse = company.zone(f"{company.word}.example"), company.zone(f"{b}.{a}.10.in-addr.arpa")
    address = company.record(forward, "www", "A", f"10.{a}.{b}.7")
    zones = company.read()
    pointer = (f"7.0.{b}.{a}.10.in-addr.arpa.", "PTR", f"www.{company.word}.example.")
    pointer = next(
        (*key, each.rdatas[0])
        for key, each in zones[f"{b}.{a}.10.in-addr.arpa."].zone.rrsets.items()
        if key[1] == "PTR"
    )
    ref = zones[f"{b}.{a}.10.in-addr.arpa."].ref
    company.delete("records", address)
    company.edit("nameservers", company.nameserver, name=f"ns9.{company.word}.example")
    nameserver = (ref.name, "NS", f"ns1.{company.word}.example.")
    assert reverse == ref.id
    assert company.explain(ref, pointer, nameserver).keys() == {pointer, nameserver}


def test_a_deletion_in_another_view_explains_nothing(company: Company) -> None:
    """A zone of the same name in another view, even one that is gone, is another zone."""
    name = f"{company.word}.example"
    company.zone(name)
    ref = company.read()[f"{name}."].ref
    view = company.netbox.request("POST", f"{_DNS}/views/", json={"name": f"{company.word}-2"})["id"]
    second = company.zone(name, view=view)
    company.record(second, "www", "A", "192.0.2.1", disable_ptr=True)
    company.delete("zones", second)
    company.netbox.request("DELETE", f"{_DNS}/views/{view}/")
    assert not company.explain(ref, _key(name, "www", "A", "192.0.2.1"))


def test_a_zone_that_was_deleted_and_made_again_explains_its_old_records(company: Company) -> None:
    """The deletion of the first zone explains its records, though the second has another id."""
    name = f"{company.word}.example"
    first = company.zone(name)
    company.record(first, "www", "A", "192.0.2.1", disable_ptr=True)
    company.delete("zones", first)
    company.zone(name)
    key = _key(name, "www", "A", "192.0.2.1")
    assert company.explain(company.read()[f"{name}."].ref, key).keys() == {key}


def test_zones_that_went_are_explained(company: Company) -> None:
    """Deleted, renamed, moved, made inactive, or no longer selected: each has its words; an unknown one has none."""
    names = {each: f"{each}.{company.word}.example" for each in ("deleted", "renamed", "moved", "parked", "kept")}
    made = {each: company.zone(name) for each, name in names.items()}
    view = company.netbox.request("POST", f"{_DNS}/views/", json={"name": f"{company.word}-2"})["id"]
    company.delete("zones", made["deleted"])
    company.edit("zones", made["renamed"], name=f"neu.{company.word}.example")
    company.edit("zones", made["moved"], view=view)
    company.edit("zones", made["parked"], status="parked")
    found = company.explain_zones(*(f"{name}." for name in names.values()), f"never.{company.word}.example.")
    company.delete("zones", made["moved"])
    company.delete("views", view)
    words = {name.split(".")[0]: why for name, why in found.items()}
    assert words.keys() == {"deleted", "renamed", "moved", "parked"}
    assert "deleted in NetBox by" in words["deleted"]
    assert f"renamed to neu.{company.word}.example" in words["renamed"]
    assert "moved to another view" in words["moved"]
    assert "is not active (status parked)" in words["parked"]


def test_a_zone_that_the_selection_leaves_out_now_is_explained(company: Company) -> None:
    """A zone that NetBox still has, active, in the selected view, and that the patterns leave out."""
    name = f"{company.word}.example"
    company.zone(name)

    async def work() -> dict[str, str]:
        async with NetBoxSource(company.settings) as source:
            found = await source.explain_zones([f"{name}."], replace_exclude(company.selection, name))
            return {each: gone.why for each, gone in found.items()}

    assert "no longer selected" in asyncio.run(work())[f"{name}."]


def replace_exclude(selection: Selection, name: str) -> Selection:
    """Return *selection* without *name*."""
    return selection.model_copy(update={"exclude": (name,)})
