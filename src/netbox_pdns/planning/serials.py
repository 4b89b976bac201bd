"""Which serial a zone gets, so that what secondaries see always grows (RFC 1982).

NetBox's own serial is taken wherever it is greater than the one that is served. Where it is not (two edits in one second,
a serial that was set back, `soa_serial_auto` off) the one after the served is taken.
"""

from __future__ import annotations

from netbox_pdns.dns.serial import serial_add, serial_gt
from netbox_pdns.planning.values import SerialStep


def next_serial(desired: int | None, served: int | None) -> SerialStep:
    """Return the step to a serial that is greater than *served*: *desired* where it is, else the one after *served*.

    *served* is None for a zone that nobody has seen yet. A zone without any serial starts at 1.
    """
    if served is None:
        final = desired or 1
        return SerialStep(observed=None, first=final, final=final)
    first = _after(served)
    final = desired if desired and serial_gt(desired, served) else first
    return SerialStep(observed=served, first=first, final=final)


def batch_serials(step: SerialStep, count: int) -> tuple[int, ...]:
    """Return *count* serials, each greater than the one before and all greater than `step.observed`.

    A new zone, which nobody has seen and which is not served until it is whole, has one serial throughout.
    The last is `step.final` where there is room for the others before it. Where there is not (NetBox's serial is the very
    next one and several batches are needed) it is the smallest that leaves room, ahead of NetBox's.
    """
    if step.observed is None:
        return (step.final,) * count
    serials: list[int] = []
    last = step.observed
    for _ in range(count):
        last = _after(last)
        serials.append(last)
    if serial_gt(step.final, serials[-1]):
        serials[-1] = step.final
    return tuple(serials)


def _after(serial: int) -> int:
    """Return the serial after *serial*; 0 is passed over, since lists show it for "no serial"."""
    return serial_add(serial) or 1
