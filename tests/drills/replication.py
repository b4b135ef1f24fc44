"""Two PostgreSQL servers made of the embedded programs: a primary, and a standby that streams from it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import psutil

from forum.db import RawConnection, connect
from forum.migrations import migrate
from forum.postgres import EmbeddedServer, Endpoint
from forum.postgres.accounts import choose_account, make_private
from forum.postgres.processes import run
from forum.postgres.programs import choose_programs, runnable_programs
from tests import cast

_DATABASE: Final = "koinon"
_NAME: Final = "standby"
_PORT: Final = 5432
_CONNECTIONS: Final = 230
"""As many as the embedded server takes: a standby must take no fewer."""


class Pair:
    """The two servers; the standby is no more than data until it is started."""

    def __init__(self, folder: Path) -> None:
        named = os.environ.get("FORUM_TEST_PG_BIN")
        self._folder = folder
        self._pg_bin = Path(named) if named else None
        self._server = EmbeddedServer(folder / "primary", pg_bin=self._pg_bin)
        self.primary = self._server.start()
        self._account = choose_account(folder / "primary", "")
        found, _ = choose_programs(self._pg_bin, folder / "primary" / "postgres" / "data")
        self._bindir = runnable_programs(found, self._account, folder / "primary" / "postgres")
        for name in ("standby", "socket"):
            (folder / name).mkdir(mode=0o700)
            make_private(folder / name, self._account)
        self.standby = Endpoint(str(folder / "socket"), _PORT)
        self._data = folder / "standby" / "data"

    @property
    def url(self) -> str:
        """Whichever of the two takes writes, as the application's role reaches it."""
        return self._either("koinon")

    @property
    def owner_url(self) -> str:
        return self._either("koinon_owner")

    def _either(self, user: str) -> str:
        hosts = f"host={self.primary.host},{self.standby.host}&port={self.primary.port},{self.standby.port}"
        return f"postgresql://{user}@/{_DATABASE}?{hosts}&target_session_attrs=read-write"

    @property
    def replica_url(self) -> str:
        """The standby alone."""
        return self.standby.url(_DATABASE, "koinon")

    @property
    def primary_url(self) -> str:
        """The primary alone."""
        return self.primary.url(_DATABASE, "koinon")

    async def make_database(self) -> None:
        """Make the roles and the database with every migration and the cast in it."""
        async with superuser(self.primary, "postgres") as connection:
            await connection.execute("CREATE ROLE koinon_owner LOGIN; CREATE ROLE koinon LOGIN")
            await connection.execute(f"CREATE DATABASE {_DATABASE} OWNER koinon_owner")
        owner_url = self.primary.url(_DATABASE, "koinon_owner")
        await migrate(owner_url, application_role="koinon")
        owner = await connect(owner_url)
        await cast.put_in(owner)
        await owner.close()

    def copy(self) -> None:
        """Make the standby's data of the primary's."""
        source = f"host={self.primary.host} port={self.primary.port} user=postgres application_name={_NAME}"
        done = self._run("pg_basebackup", "-D", self._data, "-d", source, "-R", "-c", "fast", "-X", "stream")
        assert done.returncode == 0, done.stderr

    def start_standby(self) -> None:
        options = f"-c unix_socket_directories={self.standby.host} -c listen_addresses= -c port={_PORT} "
        options += f"-c max_connections={_CONNECTIONS}"
        log = self._folder / "standby" / "log"
        done = self._run("pg_ctl", "start", "-D", self._data, "-l", log, "-w", "-t", "60", "-o", options)
        assert done.returncode == 0, log.read_text()

    def stop_standby(self) -> None:
        done = self._run("pg_ctl", "stop", "-D", self._data, "-m", "fast", "-w")
        assert done.returncode == 0, done.stderr

    def promote(self) -> None:
        """Make the standby a primary."""
        done = self._run("pg_ctl", "promote", "-D", self._data, "-w", "-t", "60")
        assert done.returncode == 0, done.stderr

    async def wait_for_nobody_but(self) -> None:
        """Have no commit acknowledged from now on that the standby has not received."""
        async with superuser(self.primary, "postgres") as connection:
            await connection.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{_NAME}'")
            await connection.execute("SELECT pg_reload_conf()")
            async with asyncio.timeout(30):
                while await connection.fetchval("SELECT sync_state FROM pg_stat_replication") != "sync":  # noqa: ASYNC110 - the server's
                    await asyncio.sleep(0.05)

    def kill_primary(self) -> None:
        """Kill it with all its processes, as when the power goes."""
        pid = int((self._folder / "primary" / "postgres" / "data" / "postmaster.pid").read_text().splitlines()[0])
        postmaster = psutil.Process(pid)
        for victim in (postmaster, *postmaster.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                victim.kill()

    def end(self) -> None:
        with contextlib.suppress(AssertionError):
            self.stop_standby()
        self._server.stop()

    def _run(self, program: str, *arguments: str | Path) -> Any:
        return run(self._bindir / program, *arguments, account=self._account)


@contextlib.asynccontextmanager
async def superuser(server: Endpoint, database: str = _DATABASE) -> AsyncIterator[RawConnection]:
    """A connection that may arrange everything."""
    connection = await connect(server.url(database, EmbeddedServer.SUPERUSER))
    try:
        yield connection
    finally:
        await connection.close()


@contextlib.contextmanager
def pair() -> Iterator[Pair]:
    """Two running servers, the standby caught up, and nothing left behind."""
    folder = Path(tempfile.mkdtemp(prefix="koinon-pair-"))
    folder.chmod(0o755)  # as root PostgreSQL runs under an account that has to get in
    made = Pair(folder)
    try:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(asyncio.run, made.make_database()).result()
        made.copy()
        made.start_standby()
        yield made
    finally:
        made.end()
        shutil.rmtree(folder, ignore_errors=True)
