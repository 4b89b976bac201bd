"""How changes are cut into requests, and which serials those carry."""

from __future__ import annotations

import pytest
from planning_text import zone

from netbox_pdns.planning.batches import batches
from netbox_pdns.planning.diff import diff
from netbox_pdns.planning.serials import batch_serials, next_serial
from netbox_pdns.planning.values import Change


def shown(change: Change) -> str:
    """Return a change as its sign, first label and type."""
    sign = "+" if change.before is None else "-" if change.after is None else "~"
    return f"{sign}{change.key[0].split('.')[0]} {change.key[1]}"


def size(change: Change) -> int:
    """Return 10 for each change, 100 for one of a TXT RRset."""
    return 100 if change.key[1] == "TXT" else 10


@pytest.mark.parametrize(
    ("wanted", "there", "limit", "cut"),
    [
        pytest.param("", "", 10, [], id="nothing"),
        pytest.param("a 1 A 192.0.2.1\nb 1 A 192.0.2.1", "", 20, [["+a A", "+b A"]], id="what-fits-goes-together"),
        pytest.param("a 1 A 192.0.2.1\nb 1 A 192.0.2.1", "", 19, [["+a A"], ["+b A"]], id="one-octet-too-many"),
        pytest.param(
            'a 1 A 192.0.2.1\nb 1 TXT "x"\nc 1 A 192.0.2.1', "", 20, [["+a A"], ["+b TXT"], ["+c A"]], id="a-large-one"
        ),
        pytest.param("a 1 CNAME x.", "a 1 A 192.0.2.1", 10, [["-a A", "+a CNAME"]], id="a-cname-takes-a-name"),
        pytest.param("a 1 A 192.0.2.1", "a 1 CNAME x.", 10, [["-a CNAME", "+a A"]], id="a-cname-leaves-a-name"),
        pytest.param(
            "@ 1 NS ns2.example.com.\nns2 1 A 192.0.2.2",
            "@ 1 NS ns1.example.com.\nns1 1 A 192.0.2.1",
            10,
            [["+ns2 A"], ["~example NS"], ["-ns1 A"]],
            id="a-nameserver-never-lacks-its-address",
        ),
    ],
)
def test_batches(wanted: str, there: str, limit: int, cut: list[list[str]]) -> None:
    """Batches hold what fits, never part what belongs together, and remove last over all and first within each."""
    assert [
        [shown(change) for change in batch] for batch in batches(diff(zone(wanted), zone(there)), size, limit)
    ] == cut


@pytest.mark.parametrize(
    ("wanted", "served", "count", "serials"),
    [
        pytest.param(9, 5, 1, (9,), id="netbox-own"),
        pytest.param(9, 5, 3, (6, 7, 9), id="netbox-own-comes-last"),
        pytest.param(6, 5, 3, (6, 7, 8), id="no-room-before-netbox-own"),
        pytest.param(5, 5, 2, (6, 7), id="two-edits-in-a-second"),
        pytest.param(3, 5, 1, (6,), id="set-back"),
        pytest.param(None, 5, 1, (6,), id="netbox-tells-none"),
        pytest.param(1, 2**32 - 2, 2, (2**32 - 1, 1), id="over-the-end-of-the-circle"),
        pytest.param(5, 2**32 - 1, 3, (1, 2, 5), id="never-0"),
        pytest.param(5 + 2**31, 5, 1, (6,), id="half-the-circle-away-is-no-order"),
        pytest.param(7, None, 3, (7, 7, 7), id="a-new-zone"),
        pytest.param(0, None, 1, (1,), id="a-new-zone-without-a-serial"),
    ],
)
def test_serials(wanted: int | None, served: int | None, count: int, serials: tuple[int, ...]) -> None:
    """The last batch has NetBox's serial where that is greater than all before it (RFC 1982)."""
    assert batch_serials(next_serial(wanted, served), count) == serials


def test_a_batch_is_cut_smaller() -> None:
    """What belongs together stays so when a batch, which has its removals first, is cut once more."""
    there, wanted = "a 1 A 192.0.2.1\nb 1 A 192.0.2.1", "a 1 CNAME x.\nb 1 CNAME x."
    (batch,) = batches(diff(zone(wanted), zone(there)), size, 100)
    assert [shown(change) for change in batch] == ["-a A", "-b A", "+a CNAME", "+b CNAME"]
    smaller = [[shown(change) for change in part] for part in batches(batch, size, 20)]
    assert smaller == [["-a A", "+a CNAME"], ["-b A", "+b CNAME"]]
