"""Where is measured: the real NetBox and a fresh real PowerDNS, or the sandbox's."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, contextmanager
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx2
from workload import DEFAULT_TTL, NAMESERVERS, records, zone_name

from netbox_pdns.sandbox.netbox import running_netbox
from netbox_pdns.sandbox.pdns_server import running_pdns_server
from netbox_pdns.sandbox.powerdns import running_powerdns
from netbox_pdns.sandbox.running import RunningNetBox, RunningPowerDNS

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))
_BULK = 5000


@asynccontextmanager
async def filled_netbox(sizes: list[int], *, sandbox: bool) -> AsyncIterator[RunningNetBox]:
    """Yield a NetBox with a zone of each size; the real one's database is put back at the end."""
    if sandbox:
        async with running_netbox() as reached:
            await _type_in(reached, sizes)
            yield reached
        return
    with _real(sizes) as reached:
        yield reached


@asynccontextmanager
async def fresh_powerdns(*, sandbox: bool) -> AsyncIterator[RunningPowerDNS]:
    """Yield a PowerDNS without zones."""
    if sandbox:
        async with running_powerdns() as reached:
            yield reached
        return
    with TemporaryDirectory(prefix="bench-pdns-") as directory:
        async with running_pdns_server(Path(directory)) as reached:
            yield reached


async def edit_one_record(netbox: RunningNetBox, number: int) -> int:
    """Give the first record of the first zone an address by *number*, and return the zone's id."""
    headers = {"Authorization": f"Token {netbox.token}"}
    async with httpx2.AsyncClient(base_url=f"{netbox.url}/api/plugins/netbox-dns", headers=headers, timeout=600) as api:
        answer = await api.get("/records/", params={"zone": zone_name(0), "type": "A", "limit": 1, "ordering": "id"})
        (record,) = answer.raise_for_status().json()["results"]
        body = {"value": f"198.51.100.{number}", "disable_ptr": True}
        (await api.patch(f"/records/{record['id']}/", json=body)).raise_for_status()
    return int(record["zone"]["id"])


@contextmanager
def _real(sizes: list[int]):  # type: ignore[no-untyped-def]  # an iterator of RunningNetBox
    import servers

    netbox = servers.netbox()
    with netbox.put_back():
        netbox.sql("TRUNCATE netbox_dns_zone, netbox_dns_nameserver, netbox_dns_record CASCADE")
        runs = [(size, len(list(group))) for size, group in groupby(sizes)]
        netbox.python(
            f"import sys; sys.path.insert(0, {str(HERE)!r}); import workload; workload.fill_netbox({runs})",
            timeout=1800,
        )
        netbox.sql("ANALYZE")
        yield netbox.reached


async def _type_in(netbox: RunningNetBox, sizes: list[int]) -> None:
    headers = {"Authorization": f"Token {netbox.token}"}
    async with httpx2.AsyncClient(base_url=f"{netbox.url}/api/plugins/netbox-dns", headers=headers, timeout=600) as api:

        async def post(kind: str, rows: list[dict[str, object]]) -> list[dict[str, object]]:
            found: list[dict[str, object]] = []
            for at in range(0, len(rows), _BULK):
                answer = await api.post(f"/{kind}/", json=rows[at : at + _BULK])
                answer.raise_for_status()
                found += answer.json()
            return found

        servers = [row["id"] for row in await post("nameservers", [{"name": name} for name in NAMESERVERS])]
        common = {"nameservers": servers, "soa_mname": servers[0], "default_ttl": DEFAULT_TTL}
        rname = {"soa_rname": "hostmaster.bench.example"}
        zones = await post("zones", [{"name": zone_name(n), **common, **rname} for n in range(len(sizes))])
        rows = (
            {"zone": zone["id"], "name": name, "type": type, "value": value, "disable_ptr": True}
            for zone, size in zip(zones, sizes, strict=True)
            for name, type, value in records(size)
        )
        await post("records", list(rows))
