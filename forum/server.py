"""Running the forum: the database made ready, the port bound, one or several processes, and an orderly end.

The parent holds the embedded server and brings it back when it dies. With several workers each is a forked child on
the parent's socket; one that dies is replaced, and all of them end when the parent does.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import logging
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import uvloop
from aiohttp import web
from aiohttp.abc import AbstractAccessLogger

from forum import logs
from forum.app import create_app
from forum.backup.nightly import Nightly
from forum.config import Config
from forum.db import Database, connect
from forum.domain import setup
from forum.errors import CommandError
from forum.migrations import migrate
from forum.postgres import EmbeddedServer
from forum.web.connections import Connections
from forum.web.middleware import shown_path
from forum.web.protocol import Protocol

_log = logging.getLogger("forum.server")

SHUTDOWN_SECONDS: Final = 7.0
"""How long requests under way may take once the process is told to stop: the database's end is within ten seconds."""

_FILES: Final = 65_536
"""Open files, and so connections, that the process asks for; many systems give 1,024 to who does not ask."""

_BACKLOG: Final = 512
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


def serve(config: Config) -> None:
    """Answer requests until told to stop."""
    logs.configure(config.log)
    _allow_files()
    listening = _bind(config)
    with contextlib.closing(listening), database(config) as ready:
        link = asyncio.run(_setup_link(ready.url, config))
        _announce(config, link)
        with _nights(config, ready) as nightly:
            if config.workers == 1:
                _run(config, ready, listening, nightly=nightly)
            else:
                _Workers(config, ready, listening, nightly).run()


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


def _run(
    config: Config,
    ready: Ready,
    listening: socket.socket,
    *,
    parent: int | None = None,
    nightly: Nightly | None = None,
) -> None:
    """Serve in this process; as a worker, also end when the parent is gone."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_answer(config, ready, listening, parent, nightly))


async def _answer(
    config: Config, ready: Ready, listening: socket.socket, parent: int | None, nightly: Nightly | None
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    runner = web.AppRunner(create_app(config, ready.url), shutdown_timeout=SHUTDOWN_SECONDS, handler_cancellation=False)
    await runner.setup()
    # What is there from the start stays: no collection need look through it again, which takes tens of milliseconds.
    gc.collect()
    gc.freeze()
    connections = Connections(config.connections_per_address, exempt=config.trusted_proxies)
    accepting = await loop.create_server(lambda: connection(runner, connections), sock=listening, backlog=_BACKLOG)
    watches = [asyncio.create_task(_watch_parent(parent, stop))] if parent else []
    if ready.embedded and not parent:
        watches.append(asyncio.create_task(_keep_alive(ready.embedded)))
    if nightly:
        watches.append(asyncio.create_task(nightly.keep()))
    try:
        await stop.wait()
    finally:
        for watch in watches:
            watch.cancel()
        await asyncio.gather(*watches, return_exceptions=True)
        accepting.close()
        await runner.cleanup()


def connection(runner: web.AppRunner, connections: Connections) -> Protocol:
    """Return what takes one client's connection to a runner's application."""
    if runner.server is None:
        raise RuntimeError("the runner is not set up")
    return Protocol(
        runner.server,
        connections,
        loop=asyncio.get_running_loop(),
        access_log_class=AccessLogger,
        access_log=logging.getLogger("forum.access"),
    )


async def _watch_parent(parent: int, stop: asyncio.Event) -> None:
    """Poll, since no signal tells a process that its parent was killed."""
    while os.getppid() == parent:  # noqa: ASYNC110 - nothing of ours could set an event then
        await asyncio.sleep(1)
    stop.set()


async def _keep_alive(server: EmbeddedServer) -> None:
    """Bring the embedded server back when it dies, waiting longer after each failure."""
    pause = 1.0
    while True:
        await asyncio.sleep(pause)
        try:
            if await asyncio.to_thread(server.revive):
                _log.warning("the database had stopped and was started again")
            pause = 1.0
        except CommandError as error:
            pause = min(pause * 2, 30.0)
            _log.error("the database does not start: %s", error)


class _Workers:
    """Forked children that serve on one socket."""

    def __init__(self, config: Config, ready: Ready, listening: socket.socket, nightly: Nightly | None) -> None:
        self._config, self._ready, self._listening, self._nightly = config, ready, listening, nightly
        self._started: dict[int, float] = {}
        self._stopping = False

    def run(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        for _ in range(self._config.workers):
            self._fork()
        while self._started and not self._stopping:
            self._reap()
            self._revive()
            if self._nightly:
                self._nightly.look()
            time.sleep(0.2)
        self._end()

    def _stop(self, number: int, frame: object) -> None:
        self._stopping = True

    def _fork(self) -> None:
        parent = os.getpid()
        child = os.fork()
        if child:
            self._started[child] = time.monotonic()
            return
        status = 1
        try:
            _run(self._config, self._ready, self._listening, parent=parent)
            status = 0
        except Exception:
            _log.exception("worker failed")
        finally:
            # Without the parent's clean-up: the embedded server is not the child's to stop.
            os._exit(status)

    def _reap(self) -> None:
        for child in list(self._started):
            if os.waitpid(child, os.WNOHANG) != (0, 0):
                lived = time.monotonic() - self._started.pop(child)
                _log.warning("worker %d ended, starting another", child)
                if lived < 1:
                    time.sleep(1)
                self._fork()

    def _revive(self) -> None:
        if self._ready.embedded and not self._ready.embedded.is_up():
            with contextlib.suppress(CommandError):
                self._ready.embedded.revive()

    def _end(self) -> None:
        _each(self._started, lambda child: os.kill(child, signal.SIGTERM))
        deadline = time.monotonic() + SHUTDOWN_SECONDS + 2
        while self._started and time.monotonic() < deadline:
            for child in list(self._started):
                if os.waitpid(child, os.WNOHANG) != (0, 0):
                    del self._started[child]
            time.sleep(0.05)
        _each(self._started, lambda child: os.kill(child, signal.SIGKILL))


def _each(children: dict[int, float], act: Callable[[int], None]) -> None:
    for child in children:
        with contextlib.suppress(ProcessLookupError):
            act(child)


class AccessLogger(AbstractAccessLogger):
    """One line an answered request, without its query string."""

    def log(self, request: web.BaseRequest, response: web.StreamResponse, seconds: float) -> None:
        milliseconds = round(seconds * 1000, 1)
        self.logger.info("%s %s %d %s ms", request.method, shown_path(request.path), response.status, milliseconds)
