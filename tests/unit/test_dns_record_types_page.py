"""The page on record types says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from fidelity import MADE_BY_NETBOX, ROWS

from netbox_pdns.dns.rdata import canonical_type
from netbox_pdns.errors import DataError
from netbox_pdns.planning.rules import NEVER_SENT
from netbox_pdns.powerdns.content import UNKNOWN_TO_POWERDNS

PAGE = (Path(__file__).parents[2] / "docs" / "record-types.md").read_text(encoding="utf-8")


def _types_of_the_table() -> set[str]:
    found = set()
    for row in ROWS:
        try:
            found.add(canonical_type(row.type))
        except DataError:
            continue
    return found | MADE_BY_NETBOX


def test_the_page_lists_what_is_never_sent_with_the_reasons() -> None:
    """The table between the marks is the rule's own, type by type and word by word."""
    between = PAGE.partition("<!-- never sent: begin -->")[2].partition("<!-- never sent: end -->")[0]
    rows = re.findall(r"^\| ([A-Z0-9]+) \| (.+) \|$", between, re.MULTILINE)
    assert dict(rows) == dict(NEVER_SENT)


def test_the_page_lists_what_goes_by_number() -> None:
    """Types that NetBox can hold and PowerDNS has no name for are on the page, those alone."""
    line = next(line for line in PAGE.splitlines() if "as `TYPEnnn` with the octets" in line)
    assert set(line.split("|")[1].split()) == UNKNOWN_TO_POWERDNS & _types_of_the_table()
