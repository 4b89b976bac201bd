"""Which zones a target serves: names and ids of NetBox's objects made into a query, patterns applied."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from netbox_pdns.dns.names import name_or_text
from netbox_pdns.errors import ConfigurationError
from netbox_pdns.netbox.client import NetBoxClient, Query
from netbox_pdns.netbox.listing import Place, whole
from netbox_pdns.netbox.wire import NAMESERVERS, VIEWS, ZONE_FIELDS, ZONES, Named, ViewRow, ZoneRow
from netbox_pdns.planning.values import ZoneRef
from netbox_pdns.settings import Selection

FEW_NAMES = 50


@dataclass(frozen=True, slots=True)
class Selected:
    """Zones, in the order of ids: are they all active ones of their view, and alone under their names in all views?"""

    rows: tuple[ZoneRow, ...]
    whole_view: bool = False
    alone: bool = False


async def selected(
    client: NetBoxClient,
    selection: Selection,
    names: Sequence[str] = (),
    called: Sequence[ZoneRow] | None = None,
    views: Sequence[ViewRow] | None = None,
    place: Place | None = None,
) -> Selected:
    """Return the active zones that *selection* picks; of *names* those alone, where there are any.

    A few names cost one small request, none where the active zones of all views that are *called* so are given. Where they
    are not all found the whole list is read and returned, which tells why; *views* and *place* make that quicker.

    Raises `ConfigurationError` for a nameserver, view, tag or tenant that NetBox does not have, and where two views give
    one name.
    """
    if not 0 < len(names) <= FEW_NAMES or not by_name_alone(selection):
        called = ()
    elif called is None:
        called = await zones_called(client, names)
    picked = tuple(row for row in called if _is(row.view, selection.view) and named(row.name, selection))
    if picked and len(picked) == len(names):
        _refuse_doubles(picked)
        return Selected(picked, alone=len(called) == len(picked))
    query = await _query(client, selection, await all_views(client) if views is None else views)
    rows = await whole(client, ZONES, query, ZoneRow, place)
    picked = tuple(row for row in rows if row.active and named(row.name, selection))
    _refuse_doubles(picked)
    return Selected(picked, whole_view=is_whole_view(selection))


async def selected_zone(
    client: NetBoxClient, selection: Selection, name: str, called: Sequence[ZoneRow]
) -> ZoneRow | None:
    """Return the active zone *name* (canonical) where *selection* picks it, None where it does not: why is not asked.

    *called* are the active zones of all views that are called so.
    Raises `ConfigurationError` for a nameserver, view, tag or tenant that NetBox does not have.
    """
    picked = [row for row in called if _is(row.view, selection.view) and named(row.name, selection)]
    if picked and not by_name_alone(selection):
        query: Query = [*await _query(client, selection, await all_views(client)), ("name__ie", spelt(name))]
        picked = [row for row in await whole(client, ZONES, query, ZoneRow) if row.active]
    return picked[0] if picked else None


def is_whole_view(selection: Selection) -> bool:
    """Tell whether all active zones of a view are selected."""
    return selection == Selection(view=selection.view)


def by_name_alone(selection: Selection) -> bool:
    """Tell whether a zone's row tells if it is selected; other objects need lists."""
    return selection.nameserver is None and not selection.tag and not selection.tenant


async def zones_called(client: NetBoxClient, names: Sequence[str]) -> tuple[ZoneRow, ...]:
    """Return the active zones called *names*, of all views."""
    query: Query = [("fields", ZONE_FIELDS), ("active", "true"), *(("name__ie", spelt(name)) for name in names)]
    return tuple(row for row in await whole(client, ZONES, query, ZoneRow) if row.active)


def spelt(name: str) -> str:
    """Return the canonical *name* of a zone as NetBox spells it."""
    return name.rstrip(".") or "."


def named(zone: str, selection: Selection) -> bool:
    """Tell whether the zone's name fits `include` and does not fit `exclude`."""
    name = zone.rstrip(".").lower()

    def fits(patterns: Sequence[str]) -> bool:
        return any(fnmatchcase(name, pattern.rstrip(".").lower()) for pattern in patterns)

    return (not selection.include or fits(selection.include)) and not fits(selection.exclude)


def zone_ref(client: NetBoxClient, row: ZoneRow) -> ZoneRef:
    """Return what we keep of a zone's row."""
    return ZoneRef(
        id=row.id,
        name=name_or_text(row.name),
        view=row.view.name,
        url=f"{client.base}/plugins/netbox-dns/zones/{row.id}/",
        serial=row.soa_serial,
        dynamic=row.status == "dynamic",
        default_ttl=row.default_ttl,
    )


async def _query(client: NetBoxClient, selection: Selection, views: Sequence[ViewRow]) -> list[tuple[str, str | int]]:
    query: list[tuple[str, str | int]] = [("fields", ZONE_FIELDS), ("active", "true")]
    query.append(("view_id", _view_id(views, selection.view)))
    if selection.nameserver is not None:
        query.append(("nameserver_id", await _nameserver(client, selection.nameserver)))
    if selection.tag:
        await _known(client, "/api/extras/tags/", "slug", selection.tag, "NETBOX_PDNS_NB_TAG", "tag")
        query.extend(("tag", slug) for slug in selection.tag)
    if selection.tenant:
        slugs = [tenant for tenant in selection.tenant if not tenant.isdecimal()]
        await _known(client, "/api/tenancy/tenants/", "slug", slugs, "NETBOX_PDNS_NB_TENANT", "tenant")
        ids = [int(tenant) for tenant in selection.tenant if tenant.isdecimal()]
        rows = await whole(client, "/api/tenancy/tenants/", [("slug", slug) for slug in slugs], Named) if slugs else []
        query.extend(("tenant_id", tenant) for tenant in [*ids, *(row.id for row in rows)])
    return query


async def view_id(client: NetBoxClient, wanted: str | None) -> int:
    """Return the id of the view *wanted* (id or name; None is the default view); raises `ConfigurationError`."""
    return _view_id(await all_views(client), wanted)


async def all_views(client: NetBoxClient) -> Sequence[ViewRow]:
    """Return the views of NetBox."""
    return await whole(client, VIEWS, [("fields", "id,name,default_view")], ViewRow)


def _view_id(views: Sequence[ViewRow], wanted: str | None) -> int:
    for view in views:
        if _is(view, wanted):
            return view.id
    raise _unknown("view", wanted or "the default view", [view.name for view in views], "NETBOX_PDNS_NB_VIEW")


def _is(view: ViewRow, wanted: str | None) -> bool:
    return view.default_view if wanted is None else wanted in {view.name, str(view.id)}


async def _nameserver(client: NetBoxClient, wanted: str) -> int:
    servers = await whole(client, NAMESERVERS, [("fields", "id,name")], Named)
    for server in servers:
        if wanted == str(server.id) or wanted.rstrip(".").lower() == server.name.rstrip(".").lower():
            return server.id
    raise _unknown("nameserver", wanted, [server.name for server in servers], "NETBOX_PDNS_NB_NS_ID")


async def _known(client: NetBoxClient, path: str, field: str, wanted: Sequence[str], setting: str, kind: str) -> None:
    if not wanted:
        return
    rows = await whole(client, path, [("fields", "id,name,slug")], Named)
    slugs = [getattr(row, field) for row in rows]
    for slug in wanted:
        if slug not in slugs:
            raise _unknown(kind, slug, slugs, setting)


def _unknown(kind: str, wanted: str, known: Sequence[str], setting: str) -> ConfigurationError:
    nearest = difflib.get_close_matches(wanted, known, n=1)
    hint = f"did you mean {nearest[0]}?" if nearest else f"NetBox has: {', '.join(sorted(known)[:10]) or 'none'}"
    return ConfigurationError(f"NetBox shows no {kind} {wanted!r} to this token", hint=hint, setting=setting)


def _refuse_doubles(rows: Sequence[ZoneRow]) -> None:
    views = defaultdict(list)
    for row in rows:
        views[name_or_text(row.name)].append(row.view.name)
    for name, several in sorted(views.items()):
        if len(several) > 1:
            raise ConfigurationError(
                f"the zone {name} is in the views {' and '.join(sorted(several))}, and a PowerDNS serves one of them",
                hint="select one view a target (NETBOX_PDNS_NB_VIEW)",
                setting="NETBOX_PDNS_NB_VIEW",
            )
