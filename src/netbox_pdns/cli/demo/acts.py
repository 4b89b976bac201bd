"""The demo's acts, each a thing that an operator would do: shown, done, and checked by asking DNS."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import dns.message
import dns.rcode
import dns.rdatatype

from netbox_pdns.asking.asker import asked
from netbox_pdns.cli import report as reports
from netbox_pdns.cli.demo.company import INTERNAL, PUBLIC, company
from netbox_pdns.cli.demo.netbox import NetBoxUser
from netbox_pdns.cli.demo.stage import Stage, make_foreign_zone, write_by_hand
from netbox_pdns.cli.explain import print_story
from netbox_pdns.cli.progress import shown_progress
from netbox_pdns.cli.terminal import Terminal
from netbox_pdns.cli.text import print_attention, print_plans, print_summary
from netbox_pdns.cli.verify import print_verification
from netbox_pdns.cli.wiring import open_engine, open_parts
from netbox_pdns.errors import DataError
from netbox_pdns.planning.values import HoldReason
from netbox_pdns.sync.explainer import Explainer
from netbox_pdns.sync.outcome import SyncReport, SyncRequest
from netbox_pdns.sync.patterns import matches
from netbox_pdns.sync.verification import Verification, VerifyRequest
from netbox_pdns.sync.verifier import Verifier

SHOWN_IN_FULL = "example.org"
"""The zone whose plan is shown line by line; the others have a line each."""


@dataclass(frozen=True, slots=True)
class Show:
    """What every act needs."""

    terminal: Terminal
    stage: Stage
    user: NetBoxUser

    def act(self, number: int, title: str) -> None:
        """Begin an act."""
        self.terminal.line()
        self.terminal.line(f"{number}. {title}", "bold cyan")
        self.terminal.line()

    def say(self, text: str) -> None:
        """Say what happens."""
        self.terminal.prose(text)

    def command(self, text: str) -> None:
        """Show the command that does what follows."""
        self.terminal.line(f"$ netbox-pdns {text}", "bold")

    async def run(self, request: SyncRequest) -> SyncReport:
        """Run the engine as the commands do."""
        with shown_progress(self.terminal.err) as listener:
            async with open_engine(self.stage.settings, listener=listener) as engine:
                return await engine.run(request)

    async def ask(self, target: str, name: str, type: str, *, tcp: bool = False) -> dns.message.Message:
        """Ask a target's DNS."""
        settings = next(each for each in self.stage.settings.targets if each.name == target)
        return await asked(settings, name, type, tcp=tcp)

    async def show_answers(self, questions: Sequence[tuple[str, str, str]]) -> None:
        """Ask DNS and show what it answers; raises `DataError` where it answers nothing."""
        for target, name, type in questions:
            tcp = type in {"TXT", "HTTPS"}
            answer = await self.ask(target, name, type, tcp=tcp)
            found = answer.answer or answer.authority
            if answer.rcode() != dns.rcode.NOERROR or not found:
                raise DataError(f"{name} {type} on {target}: DNS answers {dns.rcode.to_text(answer.rcode())}")
            by = "TCP" if tcp else "UDP"
            for rrset in found:
                for rdata in rrset:
                    text = f"{rrset.name} {rrset.ttl} {dns.rdatatype.to_text(rrset.rdtype)} {rdata}"
                    self.terminal.line(f"  {target:<9}{by}  {_cut(text)}", "green")


async def fill(show: Show) -> None:
    """People type the company into NetBox; PowerDNS has two zones that others made."""
    show.act(1, "NetBox holds a company's DNS")
    zones = company()
    records = await show.user.enter(zones)
    for view, words in ((PUBLIC, "the default view"), (INTERNAL, f"the view {INTERNAL!r}")):
        names = [zone.name for zone in zones if zone.view == view]
        show.say(f"  {words}: {len(names)} zones: {', '.join(names)}")
    show.say(f"  {records} records typed in; NetBox adds each zone's SOA and NS, and the PTR of every address")
    server = show.stage.targets["public"]
    soa = "ns.legacy.example. hostmaster.legacy.example. 1 3600 600 86400 300"
    for zone in ("legacy.example.", "example.org."):
        ns = {(zone, "SOA"): soa, (zone, "NS"): "ns1.example.com."}
        await make_foreign_zone(server, zone, {**ns, (zone, "A"): "192.0.2.31"})
    show.say("  on the public PowerDNS somebody else made two zones by hand: legacy.example and example.org")


async def plan(show: Show) -> None:
    """The whole plan in short, one zone of it in full."""
    show.act(2, "What would change: the plan, like a diff")
    show.command("plan")
    report = await show.run(SyncRequest(dry_run=True))
    _print_in_short(show.terminal, report)
    print_plans(show.terminal, _only(report, SHOWN_IN_FULL))
    print_summary(show.terminal, report)


async def sync(show: Show) -> None:
    """The first sync, and what it could not do."""
    show.act(3, "Apply it")
    show.command("sync")
    report = await show.run(SyncRequest())
    print_attention(show.terminal, report)
    print_summary(show.terminal, report)
    _must_not_fail(report)


async def answers(show: Show) -> None:
    """DNS, asked as any resolver asks."""
    show.act(4, "Ask DNS")
    await show.show_answers(
        [
            ("public", "www.example.com", "A"),
            ("internal", "www.example.com", "A"),
            ("public", "shop.example.com", "CNAME"),
            ("public", "anything.example.com", "A"),
            ("public", "example.com", "TXT"),
            ("public", "quote.example.com", "TXT"),
            ("public", "www.xn--bcher-kva.example", "A"),
            ("public", "example.com", "HTTPS"),
            ("public", "loc.types.example.net", "LOC"),
            ("public", "10.2.0.192.in-addr.arpa", "PTR"),
            ("public", "1.113.0.203.in-addr.arpa", "CNAME"),
            ("public", "1.0-15.113.0.203.in-addr.arpa", "PTR"),
            ("public", "branch.example.com", "NS"),
            ("internal", "129.0.1.10.in-addr.arpa", "PTR"),
        ]
    )


async def nothing_to_do(show: Show) -> None:
    """The law that people care for most."""
    show.act(5, "A second sync finds nothing to do")
    show.command("plan")
    report = await show.run(SyncRequest(dry_run=True))
    print_summary(show.terminal, report)
    if report.has_changes:
        raise DataError("the second plan is not empty")


async def edits(show: Show) -> None:
    """A few edits, and just those applied."""
    show.act(6, "Edits in NetBox: just those are applied")
    for line in (
        "www.example.com gets another address, s1._domainkey.example.com another key, staging01.example.com goes,",
        "status.example.com comes, xn--bcher-kva.example is renamed; and example.org becomes ours",
    ):
        show.say(f"  {line}")
    await show.user.change("example.com", "www", "A", value="192.0.2.11")
    await show.user.add("example.com", "status", "TXT", "all systems go; see https://status.example.net")
    await show.user.change(
        "example.com",
        "s1._domainkey",
        "TXT",
        value="v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
    )
    await show.user.remove("example.com", name="staging01")
    await show.user.rename("xn--bcher-kva.example", "xn--bcherei-n2a.example")
    show.terminal.line()
    show.command("plan --adopt example.org")
    request = SyncRequest(adopt=("example.org",))
    print_plans(show.terminal, await show.run(replace(request, dry_run=True)))
    show.command("sync --adopt example.org")
    started = time.monotonic()
    report = await show.run(request)
    print_summary(show.terminal, report)
    _must_not_fail(report)
    show.say(
        f"  from the edits to the answers: {time.monotonic() - started:.1f} s, all zones of both targets looked at"
    )
    await show.show_answers(
        [
            ("public", "www.example.com", "A"),
            ("public", "status.example.com", "TXT"),
            ("public", "www.xn--bcherei-n2a.example", "A"),
            ("public", "11.2.0.192.in-addr.arpa", "PTR"),
        ]
    )


async def mistake(show: Show) -> None:
    """Somebody deletes too much: the good goes on, the dangerous waits for a word."""
    show.act(7, "A mistake is held, not carried out")
    count = await show.user.remove("staging.example.com")
    show.say(f"  somebody selects all {count} records of staging.example.com in NetBox and deletes them")
    show.terminal.line()
    show.command("sync")
    report = await show.run(SyncRequest())
    print_attention(show.terminal, _only(report, "staging.example.com"))
    print_summary(show.terminal, report)
    await show.show_answers([("public", "app01.staging.example.com", "A")])
    if not any(held.reason is HoldReason.EMPTIED for _, held in reports.held(report)):
        raise DataError("the emptied zone was not held")
    show.terminal.line()
    show.say("  it was meant so? say the word; what goes is written down first:")
    show.command("sync --force emptied --zone staging.example.com")
    report = await show.run(SyncRequest(zones=("staging.example.com",), force=frozenset({HoldReason.EMPTIED})))
    print_summary(show.terminal, report)
    for outcome in report.outcomes:
        if outcome.removed_file is not None:
            show.say(f"  put it back with: {outcome.removed_file.name} (docs/putting-back.md)")


async def drift(show: Show) -> None:
    """What somebody changed on the server is found by asking DNS, explained, and put right."""
    show.act(8, "Does DNS show what NetBox wants, and if not, why?")
    show.say("  somebody changes www.example.com on the public PowerDNS by hand")
    await write_by_hand(show.stage.targets["public"], "example.com.", ("www.example.com.", "A"), "192.0.2.99")
    show.terminal.line()
    show.command("verify --zone example.com")
    verification = await _verified(show)
    print_verification(show.terminal, verification)
    if verification.as_wanted:
        raise DataError("what was changed by hand was not found")
    show.terminal.line()
    show.command("explain www.example.com A")
    async with open_parts(show.stage.settings) as parts:
        explainer = Explainer(parts.source, parts.targets, parts.kept)
        print_story(show.terminal, await explainer.explain("www.example.com.", "A"))
    show.terminal.line()
    show.command("sync --zone example.com")
    report = await show.run(SyncRequest(zones=("example.com",)))
    print_summary(show.terminal, report)
    _must_not_fail(report)
    show.command("verify --zone example.com")
    verification = await _verified(show)
    print_verification(show.terminal, verification)
    if not verification.as_wanted:
        raise DataError("DNS does not show what was put right")


async def _verified(show: Show) -> Verification:
    async with open_parts(show.stage.settings) as parts:
        request = VerifyRequest(("example.com",))
        return await Verifier(parts.source, parts.targets, parts.kept, request).run()


def _print_in_short(terminal: Terminal, report: SyncReport) -> None:
    for outcome in report.outcomes:
        if outcome.plan is not None and not matches(outcome.zone, (SHOWN_IN_FULL,)):
            count = len(outcome.plan.changes)
            terminal.line(f"  + {outcome.zone:<34} {outcome.target:<9} {outcome.plan.action}, {count} RRsets", "green")
    for target in report.targets:
        for zone in target.foreign:
            terminal.line(f"    {zone.name:<34} {target.name:<9} foreign, not in NetBox: it is never touched", "dim")
    terminal.line()


def _only(report: SyncReport, zone: str) -> SyncReport:
    """Return *report* as if that zone were all of it."""

    def fits(name: str) -> bool:
        return matches(name, (zone,))

    targets = tuple(
        replace(
            target,
            outcomes=tuple(outcome for outcome in target.outcomes if fits(outcome.zone)),
            held=tuple(held for held in target.held if fits(held.zone)),
        )
        for target in report.targets
    )
    return replace(report, targets=targets)


def _must_not_fail(report: SyncReport) -> None:
    for failure in reports.failures(report):
        raise failure.error


def _cut(text: str) -> str:
    return text if len(text) <= 100 else f"{text[:99]}…"


ACTS = (fill, plan, sync, answers, nothing_to_do, edits, mistake, drift)
