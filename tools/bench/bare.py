"""The handler the forum is compared with: one query by key, and as many prepared bytes as its page has.

    python -m tools.bench.bare PORT DATABASE_URL

aiohttp, uvloop and asyncpg as the forum has them, with a pool of the same size that costs no round trip to release.
`GET /12345` answers 12,345 bytes, after one row by its key; `POST /` answers 303, after one INSERT that is committed.
"""

from __future__ import annotations

import sys
from typing import Final

import asyncpg
import uvloop
from aiohttp import web

TABLES: Final = """
CREATE TABLE IF NOT EXISTS read (id bigint PRIMARY KEY, title text NOT NULL, created_at timestamptz NOT NULL);
CREATE TABLE IF NOT EXISTS written (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic_id bigint NOT NULL,
    body text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
TRUNCATE written;
INSERT INTO read SELECT n, 'Τίτλος ' || n, now() FROM generate_series(1, 50000) AS n ON CONFLICT DO NOTHING;
"""
"""What the handler reads and writes, in a database of its own."""

ROWS: Final = 50_000
_READ: Final = "SELECT id, title, created_at FROM read WHERE id = $1"
_WRITE: Final = "INSERT INTO written (topic_id, body) VALUES ($1, $2)"
_POOL: Final = web.AppKey("pool", asyncpg.Pool)
_BODIES: Final = web.AppKey("bodies", dict[int, bytes])


async def show(request: web.Request) -> web.Response:
    length = int(request.match_info["length"])
    row = await request.app[_POOL].fetchrow(_READ, length % ROWS + 1)
    bodies = request.app[_BODIES]
    if row is None or length not in bodies:
        bodies[length] = b"x" * length
    return web.Response(body=bodies[length], content_type="text/html", charset="utf-8")


async def create(request: web.Request) -> web.Response:
    body = await request.text()
    await request.app[_POOL].execute(_WRITE, 1, body)
    return web.Response(status=303, headers={"Location": "/"})


async def _application(url: str) -> web.Application:
    app = web.Application()
    app[_POOL] = await asyncpg.create_pool(url, min_size=1, max_size=10, reset=_leave_as_is)
    app[_BODIES] = {}
    app.router.add_get("/{length}", show)
    app.router.add_post("/", create)
    return app


async def _leave_as_is(connection: asyncpg.Connection) -> None:
    pass


def main() -> None:
    """Answer until told to stop."""
    port, url = int(sys.argv[1]), sys.argv[2]
    web.run_app(
        _application(url), host="127.0.0.1", port=port, access_log=None, print=None, loop=uvloop.new_event_loop()
    )


if __name__ == "__main__":
    main()
