"""A small world for whole syncs: a view of its own in the real NetBox, real PowerDNS servers, and runs of the product.

Every world has its own view and instance, so that worlds do not see each other's zones. Runs go through the product's
front, `open_engine` with settings from a TOML file; what is held is let through by the command that the product names.
"""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from typing import Any

import servers
from servers import NetBoxServer

from netbox_pdns.cli import report as reporting
from netbox_pdns.cli.wiring import open_engine
from netbox_pdns.planning.values import Change, HoldReason
from netbox_pdns.sandbox.running import RunningPowerDNS
from netbox_pdns.settings import Settings, load_settings
from netbox_pdns.sync.events import Listener, silent
from netbox_pdns.sync.outcome import SyncReport, SyncRequest, ZoneOutcome

DNS = "plugins/netbox-dns"
_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Run:
    """What one run came to, as short texts: names are relative to `word`.example, `@` is that name itself."""

    report: SyncReport
    word: str

    @property
    def changes(self) -> list[str]:
        """What was applied (in a dry run: is to apply), one record a line as in a plan, the SOA aside."""
        done = reporting.changed(self.report)
        return [
            self._short(line)
            for each in done
            if each.plan
            for change in each.plan.changes
            for line in _change_lines(change)
        ]

    @property
    def actions(self) -> dict[str, str]:
        """What was done with each zone that something was done with."""
        return {self._short(each.zone): str(each.plan.action) for each in reporting.changed(self.report) if each.plan}

    @property
    def held(self) -> dict[str, list[str]]:
        """The reasons why something waits, by zone."""
        found: dict[str, list[str]] = {}
        for _, held in reporting.held(self.report):
            found.setdefault(self._short(held.zone), []).append(str(held.reason))
        return found

    @property
    def commands(self) -> list[str]:
        """The commands that let through what is held."""
        return [held.command for _, held in reporting.held(self.report)]

    @property
    def details(self) -> list[str]:
        """What is held, with its numbers in words."""
        return [held.detail for _, held in reporting.held(self.report)]

    @property
    def left_out(self) -> dict[str, str]:
        """The records that cannot be served, as `NAME TYPE`, and why."""
        return {self._short(f"{each.name} {each.type}"): each.reason for _, each in reporting.left_out(self.report)}

    @property
    def failed(self) -> dict[str, str]:
        """What failed, by zone (of a target as a whole: by the target's name), and how."""
        return {
            self._short(each.zone or each.target): self._short(str(each.error))
            for each in reporting.failures(self.report)
        }

    @property
    def is_quiet(self) -> bool:
        """Tell whether all is as NetBox wants it: nothing applied, held, left out or failed."""
        return not (self.actions or self.report.needs_attention)

    def zone(self, label: str, target: str = "default") -> ZoneOutcome:
        """Return the outcome of one zone."""
        wanted = label if label.endswith(".") else f"{label}.{self.word}.example."
        found = [each for each in self.report.outcomes if (each.zone, each.target) == (wanted, target)]
        assert len(found) == 1, f"{wanted} on {target}: {[each.zone for each in self.report.outcomes]}"
        return found[0]

    def _short(self, text: str) -> str:
        return text.replace(f".{self.word}.example.", "")


def _change_lines(change: Change) -> Iterator[str]:
    before, after = change.before, change.after
    if before is not None:
        yield from (f"- {before.name} {before.ttl} {before.type} {rdata}" for rdata in change.removed)
    if after is not None:
        yield from (f"+ {after.name} {after.ttl} {after.type} {rdata}" for rdata in change.added)
    if before is not None and after is not None and before.ttl != after.ttl and set(before.rdatas) & set(after.rdatas):
        yield f"~ {after.name} {after.type} TTL {before.ttl} -> {after.ttl}"


@dataclass
class World:
    """A view in NetBox with its zones, and the PowerDNS that they are brought to."""

    netbox: NetBoxServer
    server: RunningPowerDNS
    directory: Path
    word: str
    view: int
    nameservers: list[int] = field(default_factory=list)

    # NetBox's side

    def name(self, label: str) -> str:
        """Return the absolute name of *label* in this world; one that ends with a dot is absolute already."""
        return label if label.endswith(".") else f"{label}.{self.word}.example."

    def make_nameserver(self, label: str) -> int:
        """Make a nameserver outside of the world's zones and return its id."""
        name = self.name(label).rstrip(".")
        return int(self.netbox.request("POST", f"{DNS}/nameservers/", json={"name": name})["id"])

    def make_zone(self, label: str, rows: Sequence[str] = (), **more: Any) -> int:
        """Make a zone with *rows* of `NAME TYPE VALUE`, and return its id; *more* are other fields of it."""
        (zone,) = self.make_zones(label, **more)
        if rows:
            self.add(zone, *rows)
        return zone

    def make_zones(self, *labels: str, **more: Any) -> list[int]:
        """Make zones without records of their own, and return their ids; *more* are other fields of each."""
        body: dict[str, Any] = {
            "view": self.view,
            "nameservers": self.nameservers,
            "soa_mname": self.nameservers[0],
            "soa_rname": f"hostmaster.{self.word}.example",
            "default_ttl": 3600,
            **more,
        }
        bodies = [{**body, "name": self.name(label).rstrip(".")} for label in labels]
        return [row["id"] for row in self._posted("zones", bodies)]

    def make_view(self, label: str) -> int:
        """Make another view of this world and return its id; its name is the world's with *label*."""
        return int(self.netbox.request("POST", f"{DNS}/views/", json={"name": f"{self.word}-{label}"})["id"])

    def make_token(self, **constraints: Any) -> str:
        """Make a user who may view all that a sync needs, of the records those within *constraints*; return a token."""
        name = f"{self.word}{token_hex(2)}"
        body = {"username": name, "password": token_hex(12) + "aA1!"}
        user = self.netbox.request("POST", "users/users/", json=body)["id"]
        all_of = ["netbox_dns.zone", "netbox_dns.view", "netbox_dns.nameserver", "core.objectchange"]
        for types, limits in ((all_of, None), (["netbox_dns.record"], constraints)):
            body = {"object_types": types, "actions": ["view"], "users": [user], "constraints": limits}
            self.netbox.request("POST", "users/permissions/", json={"name": f"{name}-{types[0]}", **body})
        return str(self.netbox.request("POST", "users/tokens/", json={"user": user, "version": 1})["token"])

    def add(self, zone: int, *rows: str, **more: Any) -> list[int]:
        """Make the records *rows* of `NAME TYPE VALUE` and return their ids; *more* are other fields of each."""
        bodies = []
        for row in rows:
            name, type, value = row.split(" ", 2)
            body = {"zone": zone, "name": name, "type": type, "value": value, "disable_ptr": True, **more}
            bodies.append(body)
        return [row["id"] for row in self._posted("records", bodies)]

    def _posted(self, kind: str, bodies: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        """Make objects, `_AT_ONCE` in one transaction, for NetBox takes its time."""
        for at in range(0, len(bodies), _AT_ONCE):
            yield from self.netbox.request("POST", f"{DNS}/{kind}/", json=bodies[at : at + _AT_ONCE])

    def fill(self, zone: int, label: str, count: int) -> None:
        """Put *count* addresses `hNNNNNN` into a zone past NetBox's API, and so without a log."""
        name = self.name(label)
        self.netbox.sql(
            "INSERT INTO netbox_dns_record (created, last_updated, custom_field_data, type, name, fqdn, value, zone_id,"  # noqa: S608 - our own words
            " status, description, comments, managed, disable_ptr)"
            " SELECT now(), now(), '{}', 'A', 'h' || lpad(n::text, 6, '0'), 'h' || lpad(n::text, 6, '0') || '.' ||"
            f" '{name}', '10.' || (n / 65536) || '.' || (n / 256 % 256) || '.' || (n % 256), {zone}, 'active', '', '',"
            f" false, true FROM generate_series(0, {count - 1}) AS n"
        )

    def ids(self, zone: int, *names: str, type: str = "A") -> list[int]:
        """Return the ids of the records of *names* in a zone, in their order."""
        query = f"zone_id={zone}&type={type}&limit=1000&fields=id,name" + "".join(f"&name={name}" for name in names)
        found = {row["name"]: row["id"] for row in self.netbox.request("GET", f"{DNS}/records/?{query}")["results"]}
        return [found[name] for name in names]

    def edit(self, kind: str, *numbers: int, **more: Any) -> None:
        """Change objects, `_AT_ONCE` in one transaction, for NetBox takes its time."""
        for at in range(0, len(numbers), _AT_ONCE):
            bodies = [{"id": number, **more} for number in numbers[at : at + _AT_ONCE]]
            self.netbox.request("PATCH", f"{DNS}/{kind}/", json=bodies)

    def edit_each(self, kind: str, bodies: Sequence[Mapping[str, Any]]) -> None:
        """Change objects, each by a body with its id, all in one transaction."""
        self.netbox.request("PATCH", f"{DNS}/{kind}/", json=bodies)

    def delete(self, kind: str, *numbers: int) -> None:
        """Delete objects."""
        self.netbox.request("DELETE", f"{DNS}/{kind}/", json=[{"id": number} for number in numbers])

    def vanish(self, *records: int) -> None:
        """Take records out of NetBox past its API, as a restored database or a token that sees less does: no log tells."""
        numbers = ",".join(map(str, records))
        self.netbox.sql(f"DELETE FROM netbox_dns_record WHERE id IN ({numbers})")  # noqa: S608 - numbers

    # The product's side

    def target(self, server: RunningPowerDNS | None = None, **more: Any) -> dict[str, Any]:
        """Return a target's table of the TOML file: by default the world's server and view."""
        to = server or self.server
        table = {"name": "default", "url": to.url, "token": to.api_key, "dns_address": to.dns_address}
        return {**table, "selection": {"view": self.word}, **more}

    def settings(self, **options: Any) -> Settings:
        """Return the settings with *options*; `targets` and `rules` are lists of tables."""
        return load_settings({"NETBOX_PDNS_CONFIG": str(self.config(options))}, None)

    def sync(self, *zones: str, force: Sequence[str] = (), listener: Listener = silent, **options: Any) -> Run:
        """Run a sync of the zones with the labels *zones* (all without) and return what it came to."""
        request = SyncRequest(zones=self._names(zones), force=frozenset(map(HoldReason, force)))
        return self._run(request, options, listener)

    def plan(self, *zones: str, **options: Any) -> Run:
        """Plan and write nothing."""
        return self._run(SyncRequest(zones=self._names(zones), dry_run=True), options)

    def adopt(self, *zones: str, **options: Any) -> Run:
        """Run a sync that adopts the zones with the labels *zones*."""
        return self._run(SyncRequest(adopt=self._names(zones)), options)

    def settle(self, **options: Any) -> None:
        """Bring everything, and see that a second run finds nothing to do."""
        first = self.sync(**options)
        assert not first.report.needs_attention, (first.held, first.failed, first.left_out)
        self.must_be_quiet(**options)

    def must_be_quiet(self, **options: Any) -> None:
        """See that a run finds nothing to do, nothing held, nothing left out, nothing failed."""
        run = self.sync(**options)
        assert run.is_quiet, (run.actions, run.changes, run.held, run.failed, run.left_out)

    def command(self, line: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a command line of the product as the operator would type it."""
        _, *arguments = shlex.split(line)
        environment = {**os.environ, "NETBOX_PDNS_CONFIG": str(self.config(options))}
        return subprocess.run(
            [sys.executable, "-m", "netbox_pdns", *arguments],
            env=environment,
            cwd=self.directory,
            capture_output=True,
            text=True,
            check=False,
            timeout=120.0,
        )

    def let_through(self, held: Run, **options: Any) -> None:
        """Run the commands that *held* names for what is held, each once, and see that the last leaves nothing waiting."""
        commands = list(dict.fromkeys(held.commands))
        assert commands, "nothing is held"
        for number, line in enumerate(commands, 1):
            done = self.command(line, **options)
            assert done.returncode in ({0} if number == len(commands) else {0, 3}), (
                f"{line}\n{done.stdout}{done.stderr}"
            )

    def _run(self, request: SyncRequest, options: Mapping[str, Any], listener: Listener = silent) -> Run:
        settings = self.settings(**options)

        async def work() -> SyncReport:
            async with open_engine(settings, listener=listener) as engine:
                return await engine.run(request)

        return Run(asyncio.run(work()), self.word)

    def _names(self, labels: Sequence[str]) -> tuple[str, ...]:
        return tuple(self.name(label) for label in labels)

    def config(self, options: Mapping[str, Any]) -> Path:
        """Write the TOML file with *options* and return it."""
        return self.settings_file(self.directory / "netbox-pdns.toml", **options)

    def settings_file(self, path: Path, **options: Any) -> Path:
        """Write the settings with *options* to the TOML file *path* and return it."""
        given = {
            "nb_url": self.netbox.url,
            "nb_token": self.netbox.token,
            "instance": self.word,
            "data_dir": str(self.directory / "data"),
            "targets": [self.target()],
            **options,
        }
        path.write_text("".join(f"{key} = {_toml(value)}\n" for key, value in given.items()))
        return path

    # What is served

    def served(self, name: str, type: str = "A", server: RunningPowerDNS | None = None) -> list[str]:
        """Return the rdatas that DNS answers for *name* (relative to the world) and *type*, sorted."""
        answer = servers.ask(server or self.server, self.name(name), type)
        sections = (*answer.answer, *answer.authority)
        found = [each for each in sections if each.name.to_text().lower() == self.name(name)]
        return sorted(rdata.to_text() for rrset in found if rrset.rdtype.name == type for rdata in rrset)

    def ttl(self, name: str, type: str = "A", server: RunningPowerDNS | None = None) -> int:
        """Return the TTL that DNS answers for *name* and *type*."""
        return int(servers.ask(server or self.server, self.name(name), type).answer[0].ttl)

    def is_served(self, label: str, server: RunningPowerDNS | None = None) -> bool:
        """Tell whether a zone is served."""
        return servers.served_serial(server or self.server, self.name(label)) is not None

    def serial(self, label: str, server: RunningPowerDNS | None = None) -> int:
        """Return the serial that is served for a zone."""
        found = servers.served_serial(server or self.server, self.name(label))
        assert found is not None, f"{label} is not served"
        return found

    def api(self, method: str, path: str, server: RunningPowerDNS | None = None, **body: Any) -> Any:
        """Send a request to PowerDNS's API, *path* after `/servers/localhost`, and return what comes back."""
        answer = servers.api(server or self.server, method, path, **body)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def by_hand(self, label: str, *rows: str, changetype: str = "REPLACE") -> None:
        """Write RRsets into a zone past the product; *rows* are `NAME TYPE VALUE` as for `add`."""
        rrsets = []
        for row in rows:
            name, type, value = row.split(" ", 2)
            owner = self.name(label) if name == "@" else f"{name}.{self.name(label)}"
            records = [{"content": value}]
            rrsets.append({"name": owner, "type": type, "ttl": 3600, "changetype": changetype, "records": records})
        self.api("PATCH", f"/zones/{self.name(label)}", json={"rrsets": rrsets})

    def account(self, label: str, server: RunningPowerDNS | None = None) -> str:
        """Return the mark on a zone."""
        return str(self.api("GET", f"/zones/{self.name(label)}?rrsets=false", server)["account"])

    def removed(self, label: str, target: str = "default") -> list[str]:
        """Return what was written down of a zone's removed content, newest file first, without the SOA: one text a file."""
        folder = self.directory / "data" / "removed" / target / self.name(label).rstrip(".")
        files = sorted(folder.glob("*.zone"), reverse=True)
        return [path.read_text().replace(f".{self.name(label)}", "") for path in files]


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key} = {_toml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value)


@contextmanager
def world_of(netbox: NetBoxServer, server: RunningPowerDNS, directory: Path) -> Iterator[World]:
    """Make a world with two nameservers; its view, its zones and what its runs made on the servers go with the block."""
    word = f"w{token_hex(4)}"
    view = netbox.request("POST", f"{DNS}/views/", json={"name": word})["id"]
    world = World(netbox, server, directory, word, view)
    world.nameservers = [world.make_nameserver("ns1"), world.make_nameserver("ns2")]
    try:
        yield world
    finally:
        _clear_netbox(netbox, word)
        for each in {server.url: server, **_others()}.values():
            for zone in servers.api(each, "GET", "/zones").json():
                if word in zone["name"] or f":{word}" in zone["account"]:
                    servers.api(each, "DELETE", f"/zones/{zone['id']}")


def _others() -> dict[str, RunningPowerDNS]:
    names = ("powerdns_gsqlite3", "powerdns_lmdb", "powerdns_secondary")
    return {server.url: server for server in map(servers.powerdns, names)}


def _clear_netbox(netbox: NetBoxServer, word: str) -> None:
    """Take the world's views with all that is in them out of the database; the API would take seconds for each."""
    zones = (
        f"SELECT id FROM netbox_dns_zone WHERE view_id IN (SELECT id FROM netbox_dns_view WHERE name LIKE '{word}%')"  # noqa: S608 - our own word
    )
    netbox.sql(
        f"BEGIN; UPDATE netbox_dns_record SET ptr_record_id = NULL WHERE zone_id IN ({zones});"  # noqa: S608 - our own word
        f"DELETE FROM netbox_dns_record WHERE zone_id IN ({zones});"
        f"DELETE FROM netbox_dns_zone_nameservers WHERE zone_id IN ({zones});"
        f"DELETE FROM netbox_dns_zone WHERE id IN ({zones});"
        f"DELETE FROM netbox_dns_view WHERE name LIKE '{word}%';"
        f"DELETE FROM netbox_dns_nameserver WHERE name LIKE '%.{word}.example'; COMMIT;"
    )
    users = netbox.request("GET", f"users/users/?username__isw={word}&fields=id")["results"]
    permissions = netbox.request("GET", f"users/permissions/?name__isw={word}&fields=id")["results"]
    for kind, found in (("permissions", permissions), ("users", users)):
        if found:
            netbox.request("DELETE", f"users/{kind}/", json=found)
