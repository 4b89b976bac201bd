"""Options that several commands have."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

if TYPE_CHECKING:
    from netbox_pdns.planning.values import HoldReason

Zones: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--zone", metavar="PATTERN", help="Only zones that fit (*, ?); may be given several times."),
]
Json: TypeAlias = Annotated[bool, typer.Option("--json", metavar="", help="Print JSON, for machines.")]
Verbose: TypeAlias = Annotated[
    bool,
    typer.Option("--verbose", "-v", metavar="", help="Log every step, and print what caused an error."),
]
Adopt: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--adopt",
        metavar="ZONE",
        help="Make a foreign zone that NetBox has too ours (a pattern, or all); may be given several times.",
    ),
]
Force: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--force",
        metavar="REASON,…",
        help="Let through what is held for these reasons: unexplained, emptied, apex-ns, zones, keys, content, source, "
        "or all.",
    ),
]


def hold_reasons(given: Sequence[str]) -> frozenset[HoldReason]:
    """Return the reasons that `--force` was given, each one or several with commas; a wrong one is a usage error."""
    from netbox_pdns.planning.values import HoldReason

    words = [word.strip() for text in given for word in text.split(",") if word.strip()]
    known = [str(reason) for reason in HoldReason]
    all_words = f"the reasons are {', '.join(known)} and all"
    if given and not words:
        raise typer.BadParameter(f"names no reason; {all_words}", param_hint="--force")
    for word in words:
        if word not in {*known, "all"}:
            near = difflib.get_close_matches(word, [*known, "all"], n=1)
            like = f"did you mean {near[0]}? " if near else ""
            raise typer.BadParameter(f"{word!r} is no reason to hold; {like}{all_words}", param_hint="--force")
    return frozenset(HoldReason) if "all" in words else frozenset(map(HoldReason, words))
