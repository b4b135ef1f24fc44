"""What the tests of commands share."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from forum.db import Database
from forum.postgres import Endpoint
from tests.cast import Cast
from tests.cli.places import EmptyPlace, empty_place
from tests.cli.running import Run
from tests.domain.writing import edit, reply, start


@pytest.fixture
def run(database_url: str, tmp_path: Path) -> Run:
    return Run(database_url, tmp_path)


@pytest.fixture
async def written(db: Database, cast: Cast, tmp_path: Path) -> str:
    """A forum with four posts of every kind of letter, and three files; the path of its topic."""
    made = await start(db, cast.maria, title="Φωτισμός \\ «Α΄»")
    second = await reply(db, cast.nikos, made.topic_id, "Με φωτοβολταϊκά, από το 2019.")
    await reply(db, cast.nikos, made.topic_id, "Γραμμή\nκαι \\. άλλη\r\n\tμία", reply_to=second.id)
    third = await reply(db, cast.sophie, made.topic_id, "😀 \\N")
    await edit(db, cast.sophie, third.id, "😀 \\n")
    (tmp_path / "secret.key").write_text("k" * 64)
    (tmp_path / "files" / "ab").mkdir(parents=True)
    noise = random.Random(1).randbytes(9_000_000)  # noqa: S311 - the same in every run
    (tmp_path / "files" / "ab" / "Μελέτη 2026.pdf").write_bytes(noise)
    (tmp_path / "files" / "empty").touch()
    return f"/topics/{made.topic_id}/{made.slug}"


@pytest.fixture
async def place(postgres: Endpoint, tmp_path: Path) -> AsyncIterator[EmptyPlace]:
    async with empty_place(postgres, tmp_path) as place:
        yield place
