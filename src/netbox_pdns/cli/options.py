"""Options that several commands have."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

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
