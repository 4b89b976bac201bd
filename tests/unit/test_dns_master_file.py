"""A zone as text that every name server loads."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import dns.zone
import pytest
from fidelity import ROWS

from netbox_pdns.dns.master_file import master_file
from netbox_pdns.dns.names import canonical_name
from netbox_pdns.dns.rdata import canonical_text, canonical_type
from netbox_pdns.dns.rrset import RRset, Zone
from netbox_pdns.netbox.rrsets import meant
from netbox_pdns.sandbox.pdns_server import prepare_pdns_server

NAME = "example.com."
RECORDS = (
    (NAME, "SOA", 3600, "ns1.example.com. host\\.master.example.com. 7 3600 600 86400 300"),
    (NAME, "NS", 3600, "ns1.example.com."),
    ("*.example.com.", "TXT", 0, '"a;b" "c\\"d" "\\255"'),
    ("a\\.b.example.com.", "AAAA", 300, "2001:db8::1"),
    ("0/28.example.com.", "CNAME", 300, "a\\.b.example.com."),
)
ZONE = Zone.of(NAME, [RRset.of(name, type, ttl, (rdata,)) for name, type, ttl, rdata in RECORDS])


def _all_types() -> Zone:
    """Return a zone with every row of the fidelity table that is sent, each at a name of its own."""
    rrsets = [RRset.of(*ZONE.rrsets[NAME, type].key, 300, ZONE.rrsets[NAME, type].rdatas) for type in ("SOA", "NS")]
    for number, row in enumerate(ROWS):
        if row.left_out is None and not (row.type == "IPSECKEY" and " 0 2 . " in row.value):
            type = canonical_type(row.type)
            name = NAME if type in {"DNSKEY", "NSEC3PARAM"} else canonical_name(f"r{number}.{NAME}")
            if (name, type) not in {rrset.key for rrset in rrsets}:
                rrsets.append(RRset.of(name, type, 300, (meant(type, row.value, NAME),)))
    return Zone.of(NAME, rrsets)


def _read_by_dnspython(text: str) -> set[tuple[str, str, int, str]]:
    read = dns.zone.from_text(text, origin=NAME, relativize=False, check_origin=False)
    return {
        (name.to_text(), dns.rdatatype.to_text(rdata.rdtype), ttl, canonical_text(rdata))
        for name, ttl, rdata in read.iterate_rdatas()
    }


def _records(zone: Zone) -> set[tuple[str, str, int, str]]:
    return {(*rrset.key, rrset.ttl, rdata) for rrset in zone.rrsets.values() for rdata in rrset.rdatas}


def test_it_is_one_line_a_record_with_the_soa_first_and_the_header_as_comments() -> None:
    """Each record is `NAME TTL IN TYPE RDATA`; a line feed in the header opens another comment, never a record."""
    lines = master_file(ZONE, ["Removed.", "Reason: a\nb 0 IN A 192.0.2.9"]).splitlines()
    assert lines[:4] == [
        "; Removed.",
        "; Reason: a",
        "; b 0 IN A 192.0.2.9",
        "example.com. 3600 IN SOA ns1.example.com. host\\.master.example.com. 7 3600 600 86400 300",
    ]
    assert sorted(lines[3:]) == sorted(f"{name} {ttl} IN {type} {rdata}" for name, type, ttl, rdata in RECORDS)


def test_disabled_records_are_comments_at_the_end() -> None:
    """They read like the records above them, and no server loads them."""
    off = RRset.of("off.example.com.", "A", 60, ("192.0.2.1", "192.0.2.2"))
    text = master_file(ZONE, disabled=[off])
    assert text.splitlines()[-2:] == [f"; Disabled: off.example.com. 60 IN A 192.0.2.{number}" for number in (1, 2)]
    assert _read_by_dnspython(text) == _records(ZONE)


@pytest.mark.parametrize("zone", [pytest.param(ZONE, id="names"), pytest.param(_all_types(), id="every-type")])
def test_dnspython_reads_the_same_zone(zone: Zone) -> None:
    """Read by dnspython, every name, TTL and rdata is what it was."""
    assert _read_by_dnspython(master_file(zone)) == _records(zone)


@pytest.mark.real
@pytest.mark.parametrize("zone", [pytest.param(ZONE, id="names"), pytest.param(_all_types(), id="every-type")])
def test_pdnsutil_loads_every_record(zone: Zone, tmp_path: Path) -> None:
    """PowerDNS's own loader takes the text, and then lists as many records as the zone has."""
    if shutil.which("pdnsutil") is None:
        pytest.skip("pdnsutil is not on PATH: apt-get install pdns-server")
    prepare_pdns_server(tmp_path)
    text = tmp_path / "example.com.zone"
    text.write_text(master_file(zone, ["Removed."]))
    pdnsutil = ["pdnsutil", f"--config-dir={tmp_path}"]
    loaded = subprocess.run([*pdnsutil, "load-zone", NAME, text], capture_output=True, text=True, check=False)
    assert loaded.returncode == 0, loaded.stdout + loaded.stderr
    listed = subprocess.run([*pdnsutil, "list-zone", NAME], capture_output=True, text=True, check=True)
    assert len([line for line in listed.stdout.splitlines() if "\tIN\t" in line]) == len(_records(zone)), listed.stdout
