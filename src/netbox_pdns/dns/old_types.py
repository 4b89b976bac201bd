"""Record types that dnspython has no class for and that zones still hold: rdata of one or two names.

Registered with dnspython when this module is imported, so that their text can be read and their names compared without
case. ALIAS is PowerDNS's own (65401); NetBox can hold it as one of the `custom_record_types`.
"""

from __future__ import annotations

from typing import Any

import dns.immutable
import dns.name
import dns.rdata
import dns.rdatatype
import dns.tokenizer
import dns.wire
from dns.rdtypes.nsbase import NSBase


@dns.immutable.immutable
class OneName(NSBase):
    """Rdata that is one domain name: MD, MF (RFC 973), MB, MG, MR (RFC 1035, section 3.3) and ALIAS."""


@dns.immutable.immutable
class TwoMailboxes(dns.rdata.Rdata):
    """MINFO: who answers for a mailing list, and who gets its errors (RFC 1035, section 3.3.7)."""

    __slots__ = ["emailbx", "rmailbx"]

    def __init__(self, rdclass: Any, rdtype: Any, rmailbx: Any, emailbx: Any) -> None:
        super().__init__(rdclass, rdtype)
        self.rmailbx: dns.name.Name = self._as_name(rmailbx)  # type: ignore[no-untyped-call]  # dnspython leaves it untyped
        self.emailbx: dns.name.Name = self._as_name(emailbx)  # type: ignore[no-untyped-call]  # as above

    def to_styled_text(self, style: dns.rdata.RdataStyle) -> str:
        """Return the master-file form."""
        return f"{self.rmailbx.to_styled_text(style)} {self.emailbx.to_styled_text(style)}"

    @classmethod
    def from_text(
        cls,
        rdclass: Any,
        rdtype: Any,
        tok: dns.tokenizer.Tokenizer,
        origin: dns.name.Name | None = None,
        relativize: bool = True,
        relativize_to: dns.name.Name | None = None,
    ) -> TwoMailboxes:
        """Read the master-file form."""
        names = [tok.get_name(origin, relativize, relativize_to) for _ in range(2)]
        return cls(rdclass, rdtype, *names)

    def _to_wire(self, file: Any, compress: Any = None, origin: Any = None, canonicalize: bool = False) -> None:
        self.rmailbx.to_wire(file, compress, origin, canonicalize)
        self.emailbx.to_wire(file, compress, origin, canonicalize)

    @classmethod
    def from_wire_parser(
        cls, rdclass: Any, rdtype: Any, parser: dns.wire.Parser, origin: dns.name.Name | None = None
    ) -> TwoMailboxes:
        """Read the wire form."""
        return cls(rdclass, rdtype, parser.get_name(origin), parser.get_name(origin))


_CLASSES: dict[str, tuple[int, type[dns.rdata.Rdata]]] = {
    "MD": (3, OneName),
    "MF": (4, OneName),
    "MB": (7, OneName),
    "MG": (8, OneName),
    "MR": (9, OneName),
    "MINFO": (14, TwoMailboxes),
    "ALIAS": (65401, OneName),
}


def register() -> None:
    """Tell dnspython of these types; where it knows one by now, its own class stays."""
    for mnemonic, (number, implementation) in _CLASSES.items():
        # The mnemonic first: dnspython names a type by what is registered when its value is made.
        dns.rdatatype.register_type(dns.rdatatype.RdataType.make(number), mnemonic)
        try:
            dns.rdata.register_type(implementation, number, mnemonic)
        except dns.rdata.RdatatypeExists:
            continue
