"""One PostgreSQL a test process; every test finds its database with the seeds and the cast, and nothing else."""

from __future__ import annotations

import asyncio
import gc
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Hashable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Thread
from typing import Any, Final

import hypothesis
import pytest
from aiohttp import CookieJar, web
from aiohttp.test_utils import TestClient
from pydantic import SecretStr

from forum.app import create_app
from forum.config import Config
from forum.db import Database, RawConnection, connect
from forum.markup import Known, Rendered, Renderer
from forum.markup.inline import NOBODY
from forum.migrations import migrate
from forum.passwords import Hasher, Parameters
from forum.postgres import EmbeddedServer, Endpoint
from tests import cast as people
from tests.cast import Cast
from tests.lengths import IS_AUDIT
from tests.site import Site

# No example is judged by the clock: on a busy machine any of them may take longer than it does by itself.
hypothesis.settings.register_profile("koinon", deadline=None)
hypothesis.settings.load_profile("koinon")

_DATABASE: Final = "koinon_test"
_UNTOUCHED: Final = "koinon_test_untouched"
_OWN: Final = "koinon_test_own"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave to the audit what is marked as its own."""
    if not IS_AUDIT and (left := [it for it in items if it.get_closest_marker("audit")]):
        items[:] = [item for item in items if item not in left]
        config.hook.pytest_deselected(items=left)


def pytest_collection_finish() -> None:
    """Take the modules and the list of tests, which live to the end, out of what every collection of garbage walks."""
    gc.freeze()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Endpoint]:
    """A server of the test process's own; FORUM_TEST_PG_BIN runs the suite on another PostgreSQL."""
    folder = Path(tempfile.mkdtemp(prefix="koinon-test-"))
    folder.chmod(0o755)  # as root PostgreSQL runs under an account that has to get in
    named = os.environ.get("FORUM_TEST_PG_BIN")
    server = EmbeddedServer(
        folder,
        pg_bin=Path(named) if named else None,
        settings={"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"},
    )
    endpoint = server.start()
    try:
        _run(_make_database(endpoint))
        yield endpoint
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Do what is asynchronous in a loop of its own, and leave the tests' loops alone."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, work).result()


async def _administer(endpoint: Endpoint, statement: str) -> None:
    superuser = await connect(endpoint.url("postgres", EmbeddedServer.SUPERUSER))
    await superuser.execute(statement)
    await superuser.close()


async def _make_database(endpoint: Endpoint) -> None:
    """Make the database of all tests, with what brings it back to its beginning, and one that stays as it is."""
    superuser = await connect(endpoint.url("postgres", EmbeddedServer.SUPERUSER))
    await superuser.execute("CREATE ROLE koinon_owner LOGIN; CREATE ROLE koinon LOGIN")
    await superuser.execute(f"CREATE DATABASE {_DATABASE} OWNER koinon_owner")
    await migrate(endpoint.url(_DATABASE, "koinon_owner"), application_role="koinon")
    connection = await connect(endpoint.url(_DATABASE, "koinon_owner"))
    await people.put_in(connection)
    await connection.close()
    await superuser.execute(f"CREATE DATABASE {_UNTOUCHED} TEMPLATE {_DATABASE} OWNER koinon_owner")
    await superuser.close()
    superuser = await connect(endpoint.url(_DATABASE, EmbeddedServer.SUPERUSER))
    await superuser.execute(_KEEP)
    await superuser.close()


# Most tests change a few tables of a few rows: only these are filled anew. A row that is newer than the table's last
# filling tells it, or their number. The lock waits until whoever is ended is gone; what dead rows have made large is
# truncated, which costs more than all the rest.
_KEEP: Final = """
CREATE SCHEMA beginning;
CREATE TABLE beginning.numbers AS SELECT schemaname, sequencename, last_value FROM pg_sequences;
CREATE TABLE beginning.tables (name text PRIMARY KEY, row_count bigint NOT NULL, filled_by xid NOT NULL);
DO $$
DECLARE
    name text;
    row_count bigint;
BEGIN
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('CREATE TABLE beginning.%I AS TABLE public.%I', 'of ' || name, name);
        GET DIAGNOSTICS row_count = ROW_COUNT;
        INSERT INTO beginning.tables VALUES (name, row_count, pg_current_xact_id()::xid);
    END LOOP;
END $$;
CREATE FUNCTION beginning.restore() RETURNS void LANGUAGE plpgsql SET session_replication_role = replica AS $$
DECLARE
    listed text := (SELECT string_agg(format('public.%I', name), ', ') FROM beginning.tables);
    kept record;
    is_changed boolean;
BEGIN
    PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend';
    EXECUTE 'LOCK TABLE ' || listed;
    IF (SELECT max(pg_relation_size(format('public.%I', name)::regclass)) FROM beginning.tables) > 512 * 1024 THEN
        EXECUTE 'TRUNCATE ' || listed;
    END IF;
    FOR kept IN SELECT * FROM beginning.tables LOOP
        EXECUTE format(
            'SELECT count(*) <> $1 OR coalesce(bool_or(age(xmin) < age($2)), false) FROM public.%I', kept.name
        ) INTO is_changed USING kept.row_count, kept.filled_by;
        CONTINUE WHEN NOT is_changed;
        EXECUTE format('DELETE FROM public.%I', kept.name);
        EXECUTE format(
            'INSERT INTO public.%I OVERRIDING SYSTEM VALUE TABLE beginning.%I', kept.name, 'of ' || kept.name
        );
        UPDATE beginning.tables SET filled_by = pg_current_xact_id()::xid WHERE name = kept.name;
    END LOOP;
    PERFORM setval(format('%I.%I', schemaname, sequencename), coalesce(a.last_value, 1), a.last_value IS NOT NULL)
    FROM beginning.numbers AS a JOIN pg_sequences AS b USING (schemaname, sequencename)
    WHERE a.last_value IS DISTINCT FROM b.last_value;
END $$;
"""


@pytest.fixture(scope="session")
def begin_anew(postgres: Endpoint) -> Iterator[Callable[[], object]]:
    """Bring the database back to its beginning, over one connection in a loop of its own."""
    loop = asyncio.new_event_loop()
    superuser = loop.run_until_complete(connect(postgres.url(_DATABASE, EmbeddedServer.SUPERUSER)))
    yield lambda: loop.run_until_complete(superuser.execute("SELECT beginning.restore()"))
    loop.run_until_complete(superuser.close())
    loop.close()


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A data directory for a forum of the test's own, which the account PostgreSQL runs under can reach."""
    folder = Path(tempfile.mkdtemp(prefix="koinon-drill-"))
    folder.chmod(0o755)
    yield folder / "data"
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def database_name(
    postgres: Endpoint, begin_anew: Callable[[], object], request: pytest.FixtureRequest
) -> Iterator[str]:
    """The name of the database, as it was at the beginning: what the last test left is gone.

    A test that changes the schema is marked `own_database` and gets a copy that is dropped afterwards.
    """
    if request.node.get_closest_marker("own_database") is None:
        begin_anew()
        yield _DATABASE
        return
    _run(_administer(postgres, f"CREATE DATABASE {_OWN} TEMPLATE {_UNTOUCHED} OWNER koinon_owner"))
    yield _OWN
    _run(_administer(postgres, f"DROP DATABASE {_OWN} WITH (FORCE)"))


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


class _SharedRenderer(Renderer):
    """One worker process for all applications of a test process, since each takes longer to start than most tests run.

    It belongs to a loop of its own in a thread, where the tests' loops, each the life of a test, leave it running.
    """

    def __init__(self) -> None:
        super().__init__(children=1)
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="markup")

    def open(self) -> None:
        self._thread.start()
        self._run(super().start())

    def end(self) -> None:
        self._run(super().close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def start(self) -> None:
        """Nothing: it runs before the application and after it."""

    async def close(self) -> None:
        """Nothing."""

    async def render(self, source: str, known: Known = NOBODY, *, owner: Hashable = None) -> Rendered:
        return await asyncio.wrap_future(
            asyncio.run_coroutine_threadsafe(super().render(source, known, owner=owner), self._loop)
        )

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result()


@pytest.fixture(scope="session")
def renderer() -> Iterator[Renderer]:
    renderer = _SharedRenderer()
    renderer.open()
    yield renderer
    renderer.end()


@pytest.fixture
async def site(
    config: Config, database_url: str, cast: Cast, renderer: Renderer, aiohttp_server: Any
) -> AsyncIterator[Site]:
    """The application on a port of its own."""
    hasher = Hasher(parameters=Parameters.TESTING)
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
