"""A database that breaks off: what was undone is done again where that is safe, and told where it is not."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Final

import pytest

from forum.db import REGISTRY, Card, Database, Once, Query, RawConnection, Statement, connect
from forum.domain import reading, sessions
from forum.errors import Conflict, Lost, ReadOnly, Unavailable, Undone
from forum.keys import DB
from forum.postgres import EmbeddedServer, Endpoint
from forum.repeating import AGAIN, repeat
from tests.drills.forum_process import until
from tests.site import Site, Visitor

ROUNDS: Final = 100

_ONE: Final = Query("drills.one", "SELECT 1", returns=int, card=Card.ONE)
_PID: Final = Query("drills.pid", "SELECT pg_backend_pid()", returns=int, card=Card.ONE)
_END: Final = Query("drills.end", "SELECT pg_terminate_backend(pg_backend_pid())", returns=bool, card=Card.ONE)
_IDLE: Final = Statement(
    "drills.idle", "SELECT set_config('idle_in_transaction_session_timeout', '50ms', true)", returns=str, card=Card.ONE
)
_SERIALIZABLE: Final = Statement(
    "drills.serializable", "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", returns=str, card=Card.NONE
)
_LOCK: Final = Statement(
    "drills.lock", "SELECT id FROM categories WHERE slug = $1 FOR UPDATE", returns=int, card=Card.ONE
)
_COUNT: Final = Query("drills.count", "SELECT sum(topic_count)::int8 FROM categories", returns=int, card=Card.ONE)
_MORE: Final = Statement(
    "drills.more", "UPDATE categories SET topic_count = topic_count + 1 WHERE slug = $1", returns=int, card=Card.NONE
)

for _own in (_ONE, _PID, _END, _IDLE, _SERIALIZABLE, _LOCK, _COUNT, _MORE):
    del REGISTRY[_own.name]  # the registry is the forum's, and other tests walk it


@pytest.fixture
async def superuser(postgres: Endpoint, database_name: str) -> AsyncIterator[RawConnection]:
    connection = await connect(postgres.url(database_name, EmbeddedServer.SUPERUSER))
    yield connection
    await connection.close()


async def end_all(superuser: RawConnection) -> int:
    """End every connection of the application, as a server does that is restarted; return how many there were."""
    rows = await superuser.fetch("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'koinon'")
    return len(rows)


async def size_of(superuser: RawConnection) -> int:
    return int(await superuser.fetchval("SELECT count(*) FROM pg_stat_activity WHERE usename = 'koinon'"))


async def _topic(visitor: Visitor, title: str = "Πρώτο") -> str:
    await visitor.get("/categories/questions/new")
    made = await visitor.submit("/categories/questions/new", {"title": title, "body": "Κείμενο"})
    assert made.status == 303, made.text
    return made.location.partition("#")[0]


def _id(location: str) -> int:
    return int(location.split("/")[2])


# Connections that are ended ----------------------------------------------------------------------


async def test_reading_goes_on_through_a_hundred_rounds_of_ended_connections(
    site: Site, superuser: RawConnection
) -> None:
    visitors = [await site.visitor("maria") for _ in range(2)]
    statuses: list[int] = []

    async def read(visitor: Visitor) -> None:
        statuses.append((await visitor.get("/")).status)

    for _ in range(ROUNDS):
        reading_now = [asyncio.create_task(read(visitor)) for visitor in visitors]
        await end_all(superuser)
        await asyncio.gather(*reading_now)
    # One that is ended twice within a request is told so: reads are done again once.
    assert statuses.count(200) >= len(statuses) * 0.98
    assert set(statuses) <= {200, 503}
    assert 1 <= await size_of(superuser) <= 10
    async with contextlib.AsyncExitStack() as held:
        pids = {await (await held.enter_async_context(site.app[DB].read())).one(_PID) for _ in range(10)}
        assert len(pids) == 10, "as many as before can be borrowed at once"


async def test_replies_through_ended_connections_are_kept_once_or_refused(
    site: Site, superuser: RawConnection, owner: RawConnection
) -> None:
    maria = await site.visitor("maria")
    topic = _id(await _topic(maria))
    promised: list[str] = []
    told: list[int] = []

    async def write(number: int) -> None:
        answer = await maria.submit(f"/topics/{topic}/posts", {"body": f"Απάντηση {number}"})
        told.append(answer.status)
        if answer.status == 303:
            promised.append(f"Απάντηση {number}")

    for number in range(40):
        writing = [asyncio.create_task(write(number * 3 + one)) for one in range(3)]
        await asyncio.sleep(0.001 * (number % 12))
        await end_all(superuser)
        await asyncio.gather(*writing)
    assert set(told) <= {303, 503}
    assert len(promised) > 60
    kept = [row[0] for row in await owner.fetch("SELECT body FROM posts WHERE topic_id = $1 AND number > 1", topic)]
    assert len(kept) == len(set(kept)), "none stands twice"
    assert set(promised) <= set(kept), "every promised one stands"
    assert await owner.fetchval("SELECT reply_count FROM topics WHERE id = $1", topic) == len(kept)


async def test_what_is_sent_from_the_page_that_told_of_it_is_taken_once_the_database_is_back(
    site: Site, superuser: RawConnection
) -> None:
    maria = await site.visitor("maria")
    topic = _id(await _topic(maria))
    await superuser.execute("ALTER ROLE koinon CONNECTION LIMIT 0")
    try:
        await end_all(superuser)
        refused = await maria.get("/")
    finally:
        await superuser.execute("ALTER ROLE koinon CONNECTION LIMIT -1")
    assert refused.status == 503
    assert "csrf_token" in refused.text
    assert (await maria.submit(f"/topics/{topic}/posts", {"body": "Απάντηση"})).status == 303


async def test_a_read_whose_connection_breaks_is_done_once_more(db: Database) -> None:
    tries: list[int] = []

    async def act() -> int:
        async with db.read() as conn:
            tries.append(await conn.one(_PID))
            if len(tries) == 1:
                await conn.one(_END)
            return await conn.one(_ONE)

    assert await repeat(act) == 1
    assert len(set(tries)) == 2


async def test_what_breaks_every_time_is_given_up_after_the_second(db: Database) -> None:
    tries: list[int] = []

    async def act() -> None:
        async with db.read() as conn:
            tries.append(1)
            await conn.one(_END)

    with pytest.raises(Lost):
        await repeat(act)
    assert len(tries) == 1 + AGAIN[Lost]


async def test_what_may_have_been_committed_is_not_done_again(db: Database, owner: RawConnection) -> None:
    before = await owner.fetchval(_COUNT.sql)

    async def act() -> None:
        async with db.write() as tx:
            await tx.run(_MORE, "questions")
        async with db.write() as tx:
            await tx.one(_END)

    with pytest.raises(Lost):
        await repeat(act)
    assert await owner.fetchval(_COUNT.sql) == before + 1


async def test_a_transaction_that_does_nothing_too_long_is_ended_and_told(db: Database) -> None:
    async def dawdle() -> None:
        async with db.write() as tx:
            await tx.one(_IDLE)
            await asyncio.sleep(0.5)
            await tx.one(_ONE)

    with pytest.raises(Unavailable):
        await dawdle()
    async with db.read() as conn:
        assert await conn.one(_ONE) == 1


# A server that takes no writes -------------------------------------------------------------------


@contextlib.asynccontextmanager
async def _read_only(superuser: RawConnection) -> AsyncIterator[None]:
    """Have the server take no writes, as an operator does or a standby does that was asked by mistake."""
    await superuser.execute("ALTER ROLE koinon SET default_transaction_read_only = on")
    await end_all(superuser)
    try:
        yield
    finally:
        await superuser.execute("ALTER ROLE koinon RESET default_transaction_read_only")


async def test_of_a_server_that_takes_no_writes_pages_are_read_and_writing_is_told(
    site: Site, superuser: RawConnection, owner: RawConnection
) -> None:
    maria, nikos, program = await site.visitor("maria"), await site.visitor("nikos"), await site.program("maria")
    location = await _topic(maria)
    await nikos.get("/")
    # Every session and token is due to be noted as seen, and the topic unread: reading would write.
    await owner.execute("UPDATE sessions SET seen_at = seen_at - interval '1 day'")
    english = {"Accept-Language": "en"}
    async with _read_only(superuser):
        assert (await nikos.get(location)).status == 200
        assert (await nikos.get("/")).status == 200
        assert (await program.get("/api/v1/me")).status == 200
        answers = [
            await maria.submit(f"/topics/{_id(location)}/posts", {"body": "Απάντηση"}),
            await maria.submit(f"/topics/{_id(location)}/posts", {"body": "Απάντηση"}, headers=english),
            await program.post(f"/api/v1/topics/{_id(location)}/posts", json={"body": "Ναι"}, headers=english),
        ]
        for answer in answers:
            assert (answer.status, answer.headers["Retry-After"]) == (503, "5"), answer.text
        assert "δεν δέχεται τίποτε νέο" in answers[0].text
        assert answers[2].json["code"] == "read_only"
        assert await owner.fetchval("SELECT count(*) FROM posts") == 1, "and nothing of it stands"
    # Nothing tells a connection that its role may write again; once a second they are made anew for who is refused.

    async def writes() -> bool:
        return (await maria.submit(f"/topics/{_id(location)}/posts", {"body": "Απάντηση"})).status == 303

    await until(writes, 10, "the forum writes again")
    assert await owner.fetchval("SELECT count(*) FROM posts") == 2


async def test_a_write_that_meets_a_server_in_retirement_goes_to_the_next_one(
    db: Database, superuser: RawConnection, owner: RawConnection
) -> None:
    """As after a fail-over: the old server takes no writes, and the same address leads to another by now."""
    async with db.read() as conn:
        old = await conn.one(_PID)
    await superuser.execute("ALTER ROLE koinon SET default_transaction_read_only = on")
    await end_all(superuser)
    pids = []

    async def act() -> None:
        async with db.write() as tx:
            pids.append(await tx.one(_PID))
            if len(pids) == 1:
                await superuser.execute("ALTER ROLE koinon RESET default_transaction_read_only")
            await tx.run(_MORE, "questions")

    await repeat(act)
    assert len(pids) == 2
    assert old not in pids
    assert await owner.fetchval(_COUNT.sql) == 1


async def test_a_note_that_cannot_be_written_costs_nobody_the_answer(
    db: Database, superuser: RawConnection, site: Site
) -> None:
    async def mark(db: Database) -> None:
        async with db.write() as tx:
            await reading.mark_all_read(tx, site.cast.maria)

    async def fail(once: Once) -> None:
        raise AssertionError("a defect is not swallowed")

    with pytest.raises(AssertionError):
        await db.note(fail)
    async with _read_only(superuser):
        with pytest.raises(ReadOnly):
            await repeat(lambda: mark(db))
        await db.note(lambda once: sessions.touch(once, 1))


# Those who are in each other's way ---------------------------------------------------------------


async def _cross(db: Database, first: str, second: str, met: asyncio.Barrier, tries: list[str]) -> None:
    async def act() -> None:
        tries.append(first)
        async with db.write() as tx:
            await tx.one(_LOCK, first)
            if len(tries) <= 2:
                await met.wait()
            await tx.run(_MORE, second)

    await repeat(act)


async def test_two_who_deadlock_both_finish(db: Database, owner: RawConnection) -> None:
    tries: list[str] = []
    met = asyncio.Barrier(2)
    await asyncio.gather(
        _cross(db, "questions", "announcements", met, tries), _cross(db, "announcements", "questions", met, tries)
    )
    assert len(tries) == 3, "the premise: one of the two was undone"
    assert await owner.fetchval(_COUNT.sql) == 2


async def test_a_conflict_of_serializable_transactions_is_tried_again(db: Database, owner: RawConnection) -> None:
    tries: list[int] = []

    async def act() -> None:
        async with db.write() as tx:
            await tx.run(_SERIALIZABLE)
            tries.append(await tx.one(_COUNT))
            if len(tries) == 1:
                await owner.execute(_MORE.sql, "questions")
            await tx.run(_MORE, "questions")

    await repeat(act)
    assert tries == [0, 1]
    assert await owner.fetchval(_COUNT.sql) == 2


async def test_whoever_is_undone_every_time_is_told_to_try_again() -> None:
    tries: list[int] = []

    async def act() -> None:
        tries.append(1)
        raise Undone from asyncio.CancelledError()

    with pytest.raises(Conflict) as caught:
        await repeat(act)
    assert caught.value.code == "try_again"
    assert len(tries) == 1 + AGAIN[Undone]


async def test_a_reply_that_deadlocks_is_published_all_the_same_and_once(
    site: Site, superuser: RawConnection, owner: RawConnection
) -> None:
    maria = await site.visitor("maria")
    topic = _id(await _topic(maria))
    kept = await maria.submit(f"/topics/{topic}/posts", {"body": "Πρόχειρο", "action": "draft"})
    assert kept.status == 303, kept.text
    async with superuser.transaction():
        # Who waits longer than its deadlock_timeout looks for the other, and is undone: never this one.
        await superuser.execute("SET LOCAL deadlock_timeout = '60s'")
        assert await superuser.fetchval("SELECT place FROM drafts FOR UPDATE") == f"topic:{topic}"
        replying = asyncio.create_task(maria.submit(f"/topics/{topic}/posts", {"body": "Απάντηση"}))
        while not await owner.fetchval("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)"):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await superuser.execute("UPDATE topics SET pinned_at = now() WHERE id = $1", topic)
        undone = await superuser.fetchval("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    answer = await replying
    assert answer.status == 303, (undone, answer.text)
    bodies = [row[0] for row in await owner.fetch("SELECT body FROM posts WHERE topic_id = $1 AND number > 1", topic)]
    assert bodies == ["Απάντηση"]
    assert await owner.fetchval("SELECT reply_count FROM topics WHERE id = $1", topic) == 1
