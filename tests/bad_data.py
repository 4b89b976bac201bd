"""Records as NetBox may hold them, by the thousand: what it accepts, and what an import or a migration could have left."""

from __future__ import annotations

import fidelity
from hypothesis import strategies as st

from netbox_pdns.netbox.wire import RecordRow

ZONE = "example.com."
TYPES = sorted(
    {row.type for row in fidelity.ROWS} | {"A", "AAAA", "NS", "SOA", "ANY", "OPT", "TYPE65280", "TYPE99999", "x", ""}
)

_NAMES = st.one_of(
    st.sampled_from(
        ["@", "www", "*", "a.b", "_sip._tcp", "WWW", "x" * 63, "x" * 64, "a..b", "-", "ü", "a b", "a\\.b", "\\000"]
    ),
    st.text(max_size=12),
    st.text('abc.*_-\\"@;() 019', max_size=20),
)
_NUMBERS = st.one_of(st.integers(0, 70_000).map(str), st.sampled_from(["-1", "4294967296", "1e5", "0x10", "٣", ""]))
_ATOMS = st.one_of(
    _NUMBERS,
    _NAMES,
    st.sampled_from(
        ["192.0.2.1", "192.0.2.300", "2001:db8::1", "::ffff:192.0.2.1", "fe80::1%eth0",
         "ab" * 20, "YWJj", "(", ")", '"', '"x"',
         "\\#", "\\# 4 c0000201", "\\# 4 c00002", "\\# -1", "\\# 99999999999", "; comment", "\n", "\t", "\x00", "http://x",
         "20260101000000", "99999999999999", "N", "W", "10m", "1:2:3", "alpn=h2", "port=x", "key65535=", "ipv4hint=auto"]
    ),
)  # fmt: skip
VALUES = st.one_of(
    st.lists(_ATOMS, max_size=9).map(" ".join),
    st.text(max_size=40),
    st.text(st.characters(codec="ascii"), max_size=300),
)
_TTLS = st.one_of(st.none(), st.integers(0, 2**31 - 1), st.sampled_from([-1, 2**31, 2**32, 2**63 - 1, -(2**63)]))


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, str]:
    """Draw a type with a value of the fidelity table, as it is or damaged a little."""
    row = draw(st.sampled_from(fidelity.ROWS))
    value = row.value
    for _ in range(draw(st.sampled_from([0, 0, 0, 0, 1, 1, 2, 3]))):
        at = draw(st.integers(0, len(value)))
        width = draw(st.integers(0, 4))
        value = value[:at] + draw(st.one_of(st.just(""), _ATOMS, st.text(max_size=3))) + value[at + width :]
    type = row.type if draw(st.integers(0, 9)) else draw(st.sampled_from(TYPES))
    return type, value


@st.composite
def records(draw: st.DrawFn, *, most: int = 8) -> list[RecordRow]:
    """Draw some records of a zone."""
    found = []
    for number in range(draw(st.integers(1, most))):
        strange = draw(st.sampled_from([False] * 5 + [True]))
        type, value = draw(st.tuples(st.sampled_from(TYPES), VALUES) if strange else mutated())
        ttl = draw(_TTLS) if draw(st.sampled_from([False, False, True])) else None
        found.append(RecordRow(number + 1, "", draw(_owners(number)), type, value, ttl))
    return found


def _owners(number: int) -> st.SearchStrategy[str | None]:
    own = st.just(f"h{number}.{ZONE}")
    shared = st.sampled_from(
        [f"www.{ZONE}", ZONE, f"WWW.{ZONE}", f"a.www.{ZONE}", f"*.{ZONE}", f"ABOVE.h0.{ZONE}".upper()]
    )
    strange = _NAMES.flatmap(lambda name: st.sampled_from([f"{name}.{ZONE}", f"{name}.{ZONE}".upper(), name, "", None]))
    return st.sampled_from([own, own, own, own, own, shared, strange]).flatmap(lambda owners: owners)
