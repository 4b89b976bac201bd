"""SOA serials: unsigned 32-bit numbers on a circle (RFC 1982)."""

from __future__ import annotations

MODULUS = 2**32
HALF = 2**31


def serial_gt(a: int, b: int) -> bool:
    """Tell whether SOA serial *a* is newer than *b* (RFC 1982, section 3.2).

    Both are unsigned 32-bit. Serials half the circle apart have no order: the answer is False both ways.
    """
    return 0 < (a - b) % MODULUS < HALF


def serial_add(serial: int, steps: int = 1) -> int:
    """Return the serial *steps* after *serial* (RFC 1982, section 3.1); *steps* is 0 to 2**31 - 1."""
    if not 0 <= steps < HALF:
        raise ValueError(f"a serial can be moved by 0 to {HALF - 1} steps at once, not by {steps}")
    return (serial + steps) % MODULUS
