"""Running the forum: the port bound, the database made ready, its processes under a supervisor, an orderly end.

This process holds the embedded server, and brings it back when it dies; it is the only one that does. What answers
requests and does jobs is `processes`', each in a process of its own: nothing of it is imported here.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import resource
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from forum import config as settings
from forum import logs
from forum.backup.nightly import Nightly
from forum.config import Config
from forum.db import Database, connect
from forum.domain import setup
from forum.errors import CommandError
from forum.metrics import Metrics, shared
from forum.migrations import migrate
from forum.postgres import EmbeddedServer
from forum.processes.supervisor import Supervisor

_log = logging.getLogger("forum.server")

_FILES: Final = 65_536
"""Open files, and so connections, that the process asks for; many systems give 1,024 to who does not ask."""

_BACKLOG: Final = 512
"""Connections that wait to be accepted."""

_REVIVAL_SECONDS: Final = 5.0
"""How long one try to bring the embedded server back may take: stopping waits for it."""

_OWNER: Final = "koinon_owner"
_APPLICATION: Final = "koinon"
_NAME: Final = "koinon"


@dataclass(frozen=True, slots=True)
class Ready:
    """A database: where the application and the tables' owner reach it, and our server if it is ours."""

    url: str
    owner_url: str
    embedded: EmbeddedServer | None

    @property
    def application_role(self) -> str | None:
        """The application's role, where it is another than the owner's."""
        return urlsplit(self.url).username if self.owner_url != self.url else None


@contextlib.contextmanager
def database(config: Config) -> Iterator[Ready]:
    """Start or reach the database, bring it up to date, and let go of it at the end."""
    with provisioned(config) as ready:
        asyncio.run(migrate(ready.owner_url, application_role=ready.application_role))
        yield ready


@contextlib.contextmanager
def provisioned(config: Config) -> Iterator[Ready]:
    """Start or reach the database, which is made if it is ours, but nothing in it."""
    with reached(config) as ready:
        if ready.embedded is not None:
            asyncio.run(_provision(ready.embedded.endpoint.url("postgres", EmbeddedServer.SUPERUSER)))
        yield ready


@contextlib.contextmanager
def reached(config: Config) -> Iterator[Ready]:
    """Start or reach the database as it stands, which may be empty or older; nothing in it is made or changed."""
    if not config.uses_embedded_database:
        url = config.database_url.get_secret_value()
        yield Ready(url, config.migration_url.get_secret_value() or url, None)
        return
    server = EmbeddedServer(config.data_dir, pg_bin=config.pg_bin, pg_user=config.pg_user)
    endpoint = server.start()
    try:
        if server.notice:
            print(server.notice, file=sys.stderr)
        yield Ready(endpoint.url(_NAME, _APPLICATION), endpoint.url(_NAME, _OWNER), server)
    finally:
        server.stop()


async def is_made(server: EmbeddedServer) -> bool:
    """Say whether an embedded server has the forum's database yet."""
    connection = await connect(server.endpoint.url("postgres", EmbeddedServer.SUPERUSER))
    try:
        return bool(await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", _NAME))
    finally:
        await connection.close()


async def _provision(url: str) -> None:
    """Make the two roles and the database, where they are missing; of two processes at once, one waits."""
    connection = await connect(url)
    try:
        await connection.execute("SELECT pg_advisory_lock(1802464622)")
        for role in (_OWNER, _APPLICATION):
            if not await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", role):
                await connection.execute(f"CREATE ROLE {role} LOGIN")
        if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", _NAME):
            await connection.execute(f"CREATE DATABASE {_NAME} OWNER {_OWNER}")
            await connection.execute(f"REVOKE ALL ON DATABASE {_NAME} FROM PUBLIC")
            await connection.execute(f"GRANT CONNECT ON DATABASE {_NAME} TO {_APPLICATION}")
    finally:
        await connection.close()


def serve(config: Config, given: Mapping[str, object]) -> None:
    """Answer requests and do the jobs until told to stop; `given` are the settings from the command line."""
    logs.configure(config.log)
    _allow_files()
    settings.secret_key(config)
    listening = _bind(config)
    # The processes get ready while the database does.
    with (
        contextlib.closing(listening),
        shared(),
        Supervisor(config, given, listening) as supervisor,
        database(config) as ready,
    ):
        link = asyncio.run(_setup_link(ready.url, config))
        with _nights(config, ready) as nightly:
            _run(supervisor, ready, lambda: _announce(config, link), nightly)


def work(config: Config) -> None:
    """Do the jobs alone until told to stop."""
    logs.configure(config.log)
    with shared(), Supervisor(config, {}, None) as supervisor, database(config) as ready:
        _run(supervisor, ready, lambda: print("Koinon does its jobs here. Ctrl-C stops it.", flush=True))


def _run(supervisor: Supervisor, ready: Ready, announce: Callable[[], None], nightly: Nightly | None = None) -> None:
    if ready.embedded is None:
        supervisor.run("", announce=announce)
        return
    beside = [partial(_keep_alive, ready.embedded, supervisor.metrics)]
    if nightly:
        beside.append(partial(_watch_nights, nightly))
    supervisor.run(ready.url, announce=announce, beside=beside)


@contextlib.contextmanager
def _nights(config: Config, ready: Ready) -> Iterator[Nightly | None]:
    """Give what saves the embedded database every night, when it is looked at; another's is its keepers' to save."""
    if ready.embedded is None:
        yield None
        return
    nightly = Nightly(config.backup_folder, config.backup_keep, ready.embedded.made_at)
    try:
        yield nightly
    finally:
        nightly.end()


def _allow_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(hard, _FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _bind(config: Config) -> socket.socket:
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((config.host, config.port))
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            raise CommandError(
                f"port {config.port} on {config.host} is taken: perhaps the forum already runs at {config.url}; "
                "else choose another with FORUM_PORT"
            ) from None
        raise CommandError(f"cannot listen on {config.host}:{config.port}: {error.strerror}") from None
    except OverflowError:
        raise CommandError(f"FORUM_PORT: {config.port} is not a port") from None
    listening.setblocking(False)
    return listening


async def _setup_link(url: str, config: Config) -> str | None:
    db = Database(url, pool_size=1)
    await db.open()
    try:
        async with db.write() as tx:
            token = await setup.issue(tx)
    finally:
        await db.close()
    return f"{config.url}/setup/{token}" if token else None


def _announce(config: Config, link: str | None) -> None:
    print(f"Koinon answers at {config.url}")
    if link:
        print(f"Create the first administrator here (once, within 24 hours):\n  {link}")
    print("Ctrl-C stops it.", flush=True)


async def _watch_nights(nightly: Nightly) -> None:
    while True:
        await asyncio.to_thread(nightly.look)
        await asyncio.sleep(1)


async def _keep_alive(server: EmbeddedServer, metrics: Metrics) -> None:
    """Bring the embedded server back when it dies, waiting longer after each failure."""
    pause, is_down = 1.0, False
    while True:
        await asyncio.sleep(pause)
        try:
            # Where a start took longer than it was waited for, the database is found running the next time.
            if await asyncio.to_thread(server.revive, _REVIVAL_SECONDS) or is_down:
                _log.warning("the database had stopped and was started again")
                metrics.database_restarts.inc()
            pause, is_down = 1.0, False
        except CommandError as error:
            is_down = True
            pause = min(pause * 2, 30.0)
            _log.error("the database does not start: %s", error)
