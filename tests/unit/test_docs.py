"""The pages speak of what is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from netbox_pdns.cli.app import app

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


_COMMAND = re.compile(r"(?<![\w/.-])netbox-pdns((?: +[a-zA-Z*/-][^\s`|#>;&()…,]*)+)")
_CODE = re.compile(r" {4}|\s*- run: ")
"""How a line of code begins."""


def commands(text: str) -> Iterator[str]:
    """Yield the command lines of the program in *text*, in backticks or on lines of code: the words behind its name."""
    for line in text.splitlines():
        for found in _COMMAND.finditer(line):
            if line[: found.start()].endswith("`") or _CODE.match(line):
                yield found[1].strip()


def unknown(line: str) -> list[str]:
    """Return what of a command line the program does not know: a command, or options."""
    command: Any = typer.main.get_command(app)
    words = line.split()
    while words and hasattr(command, "commands"):
        if words[0] not in command.commands:
            return [words[0]]
        command = command.commands[words.pop(0)]
    known = {name for each in command.params for name in (*each.opts, *each.secondary_opts)} | {"--help"}
    return [word for word in words if word.startswith("-") and word.partition("=")[0] not in known]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_a_page_shows_is_one(page: Path) -> None:
    """With its options; what stands in backticks or in a block of code is a command."""
    found = list(commands(page.read_text(encoding="utf-8")))
    assert [(line, wrong) for line in found if (wrong := unknown(line))] == []


@pytest.mark.parametrize(
    ("text", "found", "wrong"),
    [
        pytest.param("    netbox-pdns sync --dry-run  # try", ["sync --dry-run"], [], id="in-a-block"),
        pytest.param("`netbox-pdns plan --json` tells", ["plan --json"], [], id="in-backticks"),
        pytest.param("      - run: netbox-pdns plan --save x", ["plan --save x"], [], id="in-a-workflow"),
        pytest.param("so netbox-pdns decides it", [], [], id="in-a-sentence"),
        pytest.param("`netbox-pdns snyc`", ["snyc"], ["snyc"], id="no-command"),
        pytest.param("`netbox-pdns sync --dry`", ["sync --dry"], ["--dry"], id="no-option"),
        pytest.param("`netbox-pdns setup netbox --remove`", ["setup netbox --remove"], [], id="of-two-words"),
    ],
)
def test_what_is_a_command(text: str, found: list[str], wrong: list[str]) -> None:
    """The pages are searched so."""
    assert list(commands(text)) == found
    assert [each for line in found for each in unknown(line)] == wrong
