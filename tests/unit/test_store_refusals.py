"""What is remembered of refused records between two runs."""

import asyncio
from pathlib import Path

import pytest

from netbox_pdns.store.refusals import Refusals

HOUR = 3600.0
DAY = 24 * HOUR
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
        pytest.param(None, DAY - 1, True, id="within-a-day"),
        pytest.param(None, DAY, False, id="after-a-day"),
        pytest.param(DAY / 2, DAY, True, id="a-day-after-it-was-refused-last"),
    ],
)
def test_a_refusal_is_told_for_a_day(tmp_path: Path, again: float | None, later: float, known: bool) -> None:
    """Where no sync runs any more, nothing is known of the record."""
    remember(tmp_path, "no", now=0)
    if again is not None:
        remember(tmp_path, "no", now=again)
    assert (remembered(tmp_path, now=later) == {RECORD: "no"}) is known


@pytest.mark.parametrize(("later", "known"), [(HOUR - 1, True), (HOUR, False)])
def test_a_refusal_is_believed_for_an_hour(tmp_path: Path, later: float, known: bool) -> None:
    """Then a sync is to ask the server again."""
    remember(tmp_path, "no", now=0)
    refusals = asyncio.run(Refusals.load(tmp_path, later))
    assert (refusals.believed("default", "example.com.", later) == {RECORD: "no"}) is known


def test_what_is_not_refused_any_more_is_forgotten(tmp_path: Path) -> None:
    """Only the others of the zone are kept."""
    remember(tmp_path, "no", now=0)
    refusals = asyncio.run(Refusals.load(tmp_path, 0))
    other = ("mail.example.com.", "A", "192.0.2.1")
    refusals.note("default", "example.com.", {other: "no"}, 0)
    refusals.keep("default", "example.com.", {other: "no"})
    assert refusals.of("default", "example.com.") == {other: "no"}


def test_a_damaged_file_is_as_good_as_none(tmp_path: Path) -> None:
    """Losing the memory costs a request, so nothing stops for it."""
    (tmp_path / "refused.json").write_bytes(b"[{")
    assert remembered(tmp_path, now=0) == {}


def test_the_data_directory_is_made_where_it_is_missing(tmp_path: Path) -> None:
    """The first run of all may be the first to write there."""
    remember(tmp_path / "new" / "data", "no", now=0)
    assert remembered(tmp_path / "new" / "data", now=1) == {RECORD: "no"}


def test_saves_at_once_come_one_after_another(tmp_path: Path) -> None:
    """The ends of several zones are runs of their own: none of them fails for want of another's file."""

    async def run() -> None:
        refusals = await Refusals.load(tmp_path, 0)
        refusals.note("default", "example.com.", {RECORD: "no"}, 0)
        async with asyncio.TaskGroup() as group:
            for _ in range(100):
                group.create_task(refusals.save())

    asyncio.run(run())
    assert remembered(tmp_path, now=1) == {RECORD: "no"}
