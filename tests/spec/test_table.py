"""The specification's table is complete: each section has entries, each example is claimed, each test is there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from table import TABLE, Entry

TESTS = Path(__file__).parents[1]
SPECIFICATION = "shared/spec/reliability.md"
"""Where it lies beside the project; it is not the project's own, and need not be there."""

_SECTION = re.compile(r"^(#+) (?::\w+: )?(.+)$")
_SHOWN = re.compile(r"^\s*(?:- |\d+\. |\|)[^|]*\*\*")
"""A point of a list or a row of a table that begins with a word in bold."""
_RULES = re.compile(r"[\W_]*")


@pytest.fixture(scope="module")
def sections() -> dict[str, list[str]]:
    """What each section without sections of its own shows: lines of code but for comments, points and rows in bold."""
    found = next((path for parent in TESTS.parents if (path := parent / SPECIFICATION).is_file()), None)
    if found is None:
        pytest.skip(f"the specification ({SPECIFICATION}) is not beside the project")
    return dict(_sections(found.read_text(encoding="utf-8").splitlines()))


def _sections(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    heads = [(number, head) for number, head in _heads(lines) if len(head[1]) > 1]
    ends = [number for number, _ in heads[1:]] + [len(lines)]
    for (start, head), end, following in zip(heads, ends, [*heads[1:], None], strict=True):
        has_sections = following is not None and len(following[1][1]) > len(head[1])
        if not has_sections:
            yield head[2].strip(), list(_shown(lines[start + 1 : end]))


def _heads(lines: list[str]) -> Iterator[tuple[int, re.Match[str]]]:
    in_code = False
    for number, line in enumerate(lines):
        in_code ^= line.startswith("```")
        if not in_code and (head := _SECTION.match(line)):
            yield number, head


def _shown(lines: list[str]) -> Iterator[str]:
    in_code = False
    for line in lines:
        if line.startswith("```"):
            in_code = not in_code
        elif in_code:
            if not _RULES.fullmatch(line) and not line.lstrip().startswith("#"):
                yield line.strip()
        elif _SHOWN.match(line):
            yield line.strip()


def test_every_section_has_entries(sections: dict[str, list[str]]) -> None:
    """And no entry is of a section that is not there."""
    assert sorted({entry.section for entry in TABLE}) == sorted(sections)


def test_every_example_is_claimed(sections: dict[str, list[str]]) -> None:
    """A log line, a field, a variable, a number, a row: some entry of its section says which tests show it."""
    unclaimed = [
        f"{section}: {line}"
        for section, lines in sections.items()
        for line in lines
        if not any(claim in line for claim in _claims(section))
    ]
    assert unclaimed == []


def test_every_claim_is_of_something_that_is_there(sections: dict[str, list[str]]) -> None:
    """An entry claims nothing that the specification does not show."""
    idle = [
        f"{section}: {claim}"
        for section, lines in sections.items()
        for claim in _claims(section)
        if not any(claim in line for line in lines)
    ]
    assert idle == []


@pytest.mark.parametrize("entry", TABLE, ids=lambda entry: f"{entry.section}: {entry.sentence[:50]}")
def test_every_test_of_the_table_is_there(entry: Entry) -> None:
    """Each node id names a test function, and no sentence is without one."""
    nodes = [node.partition("::") for node in entry.tests]
    assert nodes
    assert [f"{file}::{name}" for file, _, name in nodes if name not in _functions(TESTS / file)] == []


def _claims(section: str) -> list[str]:
    return [claim for entry in TABLE if entry.section == section for claim in entry.claims]


@cache
def _functions(path: Path) -> frozenset[str]:
    """Return the names of the functions of a module."""
    if not path.is_file():
        return frozenset()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(each.name for each in tree.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef))
