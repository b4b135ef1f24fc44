"""The composition root: what the forum is made of is put together here, opened in order and closed in reverse."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from functools import partial
from typing import Final

from aiohttp import web
from aiohttp_session import session_middleware

from forum import config as settings
from forum import i18n, postgres
from forum.assets import Assets
from forum.backup.nightly import newest
from forum.config import Config
from forum.db import Database
from forum.domain.attempts import Limits
from forum.files.looking import Looking
from forum.keys import (
    ASSETS,
    COMPILED,
    CONFIG,
    DB,
    HASHER,
    LIMITS,
    LOOKING,
    METRICS,
    PAGES,
    RENDERER,
    SECRET,
    STORAGE,
    STREAMS,
    TELLING,
)
from forum.markup import Renderer
from forum.metrics import Metrics
from forum.page_cache import PageCache
from forum.passwords import Hasher
from forum.replica import ReplicatedDatabase
from forum.routes import add_routes
from forum.storage import storage_of
from forum.streams import Streams
from forum.web import pages
from forum.web.middleware import around, set_headers
from forum.web.sessions import PostgresStorage

BODY_LIMIT: Final = 1024**2
"""Bytes of a request's body: 50,000 Greek letters, percent-encoded, are 300,000."""


POOL: Final = 10
"""Connections to the database that one process opens at most."""

CONNECTIONS: Final = 200
"""The same for all that answer on this machine: the embedded server takes 230."""


def create_app(
    config: Config, database_url: str, *, hasher: Hasher | None = None, renderer: Renderer | None = None
) -> web.Application:
    """Return the application for these settings and this database; nothing is opened yet."""
    i18n.speak(config.locale_dir)
    secret = settings.secret_key(config)
    app = web.Application(
        client_max_size=BODY_LIMIT,
        middlewares=[session_middleware(PostgresStorage(config)), around],
    )
    app[CONFIG] = config
    app[SECRET] = secret
    app[LIMITS] = Limits(config.rate_limits, secret)
    app[ASSETS] = Assets()
    app[PAGES] = PageCache()
    app[HASHER] = hasher or Hasher(processes=config.workers)
    app[RENDERER] = renderer or Renderer()
    app[STORAGE] = storage_of(config.storage_url.get_secret_value(), config.data_dir)
    app[LOOKING] = Looking()
    app[COMPILED] = asyncio.Event()
    app[COMPILED].set()
    app[TELLING] = asyncio.Lock()
    app[DB] = _database_of(config, database_url)
    app[METRICS] = Metrics(last_backup=partial(newest, config.backup_folder))
    listen_url = config.database_listen_url.get_secret_value()
    app[STREAMS] = Streams(app[DB], listen_url or database_url, app[METRICS], is_named=bool(listen_url))
    add_routes(app, config.base_path)
    pages.setup(app)
    app.on_response_prepare.append(set_headers)
    app.on_shutdown.append(_end_streams)
    app.cleanup_ctx.extend((_database, _renderer, _hasher, _measuring, _streaming))
    return app


def _database_of(config: Config, url: str) -> Database:
    # One more is what the process hears of events by.
    pool_size = min(POOL, CONNECTIONS // config.workers - 1)
    # Of a server elsewhere only that server knows whether its disk takes more.
    has_room = postgres.room_of(config.data_dir) if config.uses_embedded_database else lambda: True
    if replica_url := config.database_replica_url.get_secret_value():
        return ReplicatedDatabase(url, replica_url, pool_size=pool_size, has_room=has_room)
    return Database(url, pool_size=pool_size, has_room=has_room)


async def _database(app: web.Application) -> AsyncIterator[None]:
    await app[DB].open()
    yield
    await app[DB].close()


async def _renderer(app: web.Application) -> AsyncIterator[None]:
    await app[RENDERER].start()
    yield
    await app[RENDERER].close()


async def _hasher(app: web.Application) -> AsyncIterator[None]:
    yield
    app[HASHER].close()


async def _end_streams(app: web.Application) -> None:
    """End what would never end by itself, before requests under way are waited for."""
    app[STREAMS].leave()


async def _streaming(app: web.Application) -> AsyncIterator[None]:
    yield
    await app[STREAMS].stop()


async def _measuring(app: web.Application) -> AsyncIterator[None]:
    ticking = app[METRICS].tick(app[DB], lambda: app[RENDERER].waiting)
    task = asyncio.create_task(ticking, name="metrics")
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
