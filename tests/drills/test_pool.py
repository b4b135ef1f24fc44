"""A database that keeps its readers waiting: they are told in time, and everything goes on as soon as it answers."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Final

import pytest

from forum.config import Config
from forum.db import (
    ACQUIRE_SECONDS,
    CLOSE_SECONDS,
    PATIENCE,
    REGISTRY,
    Card,
    Database,
    Query,
    RawConnection,
    Statement,
)
from forum.errors import Busy, Unavailable
from forum.keys import ASSETS, DB
from forum.web.connections import Deadlines
from tests import cast as people
from tests.drills.forum_process import Person
from tests.drills.serving import Serving, serving, worst_share_of_the_loop
from tests.site import Answer, Site, Visitor

_SLEEP: Final = Query("drills.sleep", "SELECT true FROM pg_sleep(30)", returns=bool, card=Card.ONE)
_HURRY: Final = Statement(
    "drills.hurry", "SELECT set_config('statement_timeout', '100ms', true)", returns=str, card=Card.ONE
)
_TIMEOUTS: Final = Query(
    "drills.timeouts",
    "SELECT current_setting('statement_timeout') || ' ' || current_setting('lock_timeout') || ' ' "
    "|| current_setting('idle_in_transaction_session_timeout')",
    returns=str,
    card=Card.ONE,
)

for _own in (_SLEEP, _HURRY, _TIMEOUTS):
    del REGISTRY[_own.name]  # the registry is the forum's, and other tests walk it

EXHAUSTED_SECONDS: Final = 2.0


@pytest.fixture
async def single(database_url: str) -> AsyncIterator[Database]:
    """A pool of one connection."""
    database = Database(database_url, pool_size=1)
    await database.open()
    yield database
    await database.close()


@contextlib.asynccontextmanager
async def exhausted(db: Database) -> AsyncIterator[None]:
    """Hold every connection there is."""
    async with contextlib.AsyncExitStack() as held:
        for _ in range(10):
            await held.enter_async_context(db.read())
        yield


async def _timed(visitor: Visitor, path: str, **options: object) -> tuple[Answer, float]:
    began = time.monotonic()
    answer = await visitor.get(path, **options)
    return answer, time.monotonic() - began


async def test_without_a_connection_to_be_had_members_are_told_within_two_seconds(site: Site) -> None:
    maria, sophie, program = await site.visitor("maria"), await site.visitor("sophie"), await site.program("maria")
    english = {"Accept-Language": "en"}
    assert (await maria.get("/")).status == 200
    async with exhausted(site.app[DB]):
        began = time.monotonic()
        answers = await asyncio.gather(
            maria.get("/"),
            sophie.get("/", headers=english),
            maria.get("/categories/questions"),
            maria.get("/nothing/here"),
            maria.submit("/read"),
            maria.get("/completions/members?q=a", headers={"X-Requested-With": "fetch"}),
            program.get("/api/v1/me", headers=english),
        )
        assert time.monotonic() - began < EXHAUSTED_SECONDS
    for answer in answers:
        assert answer.status == 503, answer.text
        assert answer.headers["Retry-After"] == "5"
        assert "Set-Cookie" not in answer.headers or "koinon_session" not in answer.headers["Set-Cookie"]
    assert "δεν επικοινωνεί με τη βάση δεδομένων" in answers[0].text
    assert "cannot reach its database" in answers[1].text
    assert answers[-1].json["code"] == "unavailable"
    assert (await maria.get("/")).status == 200, "the session lives on"


async def test_without_a_connection_to_be_had_what_needs_none_is_answered_at_once(site: Site) -> None:
    guest = await site.visitor()
    async with exhausted(site.app[DB]):
        for path in ("/healthz", f"/static/{site.app[ASSETS].name('koinon.css')}", "/accent/0a566a.css"):
            answer, seconds = await _timed(guest, path)
            assert (answer.status, seconds < ACQUIRE_SECONDS) == (200, True), path
        (login, seconds), (ready, _) = await asyncio.gather(_timed(guest, "/login"), _timed(guest, "/readyz"))
        assert (login.status, seconds < EXHAUSTED_SECONDS) == (200, True)
        assert ready.status == 503


async def test_as_soon_as_there_is_a_connection_those_who_wait_get_it(site: Site) -> None:
    visitors = [await site.visitor("maria") for _ in range(20)]
    began = time.monotonic()
    await asyncio.gather(*(visitor.get("/") for visitor in visitors))
    usually = time.monotonic() - began
    async with exhausted(site.app[DB]):
        waiting = [asyncio.create_task(visitor.get("/")) for visitor in visitors]
        await asyncio.sleep(0.5)
    began = time.monotonic()
    assert {answer.status for answer in await asyncio.gather(*waiting)} == {200}
    assert time.monotonic() - began < 1 + usually


async def test_a_request_that_waits_at_several_places_waits_no_longer_in_all(single: Database) -> None:
    async def request() -> float:
        """Wait for one connection with success, then for another in vain; return how long."""
        PATIENCE.set(ACQUIRE_SECONDS)
        began = time.monotonic()
        async with single.read():
            pass
        has_read.set()
        await is_held_again.wait()
        with pytest.raises(Busy):
            await single.read().__aenter__()
        return time.monotonic() - began

    has_read, is_held_again = asyncio.Event(), asyncio.Event()
    async with single.read():
        waiting = asyncio.create_task(request())
        await asyncio.sleep(ACQUIRE_SECONDS * 0.6)
    await has_read.wait()
    async with single.read():
        is_held_again.set()
        assert ACQUIRE_SECONDS <= await waiting < EXHAUSTED_SECONDS


async def test_what_is_still_borrowed_when_the_pool_closes_is_cut_off_quietly(single: Database) -> None:
    async with single.read():
        began = time.monotonic()
        await single.close()
        assert time.monotonic() - began < CLOSE_SECONDS + 0.5
    with pytest.raises(Unavailable):
        await single.read().__aenter__()


async def test_a_row_that_somebody_holds_is_waited_for_two_seconds(site: Site, owner: RawConnection) -> None:
    maria = await site.visitor("maria")
    await maria.get("/categories/questions/new")
    started = await maria.submit("/categories/questions/new", {"title": "Τίτλος", "body": "Κείμενο"})
    topic = started.location.split("/")[2]
    async with owner.transaction():
        await owner.execute("SELECT 1 FROM topics WHERE id = $1 FOR UPDATE", int(topic))
        began = time.monotonic()
        answer = await maria.submit(f"/topics/{topic}/posts", {"body": "Απάντηση"})
        assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
        assert time.monotonic() - began < 3
        assert (await maria.get(started.location.partition("#")[0])).status == 200, "reading waits for nobody"
    assert (await maria.submit(f"/topics/{topic}/posts", {"body": "Απάντηση"})).status == 303


async def test_a_query_that_takes_too_long_is_unavailable_and_its_connection_good_again(single: Database) -> None:
    with pytest.raises(Unavailable):
        await _sleep_in_a_hurry(single)
    async with single.read() as conn:
        assert await conn.one(_TIMEOUTS) == "5s 2s 15s"


async def _sleep_in_a_hurry(db: Database) -> None:
    async with db.write() as tx:
        await tx.one(_HURRY)
        await tx.one(_SLEEP)


@pytest.fixture
async def server(config: Config, database_url: str, cast: people.Cast) -> AsyncIterator[Serving]:
    async with serving(config, database_url, deadlines=Deadlines()) as running:
        yield running


async def test_a_client_that_leaves_takes_no_connection_along(server: Serving, owner: RawConnection) -> None:
    async with Person(server.url) as maria:
        await maria.sign_in(people.email("maria"))
        topic = await maria.start_topic("Όσοι φεύγουν")
        await maria.get(f"/topics/{topic}/posts/new")
        cookies = "; ".join(f"{cookie.key}={cookie.value}" for cookie in maria.http.cookie_jar)
        for number in range(40):
            body = f"csrf_token={maria.token}&body=leaving-{number}"
            head = (
                f"POST /topics/{topic}/posts HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nCookie: {cookies}\r\n"
                f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            client = await server.client()
            # Every other one leaves in the middle of the body.
            await client.say((head + (body if number % 2 else body[:-3])).encode())
            await asyncio.sleep(number / 4000)
            client.leave()
        async with asyncio.timeout(5):
            while server.open_count > 1:  # noqa: ASYNC110 - nothing sets an event when a connection is lost
                await asyncio.sleep(0.02)
        assert await server.has_every_connection_to_the_database()
        replies = await owner.fetch("SELECT body FROM posts WHERE topic_id = $1 AND number > 1", int(topic))
        numbers = sorted(int(row["body"].removeprefix("leaving-")) for row in replies)
        assert numbers
        assert all(number % 2 for number in numbers), "of what was sent by half nothing stands"
        count = await owner.fetchval("SELECT reply_count FROM topics WHERE id = $1", int(topic))
        assert count == len(numbers)


@pytest.mark.parametrize(
    ("asked", "who", "status"),
    [
        ("/help", "Accept: */*", b" 200 "),
        ("/", "Cookie: koinon_session=x", b" 503 "),
        ("/api/v1/me", "Authorization: Bearer x", b" 503 "),
    ],
)
async def test_answering_many_who_waited_in_vain_holds_nobody_up(
    server: Serving, asked: str, who: str, status: bytes
) -> None:
    clients = [await server.client() for _ in range(150)]
    for path, answered in ((b"/static/none", b" 404 "), (b"/help", b" 200 ")):
        await clients[0].say(b"GET " + path + b" HTTP/1.1\r\nHost: forum.example\r\n\r\n")
        assert answered in (await clients[0].answer())[:20], "the templates are compiled"
    async with exhausted(server.app[DB]):
        for client in clients:
            client.writer.write(f"GET {asked} HTTP/1.1\r\nHost: forum.example\r\n{who}\r\n\r\n".encode())
        await asyncio.sleep(ACQUIRE_SECONDS / 2)
        watching = asyncio.create_task(worst_share_of_the_loop())
        answers = await asyncio.gather(*(client.answer() for client in clients))
        watching.cancel()
        assert await watching < 0.05
    assert all(status in answer[:20] for answer in answers)
