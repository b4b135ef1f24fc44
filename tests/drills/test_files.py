"""Large files and hostile ones: taken in little memory, refused soon, and nobody else waits meanwhile."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final

import aiohttp
import psutil
import pytest

from tests import files
from tests.drills.forum_process import ForumProcess, Person, forum

_WRITER: Final = "anna@larnaca.example"
_LINE: Final = "Πρακτικά της συνεδρίασης\n".encode()
_SIZE: Final = 50_000_000 // len(_LINE) * len(_LINE)

_MEMORY: Final = 20 * 1024**2
"""Bytes that the process may take more, however large the file is."""


@pytest.fixture
def process(data_dir: Path) -> Iterator[ForumProcess]:
    # The lags of its loop are judged when it ends.
    with forum(data_dir) as running:
        running.create_member(_WRITER, "larnaca")
        yield running


async def _pieces() -> AsyncIterator[bytes]:
    piece = _LINE * 20_000
    left = _SIZE
    while left:
        yield piece[:left]
        left -= min(left, len(piece))


async def _send(person: Person, name: str, content: bytes | AsyncIterator[bytes]) -> tuple[int, dict[str, object]]:
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("file", content, filename=name, content_type="application/octet-stream")
    headers = {"X-CSRF-Token": person.token, "X-Requested-With": "fetch"}
    async with person.http.post(f"{person.base}/attachments", data=form, headers=headers) as response:
        return response.status, await response.json() if response.status == 201 else {}


def _peak(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) * 1024


async def test_a_file_of_fifty_megabytes_costs_no_memory(process: ForumProcess) -> None:
    async with Person(process.url) as person:
        await person.sign_in(_WRITER)
        await person.get("/categories/questions/new")
        assert (await _send(person, "πρώτο.txt", b"x" * 1_000_000))[0] == 201, "what is made at first use is there"
        serving = psutil.Process(process.pid)
        before = _peak(serving.pid)
        status, told = await _send(person, "Πρακτικά.txt", _pieces())
        assert status == 201
        digest = hashlib.sha256()
        async with person.http.get(f"{person.base}/attachments/{told['id']}") as response:
            assert response.headers["Content-Length"] == str(_SIZE)
            async for piece in response.content.iter_chunked(65536):
                digest.update(piece)
        expected = hashlib.sha256()
        async for piece in _pieces():
            expected.update(piece)
        assert digest.digest() == expected.digest()
        grown = _peak(serving.pid) - before
        assert grown <= _MEMORY, f"{grown / 1024**2:.1f} MiB more"


async def test_hostile_files_are_refused_and_nobody_waits(process: ForumProcess) -> None:
    hostile = {
        "pixels.png": files.huge_picture(),
        "bomb.docx": files.bomb(100),
        "cut.png": files.picture()[:70],
        "script.gif": b"GIF89a\x10\x00\x10\x00;alert(1)//",
        "page.html": b"<script>alert(1)</script>",
        "\u202efdp.exe": b"MZ",
        "../../secret.key.png": b"\x89PNG\r\n\x1a\n" + bytes(1000),
    }
    async with Person(process.url) as person:
        await person.sign_in(_WRITER)
        await person.get("/categories/questions/new")
        statuses = await asyncio.gather(*(_send(person, name, content) for name, content in hostile.items()))
        told = dict(zip(hostile, (status for status, _ in statuses), strict=True))
        # What unfolds is taken, as a document like any other: only its first words are ever read.
        assert told == {**dict.fromkeys(hostile, 422), "bomb.docx": 201}
        assert await person.start_topic("Μετά"), "and everything goes on"
    assert "Traceback" not in process.said()
