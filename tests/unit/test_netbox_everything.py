"""All records at once: what they mean, by their zones, whatever the order in which pages come."""

from __future__ import annotations

import pytest

from netbox_pdns.netbox.everything import AllRecords
from netbox_pdns.netbox.rrsets import Meaning
from netbox_pdns.netbox.wire import RecordRow, ViewRow, ZoneRow
from netbox_pdns.planning.values import LeftOut

ZONES = [
    ZoneRow(number, name, ViewRow(1, "v"), "active", True, 60) for number, name in ((7, "A.example"), (8, "b.example."))
]
PAGES = [
    [RecordRow(1, "www", "www.a.example.", "A", "192.0.2.1", None), RecordRow(2, "@", "b.example.", "TXT", "x", 0)],
    [RecordRow(3, "WWW", "WWW.a.Example.", "A", "192.0.2.2", 5), RecordRow(4, "www", "www.b.example.", "A", "x", None)],
    [RecordRow(5, "www", "www.c.example.", "A", "192.0.2.1", None), RecordRow(6, "www", None, "A", "192.0.2.1", None)],
]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_records_are_by_their_zones_in_the_order_of_ids(order: tuple[int, ...]) -> None:
    """Those of zones that were not listed, and those whose names tell no zone, are named by their ids."""
    records = AllRecords("{id}")
    for page in order:
        records.take(PAGES[page])
    found, others = records.by_zone(ZONES)
    assert found[7] == [
        Meaning("www.a.example.", "A", "192.0.2.1", None, 1),
        Meaning("www.a.example.", "A", "192.0.2.2", 5, 3),
    ]
    text, left_out = found[8]
    assert text == Meaning("b.example.", "TXT", '"x"', 0, 2)
    assert isinstance(left_out, LeftOut)
    assert (left_out.zone, left_out.record_id) == ("b.example.", 4)
    assert sorted(others) == [5, 6]
