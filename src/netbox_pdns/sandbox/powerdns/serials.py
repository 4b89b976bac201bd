"""SOA serials: what a change stores (SOA-EDIT-API) and what is served (SOA-EDIT).

https://doc.powerdns.com/authoritative/dnssec/operational.html#soa-edit-ensure-signature-freshness-on-secondaries
"""

from __future__ import annotations

import time

_MODULUS = 2**32
_DAY, _WEEK = 86_400, 604_800


def stored_serial(serial: int, rule: str, edit: str, now: int) -> int:
    """Return the serial that a change stores for one that was sent, by SOA-EDIT-API *rule* and SOA-EDIT *edit*."""
    match rule.upper():
        case "DEFAULT":
            return _after(serial, _first_of(now))
        case "INCREASE":
            return _next(serial)
        case "EPOCH":
            return now
        case "SOA-EDIT":
            return served_serial(serial, edit, now)
        case "SOA-EDIT-INCREASE":
            # An inception in seconds is replaced by the clock here, as in PowerDNS.
            return _after(serial, served_serial(serial, edit.upper().replace("INCEPTION-EPOCH", "EPOCH"), now))
    return serial


def served_serial(serial: int, edit: str, now: int) -> int:
    """Return the serial that secondaries see of a stored one. Weeks begin on Thursdays, as signatures do."""
    inception = now - now % _WEEK
    match edit.upper():
        case "INCREMENT-WEEKS":
            return (serial + now // _WEEK) % _MODULUS
        case "INCEPTION-EPOCH":
            return max(serial, inception)
        case "EPOCH":
            return now
        case "INCEPTION-INCREMENT":
            return _incepted(serial, inception)
    return serial


def _incepted(serial: int, inception: int) -> int:
    first, last = _first_of(inception), _first_of(inception + 2 * _DAY) + 98
    if serial < first - 1:
        return first
    if serial <= first:
        return first + 1
    return _next(serial) if serial <= last else serial


def _first_of(moment: int) -> int:
    """Return the first serial of a day, YYYYMMDD01."""
    return int(time.strftime("%Y%m%d", time.localtime(moment))) * 100 + 1


def _after(serial: int, least: int) -> int:
    return least if serial < least else _next(serial)


def _next(serial: int) -> int:
    return (serial + 1) % _MODULUS
