"""The pages speak of what is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
PAGES = sorted([*PROJECT.glob("*.md"), *PROJECT.glob("docs/*.md")])
ROOTS = (PROJECT, PROJECT / "src" / "netbox_pdns", PROJECT / "tests")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    """A module in backticks stands in the project, and a link leads to a page."""
    text = page.read_text(encoding="utf-8")
    modules = re.findall(r"`([\w./]+\.py)`", text)
    links = re.findall(r"\]\((?!https?:)([^)#]+)", text)
    gone = [name for name in modules if not any((root / name).is_file() for root in ROOTS)]
    gone += [link for link in links if not (page.parent / link).exists()]
    assert gone == []
