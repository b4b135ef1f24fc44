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

from tests import hostile
from tests.cast import PASSWORD
from tests.drills.forum_process import ForumProcess, Person, forum

_WRITER: Final = "anna@larnaca.example"
_AUTHOR: Final = "sofia@union.example"
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


async def _send_to_guide(person: Person, path: str, name: str, content: bytes) -> int:
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("csrf_token", person.token)
    form.add_field("title", "Υπόδειγμα")
    form.add_field("file", content, filename=name, content_type="application/octet-stream")
    async with person.http.post(person.base + path, data=form, allow_redirects=False) as response:
        await response.read()
        return response.status


async def _send_by_program(person: Person, token: str, name: str, content: bytes) -> int:
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("file", content, filename=name, content_type="application/octet-stream")
    headers = {"Authorization": f"Bearer {token}"}
    async with person.http.post(f"{person.base}/api/v1/attachments", data=form, headers=headers) as response:
        await response.read()
        return response.status


async def _token(person: Person) -> str:
    said = {"email": _AUTHOR, "password": PASSWORD, "name": "Αρχεία"}
    async with person.http.post(f"{person.base}/api/v1/tokens", json=said) as response:
        return str((await response.json())["token"])


async def test_hostile_files_are_refused_and_nobody_waits(process: ForumProcess) -> None:
    """By a page, by a program and as files of a guide, all at once; the loop's lags are judged when it ends."""
    process.create_member(_AUTHOR, "union-of-cyprus-municipalities", name="Σοφία Δοκιμή")
    async with Person(process.url) as person:
        await person.sign_in(_AUTHOR)
        await person.get("/categories/guides/new")
        guide = {"kind": "guide", "title": "Οδηγός", "language": "el", "body": "Κείμενο"}
        status, location = await person.submit("/categories/guides/new", **guide)
        assert status == 303
        path, token = f"{'/'.join(location.split('/')[:3])}/files", await _token(person)

        turns = asyncio.Semaphore(8)

        async def doors(name: str, content: bytes) -> tuple[int, int, int]:
            async with turns:
                return (
                    (await _send(person, name, content))[0],
                    await _send_by_program(person, token, name, content),
                    await _send_to_guide(person, path, name, content),
                )

        refused, taken = hostile.refused(), hostile.taken()
        told = await asyncio.gather(*(doors(name, content) for name, content in {**refused, **taken}.items()))
        statuses = dict(zip([*refused, *taken], told, strict=True))
        assert statuses == {**dict.fromkeys(refused, (422, 422, 422)), **dict.fromkeys(taken, (201, 201, 303))}
        assert await person.start_topic("Μετά"), "and everything goes on"
    assert "Traceback" not in process.said()
