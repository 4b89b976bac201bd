"""Zones as text, and a server in memory: what the tests of planning are written in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from netbox_pdns.dns.names import canonical_name
from netbox_pdns.dns.rdata import canonical_rdata
from netbox_pdns.dns.rrset import Key, RRset, Zone
from netbox_pdns.planning.batches import batches
from netbox_pdns.planning.values import Change, Desired, Observed, PlanContext, TargetZone, ZonePlan, ZoneRef

ZONE = "example.com."
MARK = "netbox-pdns:default:pdns"
SOA = "@ 3600 SOA ns1 hostmaster {serial} 3600 600 86400 300"


def zone(text: str, serial: int | None = None) -> Zone:
    """Return the zone of `NAME TTL TYPE RDATA` lines; names below the zone are relative, an SOA is added with *serial*."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if serial is not None:
        lines.append(SOA.format(serial=serial).replace("ns1", "ns1.x.").replace("hostmaster", "hostmaster.x."))
    rdatas: defaultdict[Key, list[str]] = defaultdict(list)
    ttls: dict[Key, int] = {}
    for line in lines:
        owner, ttl, type, rdata = line.split(" ", 3)
        key = absolute(owner), type
        rdatas[key].append(canonical_rdata(type, rdata))
        ttls[key] = int(ttl)
    return Zone.of(ZONE, (RRset.of(*key, ttls[key], texts) for key, texts in rdatas.items()))


def absolute(owner: str) -> str:
    """Return the canonical name of an owner as the lines have it."""
    if owner == "@":
        return ZONE
    return canonical_name(owner if owner.endswith(".") else f"{owner}.{ZONE}")


def text(content: Zone) -> list[str]:
    """Return a zone's lines without the SOA, owners relative, sorted by name and type."""
    return [
        f"{relative(rrset.name)} {rrset.ttl} {rrset.type} {rdata}"
        for _, rrset in sorted(content.content.items())
        for rdata in rrset.rdatas
    ]


def relative(name: str) -> str:
    """Return an owner as the lines have it."""
    return "@" if name == ZONE else name.removesuffix(f".{ZONE}")


def desired(content: str | Zone, serial: int | None = 7, *, dynamic: bool = False) -> Desired:
    """Return what NetBox wants; record ids count from 1 in the order of the zone."""
    wanted = zone(content, serial) if isinstance(content, str) else content
    ids: dict[Key, tuple[int, ...]] = {}
    count = 0
    for key, rrset in sorted(wanted.rrsets.items()):
        ids[key] = tuple(range(count + 1, count + 1 + len(rrset.rdatas)))
        count += len(rrset.rdatas)
    ref = ZoneRef(1, ZONE, "_default_", "https://netbox/zones/1/", serial, dynamic)
    return Desired(ref, wanted, ids, record_url="https://netbox/records/{id}/")


def observed(
    content: str | Zone,
    serial: int | None = 7,
    *,
    account: str = MARK,
    kind: str = "Native",
    dnssec: bool = False,
    presigned: bool = False,
    served: int | None = None,
    disabled: str = "",
) -> Observed:
    """Return what the server has; *disabled* are lines of records that it does not serve."""
    there = zone(content, serial) if isinstance(content, str) else content
    listed = TargetZone(ZONE, kind, account, there.serial or 0, served, dnssec)
    return Observed(listed, there, zone(disabled).rrsets, presigned=presigned)


def context(**fields: object) -> PlanContext:
    """Return a context with *fields* set."""
    return PlanContext(target="pdns", mark=MARK, now=0, **fields)  # type: ignore[arg-type]


def apply_changes(changes: Sequence[Change], to: Zone) -> Zone:
    """Return *to* after *changes*, top to bottom, as strict about CNAMEs and about what was there as a server may be."""
    rrsets = dict(to.rrsets)
    types: defaultdict[str, set[str]] = defaultdict(set)
    for name, type in rrsets:
        types[name].add(type)
    for change in changes:
        name, type = change.key
        assert rrsets.get(change.key) == change.before, "a change was planned against something else"
        if change.after is None:
            del rrsets[change.key]
            types[name].remove(type)
            continue
        rrsets[change.key] = change.after
        types[name].add(type)
        assert "CNAME" not in types[name] or len(types[name]) == 1, f"{name} has a CNAME and other data: {types[name]}"
    return Zone.of(to.name, rrsets.values())


def applied(plan: ZonePlan, to: Observed) -> Observed:
    """Return what a server has after *plan*."""
    after = apply_changes(sum(batches(plan.changes, lambda _: 1, 2), ()), to.zone)
    if plan.soa is not None:
        after = Zone.of(after.name, {**after.rrsets, plan.soa.key: plan.soa}.values())
    return Observed(to.listed, after, to.disabled)
