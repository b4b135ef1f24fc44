"""What is older than the audit log is kept goes, by one way alone, and nobody can make that way wider."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from forum.config import Config
from forum.db import Database, RawConnection, RawError, connect
from forum.domain import audit
from forum.migrations import migrate
from forum.postgres import EmbeddedServer, Endpoint
from forum.worker import JOBS, Worker

_ENTER = "INSERT INTO audit_entries (act, subject, created_at) VALUES ('test.made', 'test', now() - $1::interval)"
_EXPIRED = "SELECT expire_audit_entries($1::interval)"


@pytest.fixture
async def application(postgres: Endpoint, database_name: str) -> AsyncIterator[RawConnection]:
    """The application's role, as it is for who has found a way to make it carry out any statement."""
    connection = await connect(postgres.url(database_name, "koinon"))
    yield connection
    await connection.close()


async def _ages(owner: RawConnection) -> list[int]:
    return [
        row[0]
        for row in await owner.fetch(
            "SELECT extract(day FROM now() - created_at)::integer FROM audit_entries ORDER BY created_at"
        )
    ]


async def _enter(owner: RawConnection, *days: int) -> None:
    for age in days:
        await owner.execute(_ENTER, timedelta(days=age))


async def test_what_is_older_goes_and_the_rest_stays(db: Database, owner: RawConnection) -> None:
    await _enter(owner, 1000, 800, 729, 364, 0)
    async with db.write() as tx:
        assert await audit.expire(tx, timedelta(days=730)) == 2
        assert await audit.expire(tx, timedelta(days=730)) == 0
    assert await _ages(owner) == [729, 364, 0]


async def test_the_job_deletes_all_that_is_due_once_a_day(db: Database, config: Config, owner: RawConnection) -> None:
    await owner.execute(
        "INSERT INTO audit_entries (act, subject, created_at)"
        " SELECT 'test.made', 'test', now() - interval '3 years' FROM generate_series(1, 5001)"
    )
    await _enter(owner, 729)
    [job] = [job for job in JOBS if job.name == "audit"]
    await owner.execute("INSERT INTO jobs (name, done_at) VALUES ('audit', now() - interval '25 hours')")
    await Worker(db, config).attempt(job)
    assert await _ages(owner) == [729]
    assert await Worker(db, config).attempt(job) > 1, "once a day"


async def test_a_longer_time_keeps_more(db: Database, config: Config, owner: RawConnection) -> None:
    await _enter(owner, 1100, 800)
    [job] = [job for job in JOBS if job.name == "audit"]
    await job.run(db, config.model_copy(update={"audit_days": 1000}))
    assert await _ages(owner) == [800]


def test_less_than_a_year_cannot_be_set() -> None:
    with pytest.raises(ValueError, match="365"):
        Config(_env_file=None, audit_days=364)
    assert Config(_env_file=None, audit_days=365).audit_days == 365


@pytest.mark.parametrize(
    "interval",
    [
        "'364 days'",
        "'0 days'",
        "'-1 day'",
        "'12 months -5 days'",
        "'-1000 months 30400 days'",  # longer than a year as intervals are compared, and ends in the future
        "'-9000 hours'",
        "NULL",
    ],
)
async def test_nothing_younger_than_a_year_can_be_asked_for(
    application: RawConnection, owner: RawConnection, interval: str
) -> None:
    await _enter(owner, 400, 366, 300, 0)
    with pytest.raises(RawError, match="365 days at least"):
        await application.execute(f"SELECT expire_audit_entries({interval}::interval)")
    assert await _ages(owner) == [400, 366, 300, 0]


@pytest.mark.parametrize(
    "attempt",
    [
        "DELETE FROM audit_entries",
        "UPDATE audit_entries SET act = 'x.y'",
        "TRUNCATE audit_entries",
        "ALTER TABLE audit_entries DISABLE TRIGGER ALL",
        "DROP TRIGGER audit_entries_append_only ON audit_entries",
        "SET session_replication_role = replica",
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "CREATE FUNCTION public.now() RETURNS timestamptz LANGUAGE sql AS 'SELECT ''infinity''::timestamptz'",
        "SET ROLE koinon_owner",
        "SELECT set_config('role', 'koinon_owner', false)",
        "GRANT DELETE ON audit_entries TO koinon; DELETE FROM audit_entries",
    ],
)
async def test_the_application_has_no_other_way(application: RawConnection, owner: RawConnection, attempt: str) -> None:
    await _enter(owner, 1000, 400, 0)
    await application.execute("SET koinon.expiring = 'on'")
    with pytest.raises(RawError, match=r"permission denied|must be owner|must be able to SET ROLE|append-only"):
        await application.execute(attempt)
    assert await _ages(owner) == [1000, 400, 0]


async def test_what_the_application_puts_in_the_way_of_names_changes_nothing(
    application: RawConnection, owner: RawConnection
) -> None:
    await _enter(owner, 1000, 300, 0)
    await application.execute("""
        CREATE TEMPORARY TABLE audit_entries (id bigint, created_at timestamptz);
        CREATE FUNCTION pg_temp.now() RETURNS timestamptz LANGUAGE sql AS 'SELECT ''infinity''::timestamptz';
        CREATE FUNCTION pg_temp.set_config(text, text, boolean) RETURNS text LANGUAGE sql AS 'SELECT ''on''';
        SET search_path = pg_temp, public, pg_catalog;
        SET timezone = 'Pacific/Kiritimati';
    """)
    assert await application.fetchval("SELECT public.expire_audit_entries('365 days'::pg_catalog.interval)") == 1
    assert await _ages(owner) == [300, 0]
    with pytest.raises(RawError, match="permission denied"):
        await application.execute("DELETE FROM public.audit_entries")


async def test_the_way_is_shut_behind_who_has_gone_it(application: RawConnection, owner: RawConnection) -> None:
    await _enter(owner, 1000, 400)
    async with owner.transaction():
        assert await owner.fetchval(_EXPIRED, timedelta(days=730)) == 1
        with pytest.raises(RawError, match="append-only"):
            async with owner.transaction():
                await owner.execute("DELETE FROM audit_entries")
    async with application.transaction():
        assert await application.fetchval(_EXPIRED, timedelta(days=365)) == 1
        assert await application.fetchval("SELECT current_setting('koinon.expiring', true)") == ""
        with pytest.raises(RawError, match="permission denied"):
            async with application.transaction():
                await application.execute("DELETE FROM audit_entries")


async def test_nobody_but_the_application_and_the_owner_may_call_it(
    postgres: Endpoint, database_name: str, owner: RawConnection
) -> None:
    superuser = await connect(postgres.url(database_name, EmbeddedServer.SUPERUSER))
    try:
        assert await superuser.fetchval(
            "SELECT has_function_privilege('koinon', 'expire_audit_entries(interval)', 'execute')"
        )
        await superuser.execute("CREATE ROLE somebody")
        assert not await superuser.fetchval(
            "SELECT has_function_privilege('somebody', 'expire_audit_entries(interval)', 'execute')"
        )
    finally:
        await superuser.execute("DROP ROLE IF EXISTS somebody")
        await superuser.close()


async def test_not_even_the_owner_deletes_what_is_younger_than_a_year(owner: RawConnection) -> None:
    await _enter(owner, 1000, 300)
    async with owner.transaction():
        await owner.execute("SET LOCAL koinon.expiring = 'on'")
        with pytest.raises(RawError, match="append-only"):
            async with owner.transaction():
                await owner.execute("DELETE FROM audit_entries")
        for attempt in ("UPDATE audit_entries SET act = 'x.y'", "TRUNCATE audit_entries"):
            with pytest.raises(RawError, match="append-only"):
                async with owner.transaction():
                    await owner.execute(attempt)
    assert await _ages(owner) == [1000, 300]


async def test_one_role_that_does_everything_can_expire_too(postgres: Endpoint) -> None:
    superuser = await connect(postgres.url("postgres", EmbeddedServer.SUPERUSER))
    await superuser.execute("CREATE ROLE alone LOGIN")
    await superuser.execute("CREATE DATABASE of_one_role OWNER alone")
    url = postgres.url("of_one_role", "alone")
    try:
        await migrate(url)
        db = Database(url, pool_size=1)
        await db.open()
        own = await connect(url)
        await _enter(own, 800, 400)
        async with db.write() as tx:
            assert await audit.expire(tx, timedelta(days=730)) == 1
        with pytest.raises(RawError, match="append-only"):
            await own.execute("DELETE FROM audit_entries")
        assert await _ages(own) == [400]
        await own.close()
        await db.close()
    finally:
        await superuser.execute("DROP DATABASE of_one_role WITH (FORCE)")
        await superuser.execute("DROP ROLE alone")
        await superuser.close()
