"""Live events over several processes, a database that goes away, and a forum that is told to stop or renew itself."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest
from pydantic import SecretStr

from forum import streams
from forum.config import Config
from forum.db import RawConnection, connect
from forum.keys import STREAMS
from forum.postgres import Endpoint
from tests import cast as people
from tests.drills.forum_process import Person, forum, until
from tests.drills.serving import serving
from tests.drills.two_processes import two_processes
from tests.lengths import IS_AUDIT

_WRITER: Final = "anna@larnaca.example"
_REACH_SECONDS: Final = 1.0
"""From a post to the readers of another process: a moment."""


class Listening:
    """An event stream of a running forum."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response

    async def next(self, seconds: float = 5.0) -> tuple[str, dict[str, Any]] | None:
        """Return kind and data of the next message, None at the stream's end."""
        async with asyncio.timeout(seconds):
            kind = ""
            while line := (await self.response.content.readline()).decode().strip("\r\n"):
                kind = line.removeprefix("event: ") if line.startswith("event: ") else kind
                if line.startswith("data: "):
                    await self.response.content.readline()
                    return kind, json.loads(line.removeprefix("data: "))
                if line.startswith(("retry: ", ": ")):
                    await self.response.content.readline()
        return None


@contextlib.asynccontextmanager
async def _listening(http: aiohttp.ClientSession, url: str, **options: Any) -> AsyncIterator[Listening]:
    async with http.get(url, **options) as response:
        assert response.status == 200, response.status
        yield Listening(response)


async def test_a_reply_through_one_process_reaches_the_readers_of_the_other(
    postgres: Endpoint, database_url: str, database_name: str, data_dir: Path
) -> None:
    async with two_processes(data_dir, database_url, postgres.url(database_name, "koinon_owner")) as stage:
        world = await stage.world()
        await world.start_topic("author")
        path = f"/events?topic={world.topic_id}"

        def listen(process: Any, person: str) -> Any:
            cookie = {"Cookie": f"koinon_session={world.sessions[person]}"}
            return _listening(stage.http, process.url + path, headers=cookie)

        async with listen(stage.first, "other") as near, listen(stage.second, "keeper") as far:
            for number in range(2, 5):
                began = time.monotonic()
                await world.submit(stage.first, "author", f"/topics/{world.topic_id}/posts", body="Απάντηση")
                for stream in (near, far):
                    heard = await stream.next()
                    assert heard
                    assert (heard[0], heard[1]["number"]) == ("post.created", number)
                assert time.monotonic() - began < _REACH_SECONDS
            own = await connect(database_url)
            ended = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database()"
            assert await own.fetchval(f"{ended} AND query LIKE 'LISTEN%'") == 2, "one connection a process"
            await own.close()
            for stream in (near, far):
                heard = await stream.next()
                assert heard
                assert heard[0] == "resync"
            await world.submit(stage.first, "author", f"/topics/{world.topic_id}/posts", body="Μετά")
            for stream in (near, far):
                heard = await stream.next()
                assert heard
                assert (heard[0], heard[1]["number"]) == ("post.created", 5)
            if IS_AUDIT:
                await world.sql("DELETE FROM sessions WHERE member_id = $1", world.ids["keeper"])
                assert await far.next(streams.RECHECK_SECONDS + 3) is None, "ended in the other process too"


@pytest.mark.audit
async def test_after_a_time_without_the_database_every_stream_is_told_to_ask_anew(data_dir: Path) -> None:
    with forum(data_dir) as process:
        process.create_member(_WRITER, "larnaca")
        async with Person(process.url) as anna:
            await anna.sign_in(_WRITER)
            topic = await anna.start_topic("Πριν")
            timeout = aiohttp.ClientTimeout(total=None)
            async with _listening(anna.http, f"{process.url}/events?topic={topic}", timeout=timeout) as stream:
                process.postmaster().kill()
                heard = await stream.next(30)
                assert heard
                assert heard[0] == "resync"

                async def is_taken() -> bool:
                    return (await anna.submit(f"/topics/{topic}/posts", body="Μετά"))[0] == 303

                await until(is_taken, 20, "a reply is taken")
                heard = await stream.next()
                assert heard
                assert (heard[0], heard[1]["is_own"]) == ("post.created", True)


@pytest.mark.audit
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=["told to stop", "renewed"])
async def test_streams_hold_up_neither_a_stop_nor_a_renewal(data_dir: Path, number: signal.Signals) -> None:
    with forum(data_dir) as process:
        process.create_member(_WRITER, "larnaca")
        async with Person(process.url) as anna:
            await anna.sign_in(_WRITER)
            async with contextlib.AsyncExitStack() as stack:
                opened = [
                    await stack.enter_async_context(_listening(anna.http, f"{process.url}/events")) for _ in range(5)
                ]
                before = {child.pid for child in process.processes("web")}
                began = time.monotonic()
                assert process.process
                process.process.send_signal(number)
                for stream in opened:
                    assert await stream.next(15) is None
                if number is signal.SIGTERM:
                    assert await asyncio.to_thread(process.process.wait, 10) == 0
                    assert time.monotonic() - began < 5, "nobody was waited for"
                else:
                    async with _listening(anna.http, f"{process.url}/events"):
                        assert {child.pid for child in process.processes("web")} != before
        assert "Traceback" not in process.said()


def _request(person: Person, topic: str) -> bytes:
    cookies = "; ".join(f"{cookie.key}={cookie.value}" for cookie in person.http.cookie_jar)
    return f"GET /events?topic={topic} HTTP/1.1\r\nHost: forum.example\r\nCookie: {cookies}\r\n\r\n".encode()


async def test_a_client_that_reads_nothing_holds_up_nobody_and_is_let_go(
    config: Config, database_url: str, cast: people.Cast
) -> None:
    async with serving(config, database_url) as server, Person(server.url) as maria:
        await maria.sign_in(people.email("maria"))
        topic = await maria.start_topic("Αργοί")
        slow = await server.client(window=2048)
        await slow.say(_request(maria, topic))
        async with _listening(maria.http, f"{server.url}/events?topic={topic}") as stream:
            hub = server.app[STREAMS]
            assert len(hub) == 2
            for _ in range(20):
                for _ in range(60):
                    hub._hear(json.dumps({"kind": "topic.updated", "topic_id": int(topic), "act": "x" * 2000}))
                for _ in range(60):
                    assert await stream.next()
            async with asyncio.timeout(10):
                while len(hub) == 2:  # noqa: ASYNC110 - nothing tells when a client is given up
                    await asyncio.sleep(0.05)


async def test_a_client_that_has_left_before_its_stream_began_is_no_fault(
    config: Config, database_url: str, cast: people.Cast, owner: RawConnection, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(config, database_url) as server, Person(server.url) as maria:
        await maria.sign_in(people.email("maria"))
        topic = await maria.start_topic("Βιαστικοί")
        client = await server.client()
        async with owner.transaction():
            await owner.execute("LOCK TABLE topics")
            await client.say(_request(maria, topic))
            await asyncio.sleep(0.3)
            client.writer.transport.abort()
            await asyncio.sleep(0.1)
        await asyncio.sleep(0.3)
        assert len(server.app[STREAMS]) == 0
        assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


_KEY: Final = b"K\x00\x00\x00\x0c"
"""How PostgreSQL begins to say which process serves a connection."""


@contextlib.asynccontextmanager
async def _pooler(postgres: Endpoint, database_name: str) -> AsyncIterator[str]:
    """Stand between as a pooler does: it passes everything on, and gives a process's number that it has made up."""

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_ours: bool) -> None:
        with contextlib.suppress(OSError):
            while piece := await reader.read(65536):
                if is_ours and (at := piece.find(_KEY)) >= 0:
                    piece = piece[: at + 5] + b"\x00\x00\x00\x01" + piece[at + 9 :]
                writer.write(piece)
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        theirs = await asyncio.open_unix_connection(f"{postgres.host}/.s.PGSQL.{postgres.port}")
        await asyncio.gather(pass_on(reader, theirs[1], is_ours=False), pass_on(theirs[0], writer, is_ours=True))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    yield f"postgresql://koinon@127.0.0.1:{port}/{database_name}?sslmode=disable"
    server.close()


async def test_through_a_pooler_of_transactions_there_are_no_events_and_everything_else(
    config: Config, postgres: Endpoint, database_name: str, database_url: str, cast: people.Cast
) -> None:
    async with _pooler(postgres, database_name) as pooled:
        async with serving(config, pooled) as server, Person(server.url) as maria:
            await maria.sign_in(people.email("maria"))
            assert (await maria.get("/events"))[0] == 204
            assert (await maria.get("/"))[0] == 200
        named = config.model_copy(update={"database_listen_url": SecretStr(database_url)})
        async with serving(named, pooled) as server, Person(server.url) as maria:
            await maria.sign_in(people.email("maria"))
            topic = await maria.start_topic("Δίπλα από τον pooler")
            async with _listening(maria.http, f"{server.url}/events?topic={topic}") as stream:
                await maria.submit(f"/topics/{topic}/posts", body="Απάντηση")
                heard = await stream.next()
                assert heard
                assert heard[0] == "post.created"
