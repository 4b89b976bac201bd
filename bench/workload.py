"""What is measured: zones of records in the usual mixture, the same at every run.

Imported by NetBox's own Python, too (`fill_netbox`): the standard library is all that it needs.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

MIXTURE = 14 * ("A",) + 2 * ("AAAA",) + 2 * ("CNAME",) + ("TXT",) + ("MX",)
"""70 % A, 10 % AAAA, 10 % CNAME, 5 % TXT, 5 % others."""
DEFAULT_TTL = 3600
NAMESERVERS = ("ns1.bench.example", "ns2.bench.example")
SERIAL = 1_700_000_000
_SLICE = 20_000
W = [20] * 1000 + [1000] * 10 + [20_000]
"""The workload that speed is measured on: the records of each zone."""


def zone_name(number: int) -> str:
    """Return a zone's name, without a final dot."""
    return f"z{number:05d}.bench.example"


def records(count: int) -> Iterator[tuple[str, str, str]]:
    """Yield *count* records of a zone: name (relative), type, value as it is typed into NetBox."""
    for number in range(count):
        yield f"h{number:05d}", *_record(MIXTURE[number % len(MIXTURE)], number)


def _record(type: str, number: int) -> tuple[str, str]:
    values = {
        "A": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
        "AAAA": f"2001:db8::{number // 65_536 + 1:x}:{number % 65_536:x}",
        "CNAME": "www.bench.example.",
        "TXT": f"v=spf1 ip4:192.0.2.{number % 256} -all",
        "MX": f"{number % 100} mail",
    }
    return type, values[type]


def fill_netbox(runs: list[tuple[int, int]]) -> None:
    """Make zones in NetBox's database, by its models in bulk; runs inside NetBox.

    *runs* are sizes in records, each with how many zones of it follow each other.
    """
    from netbox_dns.models import NameServer, Record, View, Zone

    sizes = [size for size, count in runs for _ in range(count)]
    view = View.get_default_view()
    servers = [NameServer.objects.create(name=name) for name in NAMESERVERS]
    soa = {"soa_mname": servers[0], "soa_rname": "hostmaster.bench.example", "soa_ttl": 86400}
    times = {"soa_refresh": 43200, "soa_retry": 7200, "soa_expire": 2419200, "soa_minimum": 3600}
    common = {"view": view, "status": "active", "default_ttl": DEFAULT_TTL, "soa_serial": SERIAL, **soa, **times}
    zones = Zone.objects.bulk_create([Zone(name=zone_name(number), **common) for number in range(len(sizes))])
    # Through the table between them: a zone's own `nameservers.set` makes its records, one by one.
    through = Zone.nameservers.through
    through.objects.bulk_create([through(zone=zone, nameserver=server) for zone in zones for server in servers])
    rows = (row for zone, size in zip(zones, sizes, strict=True) for row in _rows(Record, zone, size))
    while batch := list(islice(rows, _SLICE)):
        Record.objects.bulk_create(batch)


def _rows(record, zone, size):  # type: ignore[no-untyped-def]  # NetBox's models are not installed here
    own = [("@", "SOA", f"{NAMESERVERS[0]}. hostmaster.bench.example. {SERIAL} 43200 7200 2419200 3600")]
    own += [("@", "NS", f"{server}.") for server in NAMESERVERS]
    for name, type, value in own:
        yield record(zone=zone, name=name, fqdn=f"{zone.name}.", type=type, value=value, status="active", managed=True)
    for name, type, value in records(size):
        fqdn = f"{name}.{zone.name}."
        yield record(zone=zone, name=name, fqdn=fqdn, type=type, value=value, status="active", disable_ptr=True)
