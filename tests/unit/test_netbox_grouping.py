"""Which zones are read together."""

from __future__ import annotations

import pytest

from netbox_pdns.netbox.client import PAGE_SIZE
from netbox_pdns.netbox.grouping import MOST_ZONES, Groups
from netbox_pdns.planning.values import ZoneRef


def refs(count: int, view: str = "v") -> list[ZoneRef]:
    """Return zones of a view."""
    return [ZoneRef(number, f"z{number}.example.", view, "") for number in range(count)]


def sizes(groups: Groups, records_a_zone: int) -> list[int]:
    """Take all groups, each zone of which has so many records, and return how many zones each had."""
    found = []
    while groups:
        found.append(len(groups.take()))
        groups.note([records_a_zone] * found[-1])
    return found


@pytest.mark.parametrize("records_a_zone", [1, 4, 20, 100, 800, 5_000])
def test_groups_come_to_fill_a_page(records_a_zone: int) -> None:
    """However large the zones are, the groups soon hold as many as a page takes, one at least."""
    late = sizes(Groups(refs(5_000)), records_a_zone)[10:-1]
    fitting = max(1, min(MOST_ZONES, PAGE_SIZE // records_a_zone))
    assert all(0.8 * fitting <= size <= fitting for size in late)


def test_every_zone_comes_once_whatever_was_halved() -> None:
    """A group that is put back comes again in two halves, and nothing else of it."""
    groups, taken = Groups(refs(100)), []
    first = groups.take()
    groups.halve(first)
    while groups:
        taken.append(groups.take())
    assert taken[0] + taken[1] == first
    assert abs(len(taken[0]) - len(taken[1])) <= 1
    assert sorted(ref.id for group in taken for ref in group) == list(range(100))


def test_a_group_has_zones_of_one_view() -> None:
    """Two views may have the same name, and a record tells its zone by the name alone."""
    groups = Groups([*refs(30, "one"), *refs(30, "two")])
    while groups:
        assert len({ref.view for ref in groups.take()}) == 1


def test_the_order_is_the_same_at_every_run_and_not_by_name() -> None:
    """Large zones that stand together by name are spread, so that they are not all read at the end."""
    order = [ref.name for ref in Groups(refs(20)).take()]
    assert order == [ref.name for ref in Groups(reversed(refs(20))).take()]
    assert order != sorted(order)
