"""A machine's clock that jumps, goes back, passes the end of summer time and the year 2038: the forum goes on.

The forum and its database run under libfaketime (Debian's package faketime), which reads the time that it is from a
file; what counts seconds only forward is left alone, as it is by a real clock that is set.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final

import pytest

from forum.postgres import find_bindirs
from forum.postgres.programs import _copy_programs
from tests.drills.forum_process import ForumProcess, Person, forum

_WRITER: Final = "anna@larnaca.example"
_OTHER: Final = "nikos@larnaca.example"
_HOUR: Final = timedelta(hours=1)


class Clock:
    """The time that the forum and its database take it to be."""

    def __init__(self, folder: Path) -> None:
        (library,) = Path("/usr/lib").glob("*/faketime/libfaketime.so.1")
        self._file = folder / "clock"
        self.environment = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",  # else threads wait a hundred times as long for Python's lock
            "NO_FAKE_STAT": "1",
        }
        self.jump(timedelta())

    def jump(self, by: timedelta) -> None:
        """Be this much later than it is, or earlier."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{by.total_seconds():+.0f}\n")
        new.chmod(0o644)
        new.rename(self._file)

    def jump_to(self, moment: datetime) -> None:
        self.jump(moment - datetime.now(UTC))


@pytest.fixture
def clock(data_dir: Path) -> Clock:
    return Clock(data_dir.parent)


@pytest.fixture
def programs(data_dir: Path, clock: Clock) -> Path:
    """PostgreSQL's programs, of which the server believes the clock: nothing of our environment is handed on to it."""
    original = find_bindirs()[0].parent
    copied = data_dir.parent / "programs"
    _copy_programs(original, copied)
    server = copied / original.parent.name / original.name / "bin" / "postgres"
    server.rename(server.with_name("postgres.real"))
    exports = "\n".join(f"export {name}='{value}'" for name, value in clock.environment.items())
    server.write_text(f'#!/bin/sh\n{exports}\nexec "$(dirname "$0")/postgres.real" "$@"\n')
    server.chmod(0o755)
    return server.parent


async def _time_of(person: Person) -> datetime:
    async with person.http.get(f"{person.base}/healthz") as response:
        return parsedate_to_datetime(response.headers["Date"])


async def _texts(person: Person, topic: str) -> list[str]:
    status, page = await person.get(f"/topics/{topic}/proto")
    assert status == 200
    return re.findall(r"σημάδι-\d\d", page)


async def _write_next(person: Person, topic: str, written: list[str], number: int) -> None:
    """Reply, and see that the topic holds what was written in the order in which it was."""
    written.append(f"σημάδι-{number:02}")
    await person.get(f"/topics/{topic}/posts/new")
    status, _ = await person.submit(f"/topics/{topic}/posts", body=written[-1])
    assert status == 303, written
    assert await _texts(person, topic) == written


def _assert_all_is_well(process: ForumProcess) -> None:
    said = process.said()
    assert "Traceback" not in said
    assert " ERROR " not in said
    took = [float(found) for found in re.findall(r" ([-\d.]+) ms", said)]
    assert took, "the log says how long answers took"
    assert all(0 <= milliseconds < 60_000 for milliseconds in took)
    assert "counters: exact" in process.run("check").stdout


async def test_a_clock_that_jumps_an_hour_either_way_disturbs_nobody(
    data_dir: Path, clock: Clock, programs: Path
) -> None:
    with forum(data_dir, FORUM_PG_BIN=str(programs), **clock.environment) as process:
        process.create_member(_WRITER, "larnaca")
        async with Person(process.url) as person:
            await person.sign_in(_WRITER)
            topic = await person.start_topic("Πρώτο")
            written: list[str] = []
            for number, hours in enumerate((0, 1, 0, -1, 1, -1, 0)):
                clock.jump(hours * _HOUR)
                shown = await _time_of(person) - datetime.now(UTC)
                assert abs(shown - hours * _HOUR) < timedelta(minutes=1), "the premise: the clock has jumped"
                await _write_next(person, topic, written, number)
                async with Person(process.url) as again:
                    await again.sign_in(_WRITER)
        _assert_all_is_well(process)


async def test_sessions_end_when_the_database_says_so_and_not_all_at_once(
    data_dir: Path, clock: Clock, programs: Path
) -> None:
    with forum(data_dir, FORUM_PG_BIN=str(programs), **clock.environment) as process:
        process.create_member(_WRITER, "larnaca")
        process.create_member(_OTHER, "larnaca", name="Νίκος Δοκιμή")
        async with Person(process.url) as often, Person(process.url) as seldom:
            await often.sign_in(_WRITER)
            await seldom.sign_in(_OTHER)
            for days in range(5, 30, 5):
                clock.jump(timedelta(days=days))
                assert (await often.get("/settings"))[0] == 200
            async with seldom.http.get(f"{process.url}/settings", allow_redirects=False) as response:
                assert response.status == 303, "seven days without a request"
            clock.jump(timedelta(days=31))
            async with often.http.get(f"{process.url}/settings", allow_redirects=False) as response:
                assert response.status == 303, "thirty days, whatever happens"
            clock.jump(timedelta())
            await seldom.sign_in(_OTHER)
        _assert_all_is_well(process)


@pytest.mark.parametrize(
    ("begins", "shown"),
    [
        (datetime(2038, 1, 19, 3, 14, 0, tzinfo=UTC), "19/01/2038"),
        (datetime(2026, 10, 25, 0, 59, 50, tzinfo=UTC), "25/10/2026"),
        (datetime(2027, 3, 28, 0, 59, 50, tzinfo=UTC), "28/03/2027"),
        (datetime(2028, 2, 29, 21, 59, 50, tzinfo=UTC), "29/02/2028"),
    ],
    ids=["2038", "the end of summer time", "its beginning", "a leap day"],
)
async def test_moments_that_clocks_stumble_over_are_passed(
    data_dir: Path, clock: Clock, programs: Path, begins: datetime, shown: str
) -> None:
    clock.jump_to(begins)
    with forum(data_dir, FORUM_PG_BIN=str(programs), **clock.environment) as process:
        process.create_member(_WRITER, "larnaca")
        async with Person(process.url) as person:
            await person.sign_in(_WRITER)
            topic = await person.start_topic("Πρώτο")
            written: list[str] = []
            for number in range(5):
                clock.jump_to(begins + number * _HOUR / 2)
                await _write_next(person, topic, written, number)
            clock.jump_to(begins + timedelta(days=2))
            _, page = await person.get(f"/topics/{topic}/proto")
            assert shown in page
        _assert_all_is_well(process)
