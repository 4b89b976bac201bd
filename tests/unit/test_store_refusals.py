"""What is remembered of refused records between two runs."""

import asyncio
from pathlib import Path

import pytest

from netbox_pdns.store.refusals import REMEMBERED, Refusals

RECORD = ("www.example.com.", "TXT", '"a"')


def remembered(directory: Path, now: float) -> dict[tuple[str, str, str], str]:
    return asyncio.run(Refusals.load(directory, now)).of("default", "example.com.")


def remember(directory: Path, reason: str, now: float) -> None:
    async def run() -> None:
        refusals = await Refusals.load(directory, now)
        refusals.note("default", "example.com.", {RECORD: reason}, now)
        await refusals.save()

    asyncio.run(run())


def test_a_refusal_is_known_to_the_next_run(tmp_path: Path) -> None:
    """What a server refused is not sent again by the next run."""
    remember(tmp_path, "no", now=1000)
    assert remembered(tmp_path, now=1001) == {RECORD: "no"}


@pytest.mark.parametrize(
    ("again", "later", "known"),
    [
        pytest.param(None, REMEMBERED - 1, True, id="within-a-day"),
        pytest.param(None, REMEMBERED, False, id="after-a-day-it-is-tried-again"),
        pytest.param(REMEMBERED / 2, REMEMBERED, False, id="a-run-in-between-does-not-prolong-it"),
    ],
)
def test_a_refusal_lasts_a_day(tmp_path: Path, again: float | None, later: float, known: bool) -> None:
    """An unchanged record is tried again after a day, however many runs there were."""
    remember(tmp_path, "no", now=0)
    if again is not None:
        remember(tmp_path, "still no", now=again)
    assert (remembered(tmp_path, now=later) == {RECORD: "no"}) is known


def test_a_damaged_file_is_as_good_as_none(tmp_path: Path) -> None:
    """Losing the memory costs a request, so nothing stops for it."""
    (tmp_path / "refused.json").write_bytes(b"[{")
    assert remembered(tmp_path, now=0) == {}


def test_the_data_directory_is_made_where_it_is_missing(tmp_path: Path) -> None:
    """The first run of all may be the first to write there."""
    remember(tmp_path / "new" / "data", "no", now=0)
    assert remembered(tmp_path / "new" / "data", now=1) == {RECORD: "no"}
