"""Two processes of the application over one database, started in the same moment: either does for everybody."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psutil
import pytest

from forum.migrations import names
from tests.drills.forum_process import ForumProcess, Person

_WRITER: Final = "anna@larnaca.example"


@pytest.fixture
def processes(data_dir: Path) -> Iterator[tuple[ForumProcess, ForumProcess]]:
    data_dir.mkdir()
    both = ForumProcess(data_dir), ForumProcess(data_dir)
    try:
        yield both
    finally:
        for process in both:
            process.clean_up()


@pytest.mark.audit
async def test_two_that_start_at_once_make_one_forum(processes: tuple[ForumProcess, ForumProcess]) -> None:
    first, second = processes
    await asyncio.gather(*(asyncio.to_thread(process.start) for process in processes))
    assert f"migrations: {len(names())} migrations applied\n" in first.run("check").stdout
    first.create_member(_WRITER, "larnaca")
    async with Person(first.url) as person:
        await person.sign_in(_WRITER)
        topic = await person.start_topic("Πρώτο")
        # The session, the token of its forms and the draft of one are those of the other.
        kept = await person.submit(f"/topics/{topic}/posts", body="Πρόχειρο κείμενο", action="draft")
        assert kept[0] == 303
        person.base = second.url
        posted = await person.submit(f"/topics/{topic}/posts", body="Μέσω της δεύτερης")
        assert posted[0] == 303
        await person.submit(f"/topics/{topic}/posts", body="Δεύτερο πρόχειρο", action="draft")
        person.base = first.url
        _, page = await person.get(f"/topics/{topic}/proto")
        assert "Μέσω της δεύτερης" in page
        assert "Δεύτερο πρόχειρο" in page
        # One goes, the other goes on; the last one takes the database along.
        postmaster = first.postmaster()
        assert await asyncio.to_thread(first.stop) == 0
        person.base = second.url
        assert (await person.get("/"))[0] == 200
        _, form = await person.get("/settings/sessions")
        assert re.search(r"csrf_token", form)
        assert await asyncio.to_thread(second.stop) == 0
    assert not postmaster.is_running() or postmaster.status() == psutil.STATUS_ZOMBIE
