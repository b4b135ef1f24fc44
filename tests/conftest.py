"""One PostgreSQL a test process; every test finds its database with the seeds and the cast, and nothing else."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import hypothesis
import pytest
from aiohttp import CookieJar, web
from aiohttp.test_utils import TestClient
from pydantic import SecretStr

from forum.app import create_app
from forum.config import Config
from forum.db import Database, RawConnection, connect
from forum.markup import Renderer
from forum.migrations import migrate
from forum.passwords import Hasher, Parameters
from forum.postgres import EmbeddedServer, Endpoint
from tests import cast as people
from tests.cast import Cast
from tests.site import Site

# No example is judged by the clock: on a busy machine any of them may take longer than it does by itself.
hypothesis.settings.register_profile("koinon", deadline=None)
hypothesis.settings.load_profile("koinon")

_DATABASE: Final = "koinon_test"
_OWN: Final = "koinon_test_own"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Endpoint]:
    """A server of the test process's own; FORUM_TEST_PG_BIN runs the suite on another PostgreSQL."""
    folder = Path(tempfile.mkdtemp(prefix="koinon-test-"))
    folder.chmod(0o755)  # as root PostgreSQL runs under an account that has to get in
    named = os.environ.get("FORUM_TEST_PG_BIN")
    server = EmbeddedServer(
        folder,
        pg_bin=Path(named) if named else None,
        settings={"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"},
    )
    endpoint = server.start()
    try:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(asyncio.run, _make_database(endpoint)).result()
        yield endpoint
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


async def _make_database(endpoint: Endpoint) -> None:
    """Make the database of all tests, and keep what it begins with in a schema of its own."""
    superuser = await connect(endpoint.url("postgres", EmbeddedServer.SUPERUSER))
    await superuser.execute("CREATE ROLE koinon_owner LOGIN; CREATE ROLE koinon LOGIN")
    await superuser.execute(f"CREATE DATABASE {_DATABASE} OWNER koinon_owner")
    await superuser.close()
    await migrate(endpoint.url(_DATABASE, "koinon_owner"), application_role="koinon")
    connection = await connect(endpoint.url(_DATABASE, "koinon_owner"))
    await people.put_in(connection)
    await connection.close()
    superuser = await connect(endpoint.url(_DATABASE, EmbeddedServer.SUPERUSER))
    await superuser.execute(_KEEP)
    await superuser.close()


_KEEP: Final = """
CREATE SCHEMA beginning;
CREATE TABLE beginning.numbers AS
SELECT schemaname || '.' || sequencename AS sequence, coalesce(last_value, 0) AS last_value FROM pg_sequences;
DO $$
DECLARE name text;
BEGIN
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('CREATE TABLE beginning.%I AS TABLE public.%I', name, name);
    END LOOP;
END $$;
"""

_BEGIN_ANEW: Final = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend';
SET session_replication_role = replica;
DO $$
DECLARE
    name text;
BEGIN
    EXECUTE (
        SELECT 'TRUNCATE ' || string_agg(format('public.%I', tablename), ', ') || ' RESTART IDENTITY'
        FROM pg_tables WHERE schemaname = 'public'
    );
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('INSERT INTO public.%I OVERRIDING SYSTEM VALUE SELECT * FROM beginning.%I', name, name);
    END LOOP;
    PERFORM setval(sequence::regclass, last_value) FROM beginning.numbers WHERE last_value > 0;
END $$;
"""


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A data directory for a forum of the test's own, which the account PostgreSQL runs under can reach."""
    folder = Path(tempfile.mkdtemp(prefix="koinon-drill-"))
    folder.chmod(0o755)
    yield folder / "data"
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def database_name(postgres: Endpoint, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """The name of the database, as it was at the beginning: what the last test left is gone.

    A test that changes the schema is marked `own_database` and gets a copy that is dropped afterwards.
    """
    superuser = await connect(postgres.url(_DATABASE, EmbeddedServer.SUPERUSER))
    await superuser.execute(_BEGIN_ANEW)
    await superuser.close()
    if request.node.get_closest_marker("own_database") is None:
        yield _DATABASE
        return
    superuser = await connect(postgres.url("postgres", EmbeddedServer.SUPERUSER))
    try:
        await superuser.execute(f"CREATE DATABASE {_OWN} TEMPLATE {_DATABASE} OWNER koinon_owner")
        yield _OWN
    finally:
        await superuser.execute(f"DROP DATABASE IF EXISTS {_OWN} WITH (FORCE)")
        await superuser.close()


@pytest.fixture
def database_url(postgres: Endpoint, database_name: str) -> str:
    """The database as the application's own role reaches it."""
    return postgres.url(database_name, "koinon")


@pytest.fixture
async def owner(postgres: Endpoint, database_name: str) -> AsyncIterator[RawConnection]:
    """A connection of the owner, to arrange and to look at what the application may not."""
    connection = await connect(postgres.url(database_name, "koinon_owner"))
    yield connection
    await connection.close()


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    """The application's pool."""
    database = Database(database_url, pool_size=10)
    await database.open()
    yield database
    await database.close()


@pytest.fixture
async def cast(owner: RawConnection) -> Cast:
    return await people.load(owner)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """Settings without limits of rate; a test that is about them makes its own."""
    return Config(_env_file=None, data_dir=tmp_path, secret_key=SecretStr("k" * 64), rate_limits=0)


@pytest.fixture
async def site(config: Config, database_url: str, cast: Cast, aiohttp_server: Any) -> AsyncIterator[Site]:
    """The application on a port of its own."""
    hasher, renderer = Hasher(parameters=Parameters.TESTING), Renderer(children=1, eager=False)
    app = create_app(config, database_url, hasher=hasher, renderer=renderer)
    server = await aiohttp_server(app)
    clients: list[TestClient[web.Request, web.Application]] = []

    async def new_client() -> TestClient[web.Request, web.Application]:
        client = TestClient(
            server, cookie_jar=CookieJar(unsafe=True, treat_as_secure_origin=server.make_url("/").origin())
        )
        clients.append(client)
        return client

    yield Site(app, new_client, cast)
    for client in clients:
        await client.session.close()
