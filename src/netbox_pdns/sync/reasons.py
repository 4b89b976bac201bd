"""Why a server does not have one RRset as NetBox wants it, by the plan for its zone. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from netbox_pdns.dns.rrset import Key
from netbox_pdns.planning.values import Held, LeftOut, ZonePlan
from netbox_pdns.sync.outcome import ZoneOutcome


@dataclass(frozen=True, slots=True)
class Reason:
    """Why in words. `alarm` is False where the sync says so already and nothing that is wanted is missing: what is held
    stays for now, what is left out cannot be served."""

    text: str
    alarm: bool


def reason_of(outcome: ZoneOutcome, key: Key, *, missing: bool, nameserver: bool = False) -> Reason:
    """Return what the plan of *outcome* (of a dry run) says about an RRset that DNS does not show as wanted.

    *missing* tells whether wanted records are not there: holding explains that, and excuses nothing. With *nameserver* it
    was not the target itself that was asked, but a name server of the zone.
    """
    plan = outcome.plan
    if plan is None:
        return Reason(f"the zone could not be looked at: {outcome.error}", alarm=True)
    if plan.foreign and plan.is_empty:
        return Reason("; ".join(plan.notes) or "the zone is foreign", alarm=True)
    if held := held_of(plan, key):
        return Reason(f"held ({held.reason}): {held.detail}; to let it through: {held.command}", alarm=missing)
    if left_out := left_out_of(plan, key):
        return Reason(f"left out: {left_out.reason}", alarm=False)
    if plan.soa is not None and (key == plan.soa.key or any(change.key == key for change in plan.changes)):
        when = "it is observed only, no sync changes it" if outcome.observe_only else "the next sync changes it"
        return Reason(when, alarm=True)
    if nameserver:
        return Reason(
            f"{plan.target} itself has it as wanted: this server has another state, or other data", alarm=True
        )
    return Reason("its API shows it as wanted: a cache, or another server, answers at this address", alarm=True)


def held_of(plan: ZonePlan, key: Key) -> Held | None:
    """Return what of the plan is held and would change the RRset, None without it."""
    return next((held for held in plan.held if any(change.key == key for change in held.changes)), None)


def left_out_of(plan: ZonePlan, key: Key) -> LeftOut | None:
    """Return the first record of the RRset that cannot be served, None without one."""
    return next((record for record in plan.left_out if record.key == key), None)
