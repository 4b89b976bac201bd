"""Our own CPU a record in a sync with nothing to do: from the bytes of both answers to an empty plan, no network.

NetBox's pages and PowerDNS's zones are made as text before the clock starts; what is timed is what the product does
between receiving and knowing that nothing differs.
"""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Sequence

import msgspec
from workload import DEFAULT_TTL, NAMESERVERS, SERIAL, records, zone_name

from netbox_pdns.netbox.rrsets import desired_zone
from netbox_pdns.netbox.wire import Page, RecordRow
from netbox_pdns.planning.values import PlanContext, ZoneRef
from netbox_pdns.planning.zone_plan import plan_zone
from netbox_pdns.powerdns.reading import observed
from netbox_pdns.powerdns.wire import ZoneWire

_MARK = "netbox-pdns:bench:default"


def microseconds_a_record(sizes: Sequence[int]) -> float:
    """Return the processor time from decoding to empty plans, in microseconds for each record of NetBox."""
    answers = [_answers(number, size) for number, size in enumerate(sizes)]
    gc.collect()
    gc.freeze()  # what else this process holds is not to be collected on the product's time
    started = time.process_time()
    count = sum(_compare(number, *answer) for number, answer in enumerate(answers))
    spent = time.process_time() - started
    gc.unfreeze()
    return spent / count * 1_000_000


def _compare(number: int, netbox: bytes, powerdns: bytes) -> int:
    """Plan one zone; return how many records NetBox has of it. Raises where the plan is not empty."""
    rows = msgspec.json.decode(netbox, type=Page[RecordRow]).results
    ref = ZoneRef(number, f"{zone_name(number)}.", "_default_", "", SERIAL)
    desired = desired_zone(ref, rows, DEFAULT_TTL, "{id}")
    there = observed(msgspec.json.decode(powerdns, type=ZoneWire))
    plan = plan_zone(desired, there, PlanContext("default", _MARK, 0))
    if not plan.is_empty or plan.left_out or plan.held:
        raise RuntimeError(f"{plan.zone}: something differs: {plan}")
    return len(rows)


def _answers(number: int, size: int) -> tuple[bytes, bytes]:
    """Return NetBox's records of a zone and PowerDNS's zone, as their servers write them."""
    zone = zone_name(number)
    soa = f"{NAMESERVERS[0]}. hostmaster.bench.example. {SERIAL} 43200 7200 2419200 3600"
    found = [("@", "SOA", soa), *(("@", "NS", f"{server}.") for server in NAMESERVERS), *records(size)]
    rows = [_row(number, at, *record) for at, record in enumerate(found)]
    rrsets: dict[tuple[str, str], list[str]] = {}
    for name, type, value in found:
        content = {"TXT": f'"{value}"', "MX": f"{value}.{zone}."}.get(type, value)
        rrsets.setdefault((_owner(name, zone), type), []).append(content)
    wire = {
        "account": _MARK,
        "api_rectify": True,
        "catalog": "",
        "dnssec": False,
        "edited_serial": SERIAL,
        "id": f"{zone}.",
        "kind": "Native",
        "name": f"{zone}.",
        "rrsets": [_rrset(*key, contents) for key, contents in rrsets.items()],
        "serial": SERIAL,
        "soa_edit": "",
        "soa_edit_api": "",
    }
    return json.dumps({"count": None, "next": None, "results": rows}).encode(), json.dumps(wire).encode()


def _row(number: int, at: int, name: str, type: str, value: str) -> dict[str, object]:
    fqdn = _owner(name, zone_name(number))
    return {"id": at + 1, "name": name, "type": type, "fqdn": fqdn, "value": value, "ttl": None}


def _owner(name: str, zone: str) -> str:
    return f"{zone}." if name == "@" else f"{name}.{zone}."


def _rrset(name: str, type: str, contents: Sequence[str]) -> dict[str, object]:
    found = [{"content": content, "disabled": False} for content in contents]
    return {"comments": [], "name": name, "records": found, "ttl": DEFAULT_TTL, "type": type}
