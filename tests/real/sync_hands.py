"""What others do around a sync: zones made and signed by other hands, serials set back, a program killed in its work."""

from __future__ import annotations

import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

import servers
from program import started
from sync_world import World


def make_by_hand(world: World, label: str, *rows: str, **fields: Any) -> None:
    """Make a zone as others would: NetBox's nameservers, *rows* of `NAME TYPE VALUE`, another SOA with serial 5."""
    name = world.name(label)
    own = (f"@ SOA other.{name} somebody.{name} 5 1 2 3 4", *(f"@ NS {world.name(each)}" for each in ("ns1", "ns2")))
    contents: dict[tuple[str, str], list[str]] = {}
    for row in (*own, *rows):
        owner, type, content = row.split(" ", 2)
        contents.setdefault((name if owner == "@" else f"{owner}.{name}", type), []).append(content)
    rrsets = [
        {"name": owner, "type": type, "ttl": 3600, "records": [{"content": each} for each in all_of_it]}
        for (owner, type), all_of_it in contents.items()
    ]
    body = {"name": name, "kind": "Native", "soa_edit_api": "", "rrsets": rrsets, **fields}
    world.api("POST", "/zones", json=body)


def presign(world: World, label: str) -> None:
    """Mark a zone as signed by others, which the API cannot; other metadata makes PowerDNS forget what it has cached."""
    name = world.name(label)
    path = servers.STATE / "powerdns_gsqlite3" / "pdns.sqlite3"
    with closing(sqlite3.connect(path, timeout=10)) as database, database:
        database.execute(
            "INSERT INTO domainmetadata (domain_id, kind, content)"
            " SELECT id, 'PRESIGNED', '1' FROM domains WHERE name = ?",
            [name.rstrip(".")],
        )
    world.api("PUT", f"/zones/{name}/metadata/X-TOUCHED", json={"metadata": ["1"]})


def whole(world: World, label: str) -> dict[str, Any]:
    """Return all that PowerDNS's API shows of a zone, RRsets sorted; of a Producer without what PowerDNS moves by itself."""
    zone: dict[str, Any] = world.api("GET", f"/zones/{world.name(label)}")
    producer = zone["kind"] == "Producer"
    rrsets = sorted(zone.pop("rrsets"), key=lambda rrset: (rrset["name"], rrset["type"]))
    moved = {"serial", "edited_serial", "notified_serial"} if producer else set()
    kept = {name: value for name, value in zone.items() if name not in moved}
    return {**kept, "rrsets": [rrset for rrset in rrsets if not (producer and rrset["type"] == "SOA")]}


def set_serial(world: World, zone: int, serial: int) -> None:
    """Give a zone in NetBox another serial, past its API: whatever the clock and its own rules say."""
    world.netbox.sql(
        f"UPDATE netbox_dns_zone SET soa_serial = {serial} WHERE id = {zone};"  # noqa: S608 - numbers
        f"UPDATE netbox_dns_record SET value = regexp_replace(value, ' \\d+ ', ' {serial} ')"
        f" WHERE zone_id = {zone} AND type = 'SOA'"
    )


def kill_sync_once(world: World, condition: Callable[[], bool], **options: Any) -> None:
    """Run the real program's sync, and end it by SIGKILL in the moment in which *condition* is seen to hold."""
    variables = {"NETBOX_PDNS_CONFIG": str(world.config(options))}
    deadline = time.monotonic() + 120.0
    with started("sync", home=world.directory, variables=variables) as process:
        while not condition():
            assert process.poll() is None, f"the sync ended by itself: {process.returncode}"
            assert time.monotonic() < deadline, "the sync did not come so far"
        process.kill()
        assert process.wait() == -signal.SIGKILL
