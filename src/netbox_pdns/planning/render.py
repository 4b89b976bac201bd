"""A plan for people: lines that a DNS engineer reads at a glance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from netbox_pdns.planning.values import Change, ZonePlan

LONGEST = 120
"""Characters of an rdata that a line for people shows."""
_WIDEST = 48
"""Characters of a column that others are aligned to."""
_AROUND = 12
"""Characters before the first difference of two long rdatas that are shown."""
_SOA_FIELDS = ("mname", "rname", "serial", "refresh", "retry", "expire", "minimum")


class Row(NamedTuple):
    """One line of a plan in its columns: `+` comes, `-` goes, `~` changes from old to new."""

    mark: str
    name: str
    ttl: str
    type: str
    text: str


def lines(plan: ZonePlan) -> tuple[str, ...]:
    """Return the plan's changes in aligned columns, one record a line: `+` comes, `-` goes, `~` changes (old → new)."""
    return aligned(rows(plan))


def rows(plan: ZonePlan) -> tuple[Row, ...]:
    """Return the plan's lines, the SOA first."""
    changes = plan.differences if plan.foreign else plan.changes
    return (*_soa_row(plan), *(row for change in changes for row in change_rows(change)))


def change_lines(changes: Iterable[Change]) -> tuple[str, ...]:
    """Return the lines of *changes* in aligned columns."""
    return aligned([row for change in changes for row in change_rows(change)])


def change_rows(change: Change) -> Iterator[Row]:
    """Yield one change's lines: one record in the place of another is one line, else what goes is before what comes."""
    before, after, name, type = change.before, change.after, *change.key
    ttls = " → ".join(dict.fromkeys(str(rrset.ttl) for rrset in (before, after) if rrset is not None))
    if len(change.removed) == len(change.added) == 1:
        yield Row("~", name, ttls, type, " → ".join(_shortened(change.removed[0], change.added[0])))
    else:
        yield from (Row("-", name, str(before.ttl), type, cut(rdata)) for rdata in change.removed if before)
        yield from (Row("+", name, str(after.ttl), type, cut(rdata)) for rdata in change.added if after)
    kept = [rdata for rdata in after.rdatas if rdata in before.rdatas] if before and after else []
    if kept and before and after and before.ttl != after.ttl:
        yield Row("~", name, ttls, type, cut(kept[0]) if len(kept) == 1 else f"({len(kept)} records)")


def aligned(rows: Iterable[Row]) -> tuple[str, ...]:
    """Return *rows* as lines whose columns stand below each other; a very long name moves its own line alone."""
    rows = tuple(rows)
    widths = [min(_WIDEST, max((len(row[column]) for row in rows), default=0)) for column in range(4)]
    return tuple(" ".join([*map(str.ljust, row[:4], widths), row.text]).rstrip() for row in rows)


def soa_steps(before: str, after: str) -> tuple[str, ...]:
    """Return for each field in which two SOA rdatas differ its name, old and new value."""
    fields = zip(_SOA_FIELDS, before.split(" "), after.split(" "), strict=True)
    return tuple(f"{field} {old} → {new}" for field, old, new in fields if old != new)


def cut(rdata: str) -> str:
    """Return *rdata* as a line for people shows it."""
    return rdata if len(rdata) <= LONGEST else f"{rdata[:LONGEST]}… ({len(rdata)} characters)"


def _shortened(old: str, new: str) -> tuple[str, str]:
    """Return two rdatas so that a line shows where they differ, however long what they have in common."""
    if len(old) + len(new) <= LONGEST:
        return old, new
    shorter = min(len(old), len(new))
    same = next((place for place in range(shorter) if old[place] != new[place]), shorter)
    start = max(0, same - _AROUND) if same > 2 * _AROUND else 0
    first, second = (_window(text, start) for text in (old, new))
    return first, second


def _window(text: str, start: int) -> str:
    end = start + LONGEST // 2
    return f"{'…' if start else ''}{text[start:end]}{'…' if len(text) > end else ''}"


def _soa_row(plan: ZonePlan) -> Iterator[Row]:
    """Yield the SOA's line, where it is written: its serial, and what else of it changes."""
    soa, before = plan.soa, plan.soa_before
    if soa is None or plan.serial is None:
        return
    if before is None:
        yield Row("+", plan.zone, str(soa.ttl), "SOA", f"serial {plan.serial.final}")
        return
    ttls = " → ".join(dict.fromkeys((str(before.ttl), str(soa.ttl))))
    other = (step for step in soa_steps(before.rdatas[0], soa.rdatas[0]) if not step.startswith("serial "))
    serials = f"serial {plan.serial.observed} → {plan.serial.final}"
    yield Row("~", plan.zone, ttls, "SOA", ", ".join([serials, *other]))
