"""A forum that runs saves itself at night; what it saved starts on another machine and is the same."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.drills.forum_process import ForumProcess, Person, forum, until
from tests.site import without_tokens

_WRITER = "anna@larnaca.example"


def _grow_old(process: ForumProcess) -> None:
    """Have the forum begun three days ago."""
    stamp = process.data_dir / "postgres" / "data" / "PG_VERSION"
    os.utime(stamp, times=(time.time() - 3 * 86_400,) * 2)


@pytest.mark.audit
async def test_a_missed_night_is_made_up_for_and_restored_elsewhere(data_dir: Path) -> None:
    folder = data_dir / "backups"
    with forum(data_dir) as process:
        process.create_member(_WRITER, "larnaca")
        async with Person(process.url) as person:
            await person.sign_in(_WRITER)
            topic = await person.start_topic("Το πρώτο θέμα")
            await person.get(f"/topics/{topic}/proto")  # says that it is published
            _, page = await person.get(f"/topics/{topic}/proto")
        assert process.stop() == 0

        _grow_old(process)
        process.start()

        async def is_there() -> bool:
            return "nightly backup is in" in process.said()

        await until(is_there, 120, "the nightly backup is made")
        async with Person(process.url) as person:
            await person.sign_in(_WRITER)
        assert process.stop() == 0
        assert "ERROR" not in process.said()
    saved = max(folder.glob("*.tar.gz"))
    assert list(folder.glob("*.partial")) == []

    elsewhere = data_dir.with_name("elsewhere")
    other = ForumProcess(elsewhere)
    done = other.run("restore", str(saved), "--verify")
    assert (done.returncode, done.stderr) == (0, "")
    with forum(elsewhere) as process:
        assert "first administrator" not in process.said()
        async with Person(process.url) as person:
            await person.sign_in(_WRITER)
            status, again = await person.get(f"/topics/{topic}/proto")
        assert status == 200
        assert without_tokens(again) == without_tokens(page).replace(str(other.port), str(process.port))
        assert process.stop() == 0


@pytest.mark.audit
async def test_with_several_workers_the_parent_keeps_the_nights_and_says_what_fails(data_dir: Path) -> None:
    made = ForumProcess(data_dir)
    assert made.run("migrate").returncode == 0
    _grow_old(made)
    (data_dir / "backups").write_text("a file where the folder should be")
    with forum(data_dir, FORUM_WORKERS="2") as process:

        async def is_told() -> bool:
            return "no nightly backup was made" in process.said()

        await until(is_told, 120, "it is told that there is none")
        assert "FORUM_BACKUP_DIR" in process.said()
        assert process.stop() == 0
