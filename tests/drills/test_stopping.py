"""Told to stop: what is under way is finished, what would never end is cut off, and it all ends in time."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Final

import aiohttp
import psutil
import pytest

from forum.config import Config
from tests.drills.forum_process import ForumProcess, Person, forum
from tests.drills.serving import ALIVE, Client, serving

_WRITER: Final = "anna@larnaca.example"
_BODY: Final = b"csrf_token=x&email=a%40b.example&password=y"
_FORM: Final = (
    b"POST /login HTTP/1.1\r\nHost: forum.example\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    + f"Content-Length: {len(_BODY)}\r\n\r\n".encode()
)


async def test_a_request_that_is_being_sent_may_be_sent_to_its_end(config: Config, database_url: str) -> None:
    async with serving(config, database_url) as server:
        idle, half = await server.client(), await server.client()
        await idle.say(ALIVE)
        assert b" 200 " in await idle.answer()
        await half.say(_FORM + _BODY[:10])
        await asyncio.sleep(0.05)
        stopping = asyncio.create_task(server.runner.cleanup())
        assert await asyncio.wait_for(idle.rest(), 1) == b"", "who only rests is not waited for"
        assert not stopping.done()
        await half.say(_BODY[10:])
        assert b" 403 " in (await half.rest())[:20], "it was read and answered: it has no token"
        await asyncio.wait_for(stopping, 2)


async def test_a_request_that_never_ends_is_waited_for_once(config: Config, database_url: str) -> None:
    async with serving(config, database_url, patience=0.3) as server:
        half = await server.client()
        await half.say(_FORM + _BODY[:10])
        await asyncio.sleep(0.05)
        began = time.monotonic()
        await server.runner.cleanup()
        assert 0.3 <= time.monotonic() - began < 0.9
        assert await half.rest() == b""


async def _reply_until_it_ends(process: ForumProcess, topic: str, promised: list[str]) -> list[int]:
    """Reply one after the other; note each answer that promised it, and return every status."""
    statuses: list[int] = []
    async with Person(process.url) as person:
        await person.sign_in(_WRITER)
        while True:
            text = f"Απάντηση {len(promised)}"
            try:
                status, _ = await person.submit(f"/topics/{topic}/posts", body=text)
            except (OSError, aiohttp.ClientError):
                return statuses
            statuses.append(status)
            if status == 303:
                promised.append(text)


@pytest.mark.audit
async def test_told_to_stop_while_members_write_it_ends_in_ten_seconds(data_dir: Path) -> None:
    with forum(data_dir) as process:
        process.create_member(_WRITER, "larnaca")
        async with Person(process.url) as person:
            await person.sign_in(_WRITER)
            topic = await person.start_topic("Πρώτο")
        promised: tuple[list[str], ...] = ([], [], [])
        writing = [asyncio.create_task(_reply_until_it_ends(process, topic, texts)) for texts in promised]
        slow = [await Client.open(process.port) for _ in range(4)]
        for client in slow[:3]:
            await client.say(b"GET / HTTP/1.1\r\nHost: ")
        while min(map(len, promised)) < 10:  # noqa: ASYNC110 - the answers come from another process
            await asyncio.sleep(0.02)
        postmaster = process.postmaster()
        children = psutil.Process(process.pid).children(recursive=True)
        began = time.monotonic()
        assert await asyncio.to_thread(process.stop) == 0
        assert time.monotonic() - began < 10
        for statuses in await asyncio.gather(*writing):
            assert set(statuses) == {303}, "what was answered at all was answered well"
        for ended in (postmaster, *children):
            assert not ended.is_running() or ended.status() == psutil.STATUS_ZOMBIE
        for client in slow:
            client.leave()
        assert "Traceback" not in process.said()
