"""Migrations that are killed, that others are in the way of, and that several processes begin at once."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from forum.db import Database, RawConnection, connect
from forum.errors import CommandError
from forum.migrations import migrate, names
from forum.postgres import EmbeddedServer, Endpoint
from forum.transactions import Watch

_NAME: Final = "koinon_bare"
_SECONDS: Final = 20.0

_SLOW: Final = """
CREATE FUNCTION dawdle() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_sleep(600) FROM pg_event_trigger_ddl_commands() WHERE object_identity = 'public.topics';
END $$;
CREATE EVENT TRIGGER dawdle ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION dawdle();
"""


@pytest.fixture
async def superuser(postgres: Endpoint) -> AsyncIterator[RawConnection]:
    """A connection to a new database with nothing in it."""
    first = await connect(postgres.url("postgres", EmbeddedServer.SUPERUSER))
    await first.execute(f"CREATE DATABASE {_NAME} TEMPLATE template0 OWNER koinon_owner")
    try:
        connection = await connect(postgres.url(_NAME, EmbeddedServer.SUPERUSER))
        yield connection
        await connection.close()
    finally:
        await first.execute(f"DROP DATABASE {_NAME} WITH (FORCE)")
        await first.close()


@pytest.fixture
def url(postgres: Endpoint, superuser: RawConnection) -> str:
    return postgres.url(_NAME, "koinon_owner")


async def until(connection: RawConnection, condition: str) -> None:
    async with asyncio.timeout(_SECONDS):
        while not await connection.fetchval(f"SELECT {condition}"):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


_SLEEPS: Final = "EXISTS (SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep')"
_IS_EMPTY: Final = "NOT EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = 'public')"


async def test_a_migration_killed_half_way_leaves_nothing_and_the_next_one_does_it_all(
    superuser: RawConnection, url: str, tmp_path: Path
) -> None:
    await superuser.execute(_SLOW)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("FORUM_")},
        "FORUM_DATABASE_URL": url,
        "FORUM_DATA_DIR": str(tmp_path),
    }
    migrating = subprocess.Popen(
        [sys.executable, "run.py", "migrate"], cwd=Path(__file__).parents[2], env=environment, stderr=subprocess.PIPE
    )
    await until(superuser, _SLEEPS)
    migrating.kill()
    migrating.communicate()
    # In the middle of a statement that goes on for ten minutes the server notices that nobody waits for it.
    await until(superuser, f"NOT {_SLEEPS}")
    assert await superuser.fetchval(f"SELECT {_IS_EMPTY}")
    await superuser.execute("DROP EVENT TRIGGER dawdle; DROP FUNCTION dawdle")
    assert await migrate(url) == names()


async def test_of_those_who_migrate_at_once_one_does_and_the_others_wait(superuser: RawConnection, url: str) -> None:
    done = await asyncio.gather(*(migrate(url) for _ in range(4)))
    assert sorted(map(len, done)) == [0, 0, 0, len(names())]


async def test_a_migration_lets_those_pass_who_are_in_its_way_and_comes_back(
    superuser: RawConnection, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    await migrate(url)
    other = await connect(url, application_name="a report")
    async with other.transaction():
        await other.execute("LOCK TABLE schema_migrations")
        with caplog.at_level(logging.WARNING, "forum.migrations"):
            migrating = asyncio.create_task(migrate(url, lock_seconds=0.2))
            async with asyncio.timeout(_SECONDS):
                while len(caplog.records) < 2:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
    assert await migrating == []
    pid = other.get_server_pid()
    assert f"process {pid} (a report) has a transaction open" in caplog.records[-1].getMessage()
    await other.close()


async def test_a_migration_that_cannot_be_done_says_who_is_in_the_way(superuser: RawConnection, url: str) -> None:
    await migrate(url)
    async with superuser.transaction():
        await superuser.execute("LOCK TABLE schema_migrations")
        with pytest.raises(
            CommandError, match=f"in use by others, and was not migrated: .*{superuser.get_server_pid()}"
        ):
            await migrate(url, patience=0, lock_seconds=0.1)


# Transactions that stay open ---------------------------------------------------------------------


async def test_a_forgotten_transaction_is_named_with_its_process(
    db: Database, owner: RawConnection, caplog: pytest.LogCaptureFixture
) -> None:
    """The application's role may not see what the owner does; it sees yet that something is open."""
    watch = Watch(long=300)
    pid = owner.get_server_pid()

    async def look(now: float) -> list[str]:
        caplog.clear()
        async with db.read() as conn:
            await watch.look(conn, now)
        return [record.getMessage() for record in caplog.records]

    with caplog.at_level(logging.WARNING, "forum.transactions"):
        assert await look(0) == []
        async with owner.transaction():
            await owner.execute("SELECT 1")
            assert await look(60) == []
            assert await look(300) == []
            (line,) = await look(361)
            assert line.startswith(f"process {pid} of the database (koinon) has had a transaction open for 301 s")
            assert f"pg_terminate_backend({pid})" in line
            assert await look(420) == [], "once, not every minute"
            assert len(await look(700)) == 1, "and again when it is twice as old"
        assert await look(10_000) == []
        async with owner.transaction():
            await owner.execute("SELECT 1")
            assert await look(10_060) == [], "another transaction is another one"


async def test_a_transaction_of_the_forums_own_role_is_as_old_as_the_server_says(
    db: Database, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    other = await connect(database_url)
    async with other.transaction():
        await other.execute("SELECT pg_sleep(0.2)")
        async with db.read() as conn:
            with caplog.at_level(logging.WARNING, "forum.transactions"):
                await Watch(long=0.2).look(conn, 5.0)
    assert "idle in transaction" in caplog.text
    await other.close()
