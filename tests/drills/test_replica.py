"""Reads go to a replica where nobody could tell; it may lag, fail, or take the primary's place, and nothing is lost."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final

import aiohttp
import pytest

from forum.db import REGISTRY, Card, Conn, Database, Query, Statement
from forum.domain.sessions import FOUNDATIONS
from forum.postgres import Endpoint
from forum.replica import Position, ReplicatedDatabase, caught_up
from tests import cast as people
from tests.drills.forum_process import ForumProcess, Person, forum, until
from tests.drills.replication import Pair, pair, superuser

_IS_REPLICA: Final = Query("drills.is_replica", "SELECT pg_is_in_recovery()", returns=bool, card=Card.ONE)
_SAY: Final = Statement("drills.say", "UPDATE network SET tagline_en = $1", returns=int, card=Card.NONE)
_SAID: Final = Query("drills.said", "SELECT tagline_en FROM network", returns=str, card=Card.ONE)
_BREAK: Final = Query("drills.break", "SELECT pg_terminate_backend(pg_backend_pid())", returns=bool, card=Card.ONE)
_POSITION: Final = Query(
    "drills.position",
    "SELECT pg_last_wal_replay_lsn()::text, (SELECT c.timeline_id FROM pg_control_checkpoint() AS c)",
    returns=Position,
    card=Card.ONE,
)

for _own in (_IS_REPLICA, _SAY, _SAID, _BREAK, _POSITION):
    del REGISTRY[_own.name]  # the registry is the forum's, and other tests walk it


pytestmark = pytest.mark.xdist_group("replica")
"""One process of tests has them all, so that the two servers are made once."""


@pytest.fixture(scope="module")
def servers() -> Iterator[Pair]:
    with pair() as made:
        yield made


@pytest.fixture
async def db(servers: Pair) -> AsyncIterator[Database]:
    database = ReplicatedDatabase(servers.primary_url, servers.replica_url)
    await database.open()
    yield database
    await database.close()


async def _is_read_on_the_replica(db: Database) -> bool:
    return await db.browse(lambda conn: conn.one(_IS_REPLICA))


async def _say(db: Database, word: str) -> None:
    async with db.write() as tx:
        await tx.run(_SAY, word)


@contextlib.asynccontextmanager
async def _lagging(servers: Pair) -> AsyncIterator[None]:
    """Have the standby receive everything and show nothing of it."""
    async with superuser(servers.standby) as standby:
        await standby.execute("SELECT pg_wal_replay_pause()")
        try:
            yield
        finally:
            await standby.execute("SELECT pg_wal_replay_resume()")


async def test_a_replica_that_has_caught_up_is_read_and_one_that_has_not_is_not(servers: Pair, db: Database) -> None:
    await until(lambda: _is_read_on_the_replica(db), 30, "it has caught up")
    async with _lagging(servers):
        assert await _is_read_on_the_replica(db), "nothing was written meanwhile"
        await _say(db, "a new word")
        assert not await _is_read_on_the_replica(db)
        assert await db.browse(lambda conn: conn.one(_SAID)) == "a new word"
    await until(lambda: _is_read_on_the_replica(db), 30, "it has caught up again")
    assert await db.browse(lambda conn: conn.one(_SAID)) == "a new word"


@pytest.mark.audit
async def test_whoever_reads_after_a_write_was_acknowledged_sees_it(servers: Pair, db: Database) -> None:
    other = ReplicatedDatabase(servers.primary_url, servers.replica_url)
    await other.open()
    on_the_replica = 0

    async def read(conn: Conn) -> tuple[str, bool]:
        return await conn.one(_SAID), await conn.one(_IS_REPLICA)

    for number in range(300):
        await _say(db, f"word {number}")
        for reader in (db, other):
            said, was_replica = await reader.browse(read)
            assert said == f"word {number}"
            on_the_replica += was_replica
        await asyncio.sleep(0.001 * (number % 5))
    await other.close()
    assert on_the_replica, "some of it was read there"


async def test_what_fails_on_the_replica_is_read_on_the_primary(servers: Pair) -> None:
    db = ReplicatedDatabase(servers.primary_url, servers.replica_url, pause=0.2)
    await db.open()
    await until(lambda: _is_read_on_the_replica(db), 30, "it has caught up")

    async def break_there(conn: Conn) -> bool:
        if is_replica := await conn.one(_IS_REPLICA):
            await conn.one(_BREAK)
        return is_replica

    assert await db.browse(break_there) is False
    assert not await _is_read_on_the_replica(db), "it is left be for a while"
    await until(lambda: _is_read_on_the_replica(db), 30, "it is used again")

    servers.stop_standby()
    try:
        for _ in range(20):
            assert not await _is_read_on_the_replica(db)
    finally:
        servers.start_standby()
    await until(lambda: _is_read_on_the_replica(db), 30, "it is back")
    await db.close()


async def test_a_forum_starts_while_its_replica_is_down(servers: Pair, tmp_path: Path) -> None:
    nowhere = servers.replica_url.replace(servers.standby.host, str(tmp_path))
    database = ReplicatedDatabase(servers.primary_url, nowhere)
    await database.open()
    assert not await _is_read_on_the_replica(database)
    await database.close()


async def test_a_standby_of_another_history_is_not_read_however_far_it_is(servers: Pair) -> None:
    standby = Database(servers.replica_url)
    await standby.open()
    async with standby.read() as conn:
        position = await conn.one(_POSITION)
    assert position.timeline
    for asked, is_fit in (
        (position, True),
        (Position(position.lsn, position.timeline + 1), False),
        (Position("FF/0", position.timeline), False),
        (Position(None, None), False),
    ):
        async with caught_up(standby, asked) as conn_or_none:
            assert (conn_or_none is not None) == is_fit, asked
    await standby.close()
    primary = Database(servers.primary_url)
    await primary.open()
    async with caught_up(primary, position) as conn_or_none:
        assert conn_or_none is None, "what takes writes is no replica: it may be a second primary"
    await primary.close()


@pytest.mark.audit
async def test_the_standby_takes_the_primarys_place_and_every_acknowledged_reply_is_there(data_dir: Path) -> None:
    with pair() as servers:
        await servers.wait_for_nobody_but()
        with forum(
            data_dir,
            FORUM_WORKERS="2",
            FORUM_DATABASE_URL=servers.url,
            FORUM_MIGRATION_URL=servers.owner_url,
            FORUM_DATABASE_REPLICA_URL=servers.replica_url,
        ) as process:
            await _search_shows_what_is_true(process, servers)
            await _writes_go_on(process, servers)
            assert process.stop() == 0


async def _search_shows_what_is_true(process: ForumProcess, servers: Pair) -> None:
    """Search while the standby lags: one's own post is found at once, and what was deleted is found by nobody."""
    async with Person(process.url) as maria, Person(process.url) as nikos:
        await maria.sign_in(people.email("maria"))
        await nikos.sign_in(people.email("nikos"))
        topic = await maria.start_topic("Έργα για το ρέμα")

        async def is_searched_there() -> bool:
            assert "Έργα για το ρέμα" in (await nikos.get("/search?q=ρέμα"))[1]
            async with superuser(servers.standby) as standby:
                return bool(await standby.fetchval("SELECT count(*) FROM pg_stat_activity WHERE usename = 'koinon'"))

        await until(is_searched_there, 30, "the standby is used")
        async with _lagging(servers):
            await maria.start_topic("Πάνελ στις στέγες")
            assert "Πάνελ στις στέγες" in (await maria.get("/search?q=στέγες"))[1], "one's own write"
            assert "Πάνελ στις στέγες" in (await nikos.get("/search?q=στέγες"))[1], "another's"
            await maria.get(f"/topics/{topic}/proto")
            assert (await maria.submit(f"/topics/{topic}/delete"))[0] == 303
            assert "Έργα για το ρέμα" not in (await nikos.get("/search?q=ρέμα"))[1]


async def _writes_go_on(process: ForumProcess, servers: Pair) -> None:
    async with Person(process.url) as person:
        await person.sign_in(people.email("maria"))
        topic = await person.start_topic("Πρώτο")
        writers = [_Writer(process, topic, name) for name in ("maria", "nikos", "sophie")]
        writing = [asyncio.create_task(writer.write()) for writer in writers]

        async def is_under_way() -> bool:
            return min(len(writer.acknowledged) for writer in writers) >= 15

        await until(is_under_way, 60, "replies are written")
        stood = await _foundations(servers.primary)
        servers.kill_primary()
        await asyncio.gather(*writing)
        await asyncio.to_thread(servers.promote)

        async def writes() -> bool:
            return (await person.submit(f"/topics/{topic}/posts", body="Μετά την εναλλαγή"))[0] == 303

        await until(writes, 60, "the forum writes again by itself")
    stands = await _foundations(servers.standby)
    assert stands[0] == stood[0], "the premise: nothing was changed that pages rest on"
    assert stands[1] != stood[1], "what is kept is not what another primary may mean by the same versions"
    async with superuser(servers.standby) as promoted:
        present = [
            row["body"] for row in await promoted.fetch("SELECT body FROM posts WHERE topic_id = $1", int(topic))
        ]
    acknowledged = {text for writer in writers for text in writer.acknowledged}
    assert acknowledged <= set(present), "every promised reply is there"
    assert len(present) == len(set(present)), "none stands twice"


async def _foundations(server: Endpoint) -> tuple[int, int]:
    """Return the version of the foundations by itself, and as pages are kept under it."""
    async with superuser(server) as connection:
        (row,) = await connection.fetch(f"SELECT foundations.version, {FOUNDATIONS} FROM foundations")
    return row[0], row[1]


class _Writer:
    """Replies one after the other until an answer is no promise, and remembers those that were."""

    def __init__(self, process: ForumProcess, topic: str, name: str) -> None:
        self._process, self._topic, self._name = process, topic, name
        self.acknowledged: list[str] = []

    async def write(self) -> None:
        async with Person(self._process.url) as person:
            await person.sign_in(people.email(self._name))
            for number in range(10_000):
                text = f"{self._name} {number}"
                try:
                    status, _ = await person.submit(f"/topics/{self._topic}/posts", body=text)
                except (aiohttp.ClientError, TimeoutError):
                    return
                if status != 303:
                    return
                self.acknowledged.append(text)
