"""A disk that is really full: what the server has no room for is refused whole, and room is all it takes."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from forum.db import Database, RawConnection, connect
from forum.errors import Full
from forum.postgres import EmbeddedServer, Endpoint
from tests.domain import writing
from tests.drills import ticking
from tests.drills.forum_process import Person, forum, until
from tests.postgres.place import fill, mounted
from tests.site import Site

_WRITER: Final = "anna@larnaca.example"


@pytest.fixture
async def small_disk(postgres: Endpoint, database_name: str, data_dir: Path) -> AsyncIterator[RawConnection]:
    """The posts on a disk of two megabytes, beside the rest of the database."""
    folder = data_dir.parent / "disk"
    folder.mkdir()
    superuser = await connect(postgres.url(database_name, EmbeddedServer.SUPERUSER))
    own = Path(await superuser.fetchval("SHOW data_directory")).stat()
    with mounted(folder, megabytes=2):
        (folder / "posts").mkdir()
        os.chown(folder / "posts", own.st_uid, own.st_gid)
        await superuser.execute(f"CREATE TABLESPACE small LOCATION '{folder / 'posts'}'")
        await superuser.execute("ALTER TABLE posts SET TABLESPACE small")
        try:
            yield superuser
        finally:
            await superuser.execute("ALTER TABLE posts SET TABLESPACE pg_default")
            await superuser.execute("DROP TABLESPACE small")
            await superuser.close()


async def test_what_the_server_has_no_room_for_is_refused_whole(
    site: Site, db: Database, owner: RawConnection, small_disk: RawConnection
) -> None:
    started = await writing.start(db, site.cast.maria)
    kept: list[int] = []

    async def write_until_it_is_full() -> None:
        while True:
            # What compresses takes no room.
            post = await writing.reply(db, site.cast.nikos, started.topic_id, os.urandom(20_000).hex())
            kept.append(post.id)

    with pytest.raises(Full):
        await write_until_it_is_full()
    assert len(kept) > 5
    assert await owner.fetchval("SELECT count(*) FROM posts") == len(kept) + 1
    await writing.assert_counters_are_rows(owner)
    maria = await site.visitor("maria")
    assert (await maria.get("/")).status == 200


@pytest.mark.audit
async def test_a_forum_whose_disk_is_full_serves_its_readers_and_recovers_by_itself(data_dir: Path) -> None:
    disk = data_dir.parent / "disk"
    disk.mkdir()
    lags = {ticking.FOLDER: str(data_dir.parent)}
    with mounted(disk, megabytes=220), forum(disk / "data", **lags) as process:
        assert process.output.parent == disk, "the log lies on the same disk"
        process.create_member(_WRITER, "larnaca")
        async with Person(process.url) as person:
            await person.sign_in(_WRITER)
            topic = await person.start_topic("Πρώτο")
            ballast = fill(disk, megabytes_left=0)
            await _reads_and_is_refused(person, topic)
            process.kill_everything()
            refused = process.run("serve")
            assert refused.returncode == 1
            assert "is full; make room and start again" in refused.stderr
            ballast.unlink()
            process.start()
            ballast = fill(disk, megabytes_left=40)
            await _reads_and_is_refused(person, topic)
            ballast.unlink()

            async def writes() -> bool:
                return (await person.submit(f"/topics/{topic}/posts", body="Χωράει ξανά"))[0] == 303

            await until(writes, 15, "there is room, and the forum writes again")
        assert process.stop() == 0


async def _reads_and_is_refused(person: Person, topic: str) -> None:
    for _ in range(20):
        assert (await person.get("/"))[0] == 200
        assert (await person.get(f"/topics/{topic}/proto"))[0] == 200
        data = {"csrf_token": person.token, "body": "Δεν χωράει"}
        async with person.http.post(f"{person.base}/topics/{topic}/posts", data=data) as response:
            assert response.status == 503
            assert response.headers["Retry-After"]
            assert "Ο δίσκος του φόρουμ είναι γεμάτος" in await response.text()
