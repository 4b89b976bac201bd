"""Tokens that may not see everything: what is forbidden is named, what is constrained is only fewer records."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import SecretStr
from servers import NetBoxServer

from netbox_pdns.errors import ConfigurationError
from netbox_pdns.netbox.probing import probe
from netbox_pdns.netbox.source import NetBoxSource
from netbox_pdns.planning.values import Desired, Explanations, ZoneRef
from netbox_pdns.settings import NetBoxSettings, Selection

pytestmark = pytest.mark.real

_DNS = "plugins/netbox-dns"
_ALL = ["netbox_dns.zone", "netbox_dns.record", "netbox_dns.view", "netbox_dns.nameserver", "core.objectchange"]
MakeToken = Callable[..., NetBoxSettings]


@pytest.fixture
def with_token(netbox_server: NetBoxServer) -> Iterator[MakeToken]:
    """Make a user who may view some object types, *constraints* among the records; gone after the test."""
    made: list[tuple[str, int]] = []

    def create(kind: str, **body: Any) -> dict[str, Any]:
        found: dict[str, Any] = netbox_server.request("POST", f"users/{kind}/", json=body)
        made.append((kind, found["id"]))
        return found

    def make(*types: str, constraints: dict[str, Any] | None = None) -> NetBoxSettings:
        name = f"u{secrets.token_hex(4)}"
        user = create("users", username=name, password=secrets.token_hex(12) + "aA1!")["id"]
        for number, type in enumerate(types):
            limits = constraints if type == "netbox_dns.record" else None
            permission = {"object_types": [type], "actions": ["view"], "users": [user], "constraints": limits}
            create("permissions", name=f"{name}-{number}", **permission)
        token = create("tokens", user=user, version=1)["token"]
        return NetBoxSettings(url=netbox_server.url, token=SecretStr(token))

    yield make
    for kind, number in reversed(made):
        netbox_server.request("DELETE", f"users/{kind}/{number}/")


@pytest.fixture
def zone(netbox_server: NetBoxServer) -> Iterator[tuple[str, int, list[int]]]:
    """A zone in a view of its own: the view's name, the zone's id, and the ids of its 8 addresses."""
    word = f"p{secrets.token_hex(4)}"
    view = netbox_server.request("POST", f"{_DNS}/views/", json={"name": word})["id"]
    nameserver = netbox_server.request("POST", f"{_DNS}/nameservers/", json={"name": f"ns1.{word}.example"})["id"]
    soa = {"soa_mname": nameserver, "soa_rname": f"hostmaster.{word}.example", "default_ttl": 3600}
    body = {"name": f"{word}.example", "view": view, "nameservers": [nameserver], **soa}
    made = netbox_server.request("POST", f"{_DNS}/zones/", json=body)["id"]
    rows = [
        {"zone": made, "name": f"h{n}", "type": "A", "value": f"192.0.2.{n}", "disable_ptr": True} for n in range(8)
    ]
    records = [row["id"] for row in netbox_server.request("POST", f"{_DNS}/records/", json=rows)]
    yield word, made, records
    netbox_server.request("DELETE", f"{_DNS}/zones/{made}/")
    netbox_server.request("DELETE", f"{_DNS}/views/{view}/")
    netbox_server.request("DELETE", f"{_DNS}/nameservers/{nameserver}/")


async def _read(settings: NetBoxSettings, view: str) -> list[Desired]:
    async with NetBoxSource(settings) as source:
        return [desired async for desired in source.read(await source.zones(Selection(view=view)))]


async def _read_alone(settings: NetBoxSettings, view: str) -> list[Desired]:
    async with NetBoxSource(settings) as source:
        ref = await source.zone(Selection(view=view), f"{view}.example.")
        assert ref is not None
        return [desired async for desired in source.read((ref,))]


def test_a_constrained_token_reads_fewer_records_and_explains_none(
    with_token: MakeToken, zone: tuple[str, int, list[int]]
) -> None:
    """NetBox answers such a token with 200 and consistent counts, so nothing here fails; nothing is explained either.

    What the token does not see is for the guard to hold: an absence that nobody explains.
    """
    view, _, records = zone
    settings = with_token(*_ALL, constraints={"id__in": records[:4]})
    (desired,) = asyncio.run(_read(settings, view))
    assert len([key for key in desired.zone.rrsets if key[1] == "A"]) == 4

    async def why(ref: ZoneRef) -> Explanations:
        async with NetBoxSource(settings) as source:
            return await source.explain(ref, [(f"h{n}.{ref.name}", "A", f"192.0.2.{n}") for n in range(4, 8)])

    assert not asyncio.run(why(desired.ref))


@pytest.mark.long
@pytest.mark.parametrize("forbidden", _ALL)
def test_a_forbidden_object_type_is_named(
    forbidden: str, with_token: MakeToken, zone: tuple[str, int, list[int]]
) -> None:
    """A token without one permission is told which: by the probes always, by the reading where it needs it."""
    settings = with_token(*(type for type in _ALL if type != forbidden))
    app, model = forbidden.split(".")
    failed = [each for each in asyncio.run(probe(settings)) if each.state == "failed"]
    assert [f"{app}.view_{model}" in each.detail for each in failed] == [True]
    if forbidden != "netbox_dns.nameserver":
        with pytest.raises(ConfigurationError, match=f"{app}.view_{model}") as caught:
            asyncio.run(_read(settings, zone[0]))
        assert caught.value.setting == "NETBOX_PDNS_NB_TOKEN"


@pytest.mark.parametrize("forbidden", ["netbox_dns.zone", "netbox_dns.record"])
def test_a_zone_that_may_not_be_seen_is_not_taken_for_an_empty_one(
    forbidden: str, with_token: MakeToken, zone: tuple[str, int, list[int]]
) -> None:
    """GraphQL gives fewer objects in place of refusing; what a zone that is asked for alone lacks is asked by REST."""
    settings = with_token(*(type for type in _ALL if type != forbidden))
    app, model = forbidden.split(".")

    with pytest.raises(ConfigurationError, match=f"{app}.view_{model}"):
        asyncio.run(_read_alone(settings, zone[0]))


def test_a_small_zone_is_whole_without_the_change_log(with_token: MakeToken, zone: tuple[str, int, list[int]]) -> None:
    """GraphQL gives it as it was at one moment, so that no edit can have come between; what goes is explained elsewhere."""
    settings = with_token(*(type for type in _ALL if type != "core.objectchange"))
    (found,) = asyncio.run(_read_alone(settings, zone[0]))
    assert len([key for key in found.zone.rrsets if key[1] == "A"]) == 8


@pytest.mark.parametrize("token", ["0" * 40, "nbt_abcdefghijkl." + "0" * 40], ids=["version-1", "version-2"])
def test_a_wrong_token_is_named(netbox_server: NetBoxServer, token: str) -> None:
    """A token that NetBox does not know fails at once, and says which setting is wrong; the token is not shown."""
    settings = NetBoxSettings(url=netbox_server.url, token=SecretStr(token))
    (only,) = asyncio.run(probe(settings))
    assert only.state == "failed"
    assert "NETBOX_PDNS_NB_TOKEN" in str(only.hint)
    assert token not in f"{only.detail} {only.hint}"


@pytest.mark.long
@pytest.mark.parametrize("wrong", ["/dcim", "/api/plugins"])
def test_a_wrong_path_is_named(netbox_server: NetBoxServer, wrong: str) -> None:
    """An address that is not NetBox's front page is told from a NetBox without permission."""
    settings = NetBoxSettings(url=netbox_server.url + wrong, token=SecretStr(netbox_server.token))
    (only,) = asyncio.run(probe(settings))
    assert "NETBOX_PDNS_NB_URL" in str(only.hint)
