"""What is never printed: secrets, and characters that steer a terminal. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

MASK = "********"
SHORTEST_SECRET = 8
"""Shorter secrets would mask ordinary words; a part of a secret that was cut off counts from as many characters."""


class Secrets:
    """The secrets in force; those of before stay among them, since a server may still repeat one."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._all = dict.fromkeys(secrets)

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def learn(self, secrets: Iterable[str]) -> None:
        """Add *secrets*, which are in force from now on."""
        self._all = {**self._all, **dict.fromkeys(secrets)}

    def clean(self, data: Any) -> Any:
        """Return plain *data* without any of them."""
        return redacted_data(data, self._all)


def printable(text: str) -> str:
    """Return *text* with control characters written out: data of others must not steer the terminal."""
    if text.replace("\n", "").isprintable():  # nearly all is, and long pages are told so at once
        return text
    return "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text)


def redacted(text: str, secrets: Iterable[str]) -> str:
    """Return *text* without *secrets*, in case a server repeats one; one that was cut off with `…` goes, too."""
    for secret in secrets:
        if len(secret) < SHORTEST_SECRET:
            continue
        text = text.replace(secret, MASK)
        if "…" in text:
            for length in range(len(secret) - 1, SHORTEST_SECRET - 1, -1):
                text = text.replace(f"{secret[:length]}…", f"{MASK}…")
    return text


def redacted_data(data: Any, secrets: Iterable[str]) -> Any:
    """Return plain *data* with every text in it `redacted`."""
    secrets = tuple(secrets)
    match data:
        case str():
            return redacted(data, secrets)
        case dict():
            return {key: redacted_data(value, secrets) for key, value in data.items()}
        case list() | tuple():
            return [redacted_data(value, secrets) for value in data]
        case _:
            return data
