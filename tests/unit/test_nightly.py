"""When the backup of the night is due, and which nights are kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from forum.backup.nightly import ZONE, _last, is_due, made, name_of, outlived


def _athens(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=ZONE).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "last", "expected"),
    [
        ("2026-11-26 02:59", "2026-11-25 03:00", False),
        ("2026-11-26 03:00", "2026-11-25 03:00", True),
        ("2026-11-26 03:01", "2026-11-26 03:00", False),
        ("2026-11-26 23:59", "2026-11-26 03:00", False),
        ("2026-11-26 14:00", "2026-11-26 02:59", True),  # the night was missed: the machine was off
        ("2026-11-26 01:00", "2026-11-20 12:00", True),
        ("2026-11-26 14:00", "2026-11-26 09:00", False),  # a forum that began this morning
    ],
)
def test_it_is_due_once_a_night_and_a_missed_one_is_made_up_for(now: str, last: str, expected: bool) -> None:
    assert is_due(_athens(now), _athens(last)) is expected


@pytest.mark.parametrize("zone", ["Europe/Athens", "Asia/Nicosia", "Europe/Brussels", "Atlantic/Azores", "UTC"])
def test_the_nights_on_which_clocks_change_have_one_each(zone: str) -> None:
    """Looked at every ten minutes for a year, in which there is an hour twice and another not at all."""
    local = ZoneInfo(zone)
    now = last = datetime(2026, 1, 1, 12, tzinfo=UTC)
    days = []
    while now < datetime(2027, 1, 1, 12, tzinfo=UTC):
        if is_due(now, last, local):
            last = now
            days.append(now.astimezone(local).date())
        now += timedelta(minutes=10)
    assert len(days) == 365
    assert len(set(days)) == 365


def test_a_backup_is_known_by_its_name_alone(tmp_path: Path) -> None:
    at = datetime(2026, 11, 26, 1, 0, 5, tzinfo=UTC)
    for name in (
        name_of(at, is_sealed=False),
        name_of(at, is_sealed=True),
        "koinon.tar.gz",
        "koinon-1.tar.gz",
        ".lock",
    ):
        (tmp_path / name).touch()
    assert made(tmp_path) == {
        tmp_path / "koinon-20261126T010005Z.tar.gz": at,
        tmp_path / "koinon-20261126T010005Z.tar.gz.age": at,
    }
    assert made(tmp_path / "absent") == {}


def test_one_of_a_wrong_clock_keeps_nobody_from_the_next(tmp_path: Path) -> None:
    since = datetime(2020, 1, 1, tzinfo=UTC)
    assert _last(tmp_path, since) == since
    for year in (2024, 2099):
        (tmp_path / name_of(datetime(year, 1, 1, tzinfo=UTC), is_sealed=False)).touch()
    assert _last(tmp_path, since) == datetime(2024, 1, 1, tzinfo=UTC)


def test_as_many_nights_are_kept_as_are_asked_for() -> None:
    nights = {Path(f"{day}"): _athens(f"2026-11-{day} 03:00") for day in range(10, 20)}
    by_hand = {Path("by hand"): _athens("2026-11-19 12:00"), Path("late"): _athens("2026-11-18 23:59")}
    assert outlived(nights | by_hand, 3) == [Path(f"{day}") for day in range(10, 17)]
    assert outlived(nights, 10) == []
    # A week without any: what there is stays, however old.
    assert outlived({Path("old"): _athens("2020-01-01 03:00")}, 1) == []
