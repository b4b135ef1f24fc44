"""One PostgreSQL a test process, one database a test, cloned from a template that holds the seeds and the cast."""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from aiohttp import CookieJar, web
from aiohttp.test_utils import TestClient
from pydantic import SecretStr

from forum.config import Config
from forum.db import Database, RawConnection, connect
from forum.migrations import migrate
from forum.postgres import EmbeddedServer, Endpoint
from tests import cast as people
from tests.cast import Cast

_TEMPLATE = "koinon_template"
_numbers = itertools.count(1)


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
            pool.submit(asyncio.run, _make_template(endpoint)).result()
        yield endpoint
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


async def _make_template(endpoint: Endpoint) -> None:
    owner = await connect(endpoint.url("postgres", EmbeddedServer.SUPERUSER))
    await owner.execute("CREATE ROLE koinon_owner LOGIN; CREATE ROLE koinon LOGIN")
    await owner.execute(f"CREATE DATABASE {_TEMPLATE} OWNER koinon_owner")
    await owner.close()
    await migrate(endpoint.url(_TEMPLATE, "koinon_owner"), application_role="koinon")
    connection = await connect(endpoint.url(_TEMPLATE, "koinon_owner"))
    await people.put_in(connection)
    await connection.close()


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A data directory for a forum of the test's own, which the account PostgreSQL runs under can reach."""
    folder = Path(tempfile.mkdtemp(prefix="koinon-drill-"))
    folder.chmod(0o755)
    yield folder / "data"
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def database_name(postgres: Endpoint) -> AsyncIterator[str]:
    """The name of a database of the test's own."""
    name = f"test_{next(_numbers)}"
    superuser = await connect(postgres.url("postgres", EmbeddedServer.SUPERUSER))
    await superuser.execute(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE} OWNER koinon_owner")
    try:
        yield name
    finally:
        await superuser.execute(f"DROP DATABASE {name} WITH (FORCE)")
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
async def site(config: Config, database_url: str, cast: Cast, aiohttp_server: Any) -> AsyncIterator[Any]:
    """The application on a port of its own."""
    from forum.app import create_app  # noqa: PLC0415 - tests of the domain need no application
    from forum.passwords import Hasher, Parameters  # noqa: PLC0415
    from tests.site import Site  # noqa: PLC0415

    app = create_app(config, database_url, hasher=Hasher(parameters=Parameters.TESTING))
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
