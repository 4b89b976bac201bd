"""Our own source on NetBox, the sandbox's and the real one: the same content, the same explanations."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

import pytest
from netbox_servers import DNS, Company, NetBox, company_fixture, netbox_fixture  # noqa: F401 - fixtures
from pydantic import SecretStr

from netbox_pdns.errors import ConfigurationError
from netbox_pdns.netbox.probing import probe
from netbox_pdns.netbox.source import NetBoxSource
from netbox_pdns.planning.values import Desired, Explanations, RecordKey, ZoneRef
from netbox_pdns.settings import NetBoxSettings, Selection


def _settings(netbox: NetBox, token: str | None = None) -> NetBoxSettings:
    return NetBoxSettings(url=netbox.reached.url, token=SecretStr(token or netbox.reached.token))


def _read(company: Company, selection: Selection | None = None) -> dict[str, Desired]:
    async def work() -> dict[str, Desired]:
        async with NetBoxSource(_settings(company.netbox)) as source:
            refs = await source.zones(selection or Selection(view=company.word))
            return {desired.zone.name: desired async for desired in source.read(refs)}

    return asyncio.run(work())


def _explain(company: Company, ref: ZoneRef, *removed: RecordKey) -> Explanations:
    async def work() -> Explanations:
        async with NetBoxSource(_settings(company.netbox)) as source:
            return await source.explain(ref, removed)

    return asyncio.run(work())


def _named(company: Company, *names: str, **selection: Any) -> list[str]:
    async def work() -> list[str]:
        async with NetBoxSource(_settings(company.netbox)) as source:
            refs = await source.zones(Selection(view=company.word, **selection), names)
            return [ref.name.removesuffix(f".{company.word}.example.") for ref in refs]

    return asyncio.run(work())


def test_listed_zones_are_told(company: Company) -> None:
    """Whoever wants to know hears the ids and names of the zones that are listed."""
    zone, told = company.zone(f"a.{company.word}.example"), dict[int, str]()

    async def work() -> None:
        async with NetBoxSource(_settings(company.netbox)) as source:
            source.told = told.update
            await source.zones(Selection(view=company.word))

    asyncio.run(work())
    assert told == {zone: f"a.{company.word}.example"}


def test_zones_are_listed_by_name(company: Company) -> None:
    """A few names are asked for alone, whatever their case; where one of them is not there the whole list comes."""
    a, b, c = (f"{each}.{company.word}.example" for each in "abc")
    company.zone(a)
    company.zone(b)
    company.zone(c, status="parked")
    assert _named(company, f"{a}.") == ["a"]
    assert _named(company, a.upper(), f"{b}.") == ["a", "b"]
    assert _named(company) == _named(company, f"{a}.", f"{c}.") == _named(company, f"x{a}.") == ["a", "b"]
    assert _named(company, f"{a}.", nameserver=company.nameserver_name) == ["a", "b"]
    assert _named(company, f"{a}.", exclude=(a,)) == ["b"]


def test_a_zone_is_read(company: Company) -> None:
    """Forward and reverse, relative names and unquoted text as they are meant, records out of service left out."""
    octets = [str(secrets.randbelow(256)) for _ in range(2)]
    reverse, name = ".".join([*reversed(octets), "10.in-addr.arpa"]), f"{company.word}.example"
    zone = company.zone(name)
    company.zone(reverse)
    company.record(zone, "www", "A", ".".join(["10", *octets, "7"]), ttl=0)
    company.record(zone, "WWW", "A", "192.0.2.1", disable_ptr=True, ttl=60)
    company.record(zone, "txt", "TXT", "v=spf1 -all")
    company.record(zone, "mail", "MX", "10 www")
    company.record(zone, "off", "A", "192.0.2.2", status="inactive")
    read = _read(company)
    forward = {
        (key[0].removesuffix(f"{name}."), key[1]): (rrset.ttl, set(rrset.rdatas))
        for key, rrset in read[f"{name}."].zone.rrsets.items()
        if key[1] != "SOA"
    }
    assert forward == {
        ("", "NS"): (3600, {company.nameserver_name}),
        ("www.", "A"): (0, {".".join(["10", *octets, "7"]), "192.0.2.1"}),
        ("txt.", "TXT"): (3600, {'"v=spf1 -all"'}),
        ("mail.", "MX"): (3600, {f"10 www.{name}."}),
    }
    pointers = [rrset for rrset in read[f"{reverse}."].zone.rrsets.values() if rrset.type == "PTR"]
    assert [(each.name, each.ttl, each.rdatas) for each in pointers] == [(f"7.{reverse}.", 0, (f"www.{name}.",))]


@pytest.mark.full
def test_more_than_a_page_is_read(company: Company) -> None:
    """A zone of 1,001 records is whole; the real NetBox takes a minute to make and delete it."""
    zone = company.zone(f"{company.word}.example")
    for begin in range(0, 999, 333):
        rows = [{"zone": zone, "name": f"t{n}", "type": "TXT", "value": "x"} for n in range(begin, begin + 333)]
        company.netbox.done("POST", f"{DNS}/records/", rows)
    (desired,) = _read(company).values()
    assert len([key for key in desired.zone.rrsets if key[1] == "TXT"]) == 999


def test_zones_are_selected(company: Company) -> None:
    """By nameserver, tag and tenant; what is not there is named."""
    netbox, word = company.netbox, company.word
    tag = netbox.done("POST", "extras/tags/", {"name": word, "slug": word})["id"]
    tenant = netbox.done("POST", "tenancy/tenants/", {"name": word, "slug": word})["id"]
    company.zone(f"a.{word}.example", tags=[tag])
    company.zone(f"b.{word}.example", tenant=tenant)
    company.zone(f"c.{word}.example", nameservers=[])
    for chosen, names in [
        (Selection(view=word), "abc"),
        (Selection(view=word, tag=(word,)), "a"),
        (Selection(view=word, tenant=(word,)), "b"),
        (Selection(view=word, nameserver=f"ns1.{word}.example"), "ab"),
    ]:
        assert sorted(_read(company, chosen)) == [f"{name}.{word}.example." for name in names]
    with pytest.raises(ConfigurationError, match="no tag"):
        _read(company, Selection(view=word, tag=("no-such-tag",)))
    for row in netbox.rows(f"{DNS}/zones", f"view_id={company.view}&fields=id"):
        company.delete("zones", row["id"])
    netbox.done("DELETE", f"extras/tags/{tag}/")
    netbox.done("DELETE", f"tenancy/tenants/{tenant}/")


def test_what_went_is_explained(company: Company) -> None:
    """Deleted, renamed, changed, moved, out of service and behind an alias; what is there again is not."""
    name = f"{company.word}.example"
    zone, elsewhere = company.zone(name), company.zone(f"other.{company.word}.test")
    stories = ("deleted", "renamed", "changed", "moved", "off", "alias", "again")
    made = {each: company.record(zone, each, "A", "192.0.2.1", disable_ptr=True) for each in stories}
    ref = _read(company)[f"{name}."].ref
    company.delete("records", made["deleted"])
    company.edit("records", made["renamed"], name="renamed2")
    company.edit("records", made["changed"], value="192.0.2.9")
    company.edit("records", made["moved"], zone=elsewhere)
    company.edit("records", made["off"], status="inactive")
    company.delete("records", made["alias"])
    company.record(zone, "alias", "CNAME", "www")
    company.delete("records", made["again"])
    company.record(zone, "again", "A", "192.0.2.1", disable_ptr=True)
    keys = {each: (f"{each}.{name}.", "A", "192.0.2.1") for each in stories}
    found = _explain(company, ref, *keys.values())
    assert found.keys() == {key for each, key in keys.items() if each != "again"}
    assert "deleted in NetBox by admin" in found[keys["deleted"]]
    assert "renamed to renamed2." in found[keys["renamed"]]
    assert "changed to A 192.0.2.9" in found[keys["changed"]]
    assert "moved to another zone" in found[keys["moved"]]
    assert "is not active (status inactive)" in found[keys["off"]]


def test_everything_that_check_asks_is_answered(netbox: NetBox) -> None:
    """For tokens of both versions; a missing permission is named."""
    for token in (netbox.reached.token, netbox.reached.token_v2):
        probes = asyncio.run(probe(_settings(netbox, token)))
        assert not [each for each in probes if each.state == "failed"]
    probes = asyncio.run(probe(_settings(netbox, netbox.tokens["without-change-log"])))
    (failed,) = [each for each in probes if each.state == "failed"]
    assert "may not view the change log (core.view_objectchange)" in failed.detail


def _read_names(company: Company, ref: ZoneRef, *names: str) -> Desired | None:
    async def work() -> Desired | None:
        async with NetBoxSource(_settings(company.netbox)) as source:
            return await source.read_names(ref, names)

    return asyncio.run(work())


def test_some_names_of_a_zone_are_read_with_the_apex(company: Company) -> None:
    """Whatever the case of the letters, and the same as the whole zone has there; a name without records has none."""
    name = f"{company.word}.example"
    zone = company.zone(name)
    company.record(zone, "www", "A", "192.0.2.1", disable_ptr=True)
    company.record(zone, "WWW", "A", "192.0.2.2", disable_ptr=True)
    company.record(zone, "www", "TXT", "v=spf1 -all")
    company.record(zone, "www", "AAAA", "2001:db8::1", disable_ptr=True, status="inactive")
    company.record(zone, "mail", "MX", "10 www")
    whole = _read(company)[f"{name}."]
    some = _read_names(company, whole.ref, f"www.{name}.", f"none.{name}.")
    assert some is not None
    names = {f"{name}.", f"www.{name}."}
    assert some.zone.rrsets == {key: rrset for key, rrset in whole.zone.rrsets.items() if key[0] in names}
    assert some.ref == whole.ref


@pytest.mark.parametrize("edit", ["rename", "park", "delete"])
def test_no_names_are_read_of_a_zone_that_is_no_longer_so(company: Company, edit: str) -> None:
    """Renamed, out of service or gone: the whole of it is to be looked at."""
    name = f"{company.word}.example"
    zone = company.zone(name)
    ref = _read(company)[f"{name}."].ref
    if edit == "delete":
        company.netbox.ask("DELETE", f"{DNS}/zones/{zone}/")
    else:
        body = {"name": f"x{name}"} if edit == "rename" else {"status": "parked"}
        company.netbox.ask("PATCH", f"{DNS}/zones/{zone}/", body)
    assert _read_names(company, ref, f"www.{name}.") is None
