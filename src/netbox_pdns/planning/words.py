"""Numbers in sentences that operators read: number agrees."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """Return `1 zone`, `2 zones`: *number* with a *noun* whose plural ends with s."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def goes(number: int) -> str:
    """Return how many go without a word: `1 goes`, `3 go`."""
    return f"{number} {'goes' if number == 1 else 'go'} without a word"
