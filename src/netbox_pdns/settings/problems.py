"""What is wrong with the settings: all of it at once, each with its name and the mend."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from netbox_pdns.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Problem:
    """One setting that is wrong. The message never holds a value: it may be a secret."""

    setting: str
    message: str
    hint: str


class SettingsError(ConfigurationError):
    """One or more settings are wrong; `problems` are all of them."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        first = problems[0]
        message = "\n".join(f"{problem.setting}: {problem.message}" for problem in problems)
        super().__init__(message, hint=first.hint, setting=first.setting)
        self.problems = tuple(problems)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the one of *known* that *name* is most like, None where none is like it."""
    return next(iter(difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)), None)


def unknown(setting: str, name: str, known: Sequence[str], prefix: str = "") -> Problem:
    """Return the problem of *setting*, whose *name* is none of *known* (shown behind *prefix*)."""
    like = nearest(name, known)
    hint = f"did you mean {prefix}{like}?" if like else "remove it; `netbox-pdns settings` lists all that there are"
    return Problem(setting, "there is no such setting", hint)


def invalid(error: ErrorDetails, setting: str) -> Problem:
    """Return what pydantic found as a problem of *setting*."""
    if error["type"] == "missing":
        return Problem(setting, "is not set", "set it in the environment, in .env or in the TOML file")
    message = error["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return Problem(setting, message[:1].lower() + message[1:], "correct it; `netbox-pdns settings` says what it means")


def details(error: ValidationError) -> Sequence[ErrorDetails]:
    """Return the single errors, without what was given."""
    return error.errors(include_url=False, include_input=False)
