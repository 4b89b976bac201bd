"""A plan as a comment on a merge request: all of it is there, nothing in it breaks the page, and it has a size."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cli_reports import CHANGED, DOWN, FAILED, FOREIGN, GOING_HELD, HELD, LEFT_OUT, NOTHING, outcome, report
from planning_text import context, desired, observed

from netbox_pdns.cli.markdown import LARGEST, markdown
from netbox_pdns.errors import TransientError
from netbox_pdns.planning.values import LeftOut
from netbox_pdns.planning.zone_plan import plan_zone
from netbox_pdns.sync.outcome import ZoneOutcome


def of_size(count: int, zone: str = "big.example.") -> ZoneOutcome:
    """Return the outcome of a zone to which so many addresses come."""
    wanted = desired("\n".join(f"h{number} 60 A 192.0.2.1" for number in range(count)), 8)
    return outcome(replace(plan_zone(wanted, observed(""), context()), zone=zone), zone=zone)


def test_the_sum_comes_first_then_the_zones_then_what_needs_a_person() -> None:
    """Every part of a run has its heading, in the order in which a reviewer reads."""
    page = markdown(report(CHANGED, LEFT_OUT, FAILED, held=(GOING_HELD,)))
    assert page.startswith("## Plan\n\n**3 zones: 1 to change (1 RRset), 1 left out, 1 held, 1 failed")
    assert [line for line in page.splitlines() if line.startswith("### ")] == [
        "### `example.com.` on `pdns`: held, see below",
        "### Held (1): waits for a word",
        "### Left out (1): cannot be served; the rest is",
        "### Failed (1)",
    ]


@pytest.mark.parametrize(
    "part",
    [
        pytest.param(
            "### `example.com.` on `pdns`: changes: 1 changed\n\n```diff\n"
            "~ example.com.     3600 SOA serial 7 → 8\n~ www.example.com. 60   A   192.0.2.1 → 192.0.2.2\n```\n",
            id="changes-as-a-diff",
        ),
        pytest.param(
            "**`example.com.` on `pdns`, unexplained**: 5 records would go and NetBox does not say why",
            id="held-with-its-numbers",
        ),
        pytest.param("- h5.example.com. 60 A 192.0.2.5\n```\n\n</details>", id="what-is-held"),
        pytest.param("To let it through: `netbox-pdns sync --force unexplained --zone example.com`", id="the-command"),
        pytest.param(
            "| [`n.example.com. NULL`](https://netbox/records/2/) | `pdns` | it is not allowed in master files",
            id="left-out-with-its-link",
        ),
        pytest.param("- `example.com.` on `pdns`: it does not answer<br>hint: is it running?", id="failed"),
        pytest.param("> the zone is foreign (account 'other'), ", id="foreign"),
    ],
)
def test_all_of_a_run_is_there(part: str) -> None:
    """What to apply, what waits with its command, what is left out with its record, what failed with its hint."""
    assert part in markdown(report(CHANGED, LEFT_OUT, HELD, FOREIGN, FAILED, NOTHING))


def test_a_run_without_changes_is_two_lines() -> None:
    """Zones with nothing to say have no place in it."""
    page = markdown(report(NOTHING))
    assert page == "## Plan\n\n**1 zone: nothing to apply, 0 left out, 0 held, 0 failed, 1.5 s**\n"


def test_a_long_zone_is_folded_and_a_short_one_is_not() -> None:
    """A merge request stays one page."""
    assert "<details><summary>61 lines</summary>\n\n```diff\n" in markdown(report(of_size(60)))
    assert "<details>" not in markdown(report(of_size(5)))


@pytest.mark.parametrize(
    ("zones", "count", "words"),
    [
        pytest.param(1, 5_000, "… and 4,", id="one-large-zone"),
        pytest.param(1_000, 20, "more zones", id="many-zones"),
        pytest.param(40, 300, "… and 2", id="several-large-ones"),
    ],
)
def test_what_does_not_fit_is_cut_and_counted(zones: int, count: int, words: str) -> None:
    """A comment has a size; every block is closed, and what is missing is said."""
    one = of_size(count)
    page = markdown(report(*[replace(one, zone=f"z{number}.") for number in range(zones)]))
    assert len(page) <= LARGEST
    assert words in page
    assert page.count("```diff") * 2 == page.count("```")
    assert page.count("<details>") == page.count("</details>")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        pytest.param("```", '````diff\n+ t.example.com. 60 TXT "```"\n````', id="a-fence"),
        pytest.param("</details><b>", '```diff\n+ t.example.com. 60 TXT "</details><b>"\n```', id="html-in-code"),
    ],
)
def test_data_does_not_break_a_diff(value: str, shown: str) -> None:
    """What people write into a record stays within its block."""
    plan = plan_zone(desired(f't 60 TXT "{value}"', 7), observed(""), context())
    page = markdown(report(outcome(replace(plan, soa=None))))
    assert shown in page


def test_messages_are_text() -> None:
    """What a server says, or a record is called, is no markup."""
    bad = LeftOut("z.", "a|`b.z.", "TXT", "x", "why <img> *not* | _so_")
    assert LEFT_OUT.plan is not None
    there = replace(LEFT_OUT, plan=replace(LEFT_OUT.plan, left_out=(bad,)))
    page = markdown(report(there, outcome(error=TransientError("<script> `x`\n# no"))))
    assert r"| ``a\|`b.z. TXT`` | `pdns` | why \<img\> \*not\* \| \_so\_ |" in page
    assert r": \<script\> \`x\` \# no" in page


def test_what_steers_a_terminal_is_written_out() -> None:
    """It may be looked at on one before it is a comment."""
    assert "\x1b" not in markdown(report(outcome(error=TransientError("\x1b[31mred"), target="pdns")))
    assert str(DOWN) in markdown(report(FAILED))
