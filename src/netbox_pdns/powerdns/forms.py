"""How a release of PowerDNS wants content to be sent, and how it names it in a refusal.

Up to 5.0 both are its own print (`netbox_pdns.powerdns.content.sent`). From 5.1 on the API takes one level of master-file
escapes (RFC 1035, section 5.1) off the content of every type that it knows, before it compares the content with its own
print: what is sent to it must be escaped once more, or a backslash would get lost. It also knows more types and parameters.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from netbox_pdns.powerdns.content import sent

Written = tuple[str, str]
"""Type and content."""


@dataclass(frozen=True, slots=True)
class Form:
    """Two functions from type and canonical rdata: to what is sent, and to what a refusal says instead."""

    sent: Callable[[str, str], Written]
    named: Callable[[str, str], Written]


_KNOWN_SINCE_51 = frozenset({"BRID", "HHIT", "RESINFO", "WALLET"})
"""Types that came to have a text of their own, which is dnspython's."""
_QUOTED = re.compile(r'(?:^|(?<=[ =]))"(?:[^"\\]|\\.)*"(?= |$)')
"""A character-string. A quotation mark that is part of a name does not stand at both ends of a word."""
_NOWHERE = re.compile(r"(?:^|(?<=[NS] ))0 0 0\.000 [SW]")
"""A latitude or longitude of exactly 0, whose side is another in 5.1."""
_SPECIAL = re.compile(r'[\\"();]')


def _printed_since_51(type: str, rdata: str) -> Written:
    if type in _KNOWN_SINCE_51 and not rdata.startswith("\\#"):
        return type, rdata
    sent_type, content = sent(type, rdata)
    if sent_type.startswith("TYPE"):
        return sent_type, content.rstrip(" ")  # without octets no space follows their number
    if type == "LOC":
        return type, _NOWHERE.sub(lambda match: match[0][:-1] + {"S": "N", "W": "E"}[match[0][-1]], content)
    if type in {"SVCB", "HTTPS"}:
        return type, content.replace(" key7=", " dohpath=").replace(' key8=""', " ohttp")
    return type, content


def _sent_since_51(type: str, rdata: str) -> Written:
    printed_type, content = _printed_since_51(type, rdata)
    return printed_type, content if printed_type.startswith("TYPE") else _escaped_again(content)


def _escaped_again(content: str) -> str:
    """Return *content* so that it is what is left of it when its escapes are taken off."""
    parts, end = [], 0
    for string in _QUOTED.finditer(content):
        parts.append(_SPECIAL.sub(r"\\\g<0>", content[end : string.start()]))
        inner = string[0][1:-1].replace("\\", "\\\\").replace('"', '\\"')
        parts.append(f'"{inner}"')
        end = string.end()
    return "".join([*parts, _SPECIAL.sub(r"\\\g<0>", content[end:])])


UP_TO_50 = Form(sent, sent)
SINCE_51 = Form(_sent_since_51, _printed_since_51)
