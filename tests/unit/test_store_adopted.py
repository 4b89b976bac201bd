"""What is remembered of the SOAs with which zones were adopted."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from planning_text import ZONE, zone

from netbox_pdns.errors import ConfigurationError
from netbox_pdns.planning.values import SoaPair
from netbox_pdns.store.adopted import Adopted


def soas(wanted: int, there: int) -> SoaPair:
    """Return the SOAs of two serials."""
    ours, theirs = zone("", wanted).soa, zone("", there).soa
    assert ours is not None
    assert theirs is not None
    return SoaPair(ours, theirs)


def note(directory: Path, target: str, pair: SoaPair) -> None:
    async def run() -> None:
        await (await Adopted.load(directory)).note(target, ZONE, pair)

    asyncio.run(run())


def known(directory: Path, target: str = "one") -> SoaPair | None:
    return asyncio.run(Adopted.load(directory)).of(target, ZONE)


def test_an_adoption_is_known_to_the_next_run(tmp_path: Path) -> None:
    """By target: another one has the zone with an SOA of its own."""
    note(tmp_path / "data", "one", soas(8, 7))
    note(tmp_path / "data", "two", soas(8, 6))
    assert [known(tmp_path / "data", target) for target in ("one", "two", "three")] == [soas(8, 7), soas(8, 6), None]


def test_the_last_adoption_counts(tmp_path: Path) -> None:
    """A zone can be adopted again, after it was taken away."""
    note(tmp_path, "one", soas(8, 7))
    note(tmp_path, "one", soas(9, 7))
    note(tmp_path, "one", soas(9, 7))
    assert known(tmp_path) == soas(9, 7)
    assert len((tmp_path / "adopted.jsonl").read_text().splitlines()) == 2


@pytest.mark.parametrize("left", [1, 40])
def test_a_line_that_is_cut_off_costs_itself_alone(tmp_path: Path, left: int) -> None:
    """What comes after it begins a new line."""
    note(tmp_path, "one", soas(8, 7))
    path = tmp_path / "adopted.jsonl"
    path.write_bytes(path.read_bytes()[:left])
    assert known(tmp_path) is None
    note(tmp_path, "two", soas(8, 7))
    assert (known(tmp_path), known(tmp_path, "two")) == (None, soas(8, 7))


def test_a_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """Then nothing is adopted: the next sync would change what is served."""

    async def run() -> None:
        adopted = await Adopted.load(tmp_path / "data")
        (tmp_path / "data").write_text("a file")
        await adopted.note("one", ZONE, soas(8, 7))

    with pytest.raises(ConfigurationError, match=r"adopted\.jsonl cannot be written") as caught:
        asyncio.run(run())
    assert caught.value.setting == "NETBOX_PDNS_DATA_DIR"
