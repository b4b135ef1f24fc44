"""A disk that is nearly full: what is there can be read, what is written is refused in words."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Final

import pytest

from forum import postgres
from forum.config import Config
from forum.db import RawConnection
from tests.drills.forum_process import Person, forum
from tests.site import Site

_WRITER: Final = "anna@larnaca.example"
_ENGLISH: Final = {"Accept-Language": "en"}


class Disk:
    """What lies under the embedded database's folder: the disk as it is, or one on which not a block is free."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir()

    def fill(self) -> None:
        self._folder.rmdir()
        self._folder.symlink_to("/proc" if Path("/proc").is_dir() else "/dev")

    def clear(self) -> None:
        self._folder.unlink()
        self._folder.mkdir()


@pytest.fixture
def disk(config: Config) -> Disk:
    return Disk(config.data_dir / "postgres")


async def test_before_the_disk_is_full_nothing_more_is_written_and_everything_read(
    site: Site, owner: RawConnection, disk: Disk
) -> None:
    maria, nikos, program = await site.visitor("maria"), await site.visitor("nikos"), await site.program("maria")
    await maria.get("/categories/questions/new")
    made = await maria.submit("/categories/questions/new", {"title": "Πρώτο", "body": "Κείμενο"})
    location, posts = made.location.partition("#")[0], f"{made.location.rpartition('/')[0]}/posts"
    await owner.execute("UPDATE sessions SET seen_at = seen_at - interval '1 hour'")
    before = await owner.fetchval("SELECT max(seen_at) FROM sessions")
    disk.fill()
    # Reading would note when the session was seen, and how far the topic was read.
    for path in ("/", location, "/search?q=text", "/readyz"):
        assert (await nikos.get(path)).status == 200, path
    assert (await program.get("/api/v1/me")).status == 200
    assert await owner.fetchval("SELECT max(seen_at) FROM sessions") == before
    greek = await maria.submit(posts, {"body": "Απάντηση"})
    english = await maria.submit(posts, {"body": "Απάντηση"}, headers=_ENGLISH)
    told = await program.post(f"/api/v1{posts}", json={"body": "Ναι"}, headers=_ENGLISH)
    for answer in (greek, english, told):
        assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert "Ο δίσκος του φόρουμ είναι γεμάτος" in greek.text
    assert told.json["code"] == "no_room"
    disk.clear()
    assert (await maria.submit(posts, {"body": "Απάντηση"})).status == 303, "there is room again"


def test_where_there_is_no_embedded_database_no_disk_is_asked(tmp_path: Path) -> None:
    assert postgres.room_of(tmp_path)()


@pytest.mark.audit
async def test_a_log_that_cannot_be_written_stops_nobody(data_dir: Path) -> None:
    with forum(data_dir, ERRORS="/dev/full") as process:
        process.create_member(_WRITER, "larnaca")
        async with Person(process.url) as person:
            await person.sign_in(_WRITER)
            assert await person.start_topic("Πρώτο")
            assert (await person.get("/δεν-υπάρχει"))[0] == 404
        with contextlib.suppress(ProcessLookupError):
            process.stop()
        assert "Traceback" not in process.said()
