"""Reports of runs that never were, for tests of what is printed of them."""

from __future__ import annotations

from planning_text import context, desired, observed

from netbox_pdns.errors import ConfigurationError, NetboxPdnsError, TransientError
from netbox_pdns.planning.values import Action, Held, HoldReason, TargetZone, ZonePlan
from netbox_pdns.planning.zone_plan import plan_zone
from netbox_pdns.sync.outcome import SyncReport, TargetReport, ZoneOutcome

MARK = context().mark


def outcome(plan: ZonePlan | None = None, **fields: object) -> ZoneOutcome:
    """Return the outcome of example.com, which is ours unless said otherwise."""
    listed = TargetZone("example.com.", "Native", MARK, 7, 7)
    blank: dict[str, object] = {"target": "pdns", "zone": "example.com.", "observed": listed}
    return ZoneOutcome(plan=plan, **{**blank, **fields})  # type: ignore[arg-type]  # by name


def report(*outcomes: ZoneOutcome, dry_run: bool = True, **fields: object) -> SyncReport:
    """Return the report of one target."""
    target = TargetReport("pdns", outcomes, **fields)  # type: ignore[arg-type]  # by name
    return SyncReport((target,), seconds=1.5, dry_run=dry_run)


NOTHING = outcome(plan_zone(desired("www 60 A 192.0.2.1"), observed("www 60 A 192.0.2.1"), context()))
CHANGED = outcome(plan_zone(desired("www 60 A 192.0.2.2", 8), observed("www 60 A 192.0.2.1"), context()))
LEFT_OUT = outcome(plan_zone(desired("n 60 NULL \\# 1 00"), observed(""), context()))
HELD = outcome(plan_zone(desired(""), observed("\n".join(f"h{n} 60 A 192.0.2.{n}" for n in range(1, 6))), context()))
FOREIGN = outcome(
    plan_zone(desired("www 60 A 192.0.2.2", 8), observed("www 60 A 192.0.2.1", account="other"), context()),
    observed=TargetZone("example.com.", "Native", "other", 7, 7),
    foreign=True,
)
DOWN: NetboxPdnsError = TransientError("it does not answer", hint="is it running?")
WRONG: NetboxPdnsError = ConfigurationError("the key is wrong", hint="correct it")
FAILED = outcome(error=DOWN)
GOING = outcome(ZonePlan("example.com.", "pdns", Action.DELETE), orphaned=True)
GOING_HELD = Held(HoldReason.ZONES, "example.com.", "4 zones would go")
