"""Whether the process lives and whether it can do its work; for load balancers and operators."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from forum import migrations
from forum.keys import DB


async def live(request: web.Request) -> web.Response:
    """Answer while the process lives, whatever the database does."""
    return web.json_response({"status": "ok"})


async def ready(request: web.Request) -> web.Response:
    """Answer 200 when the database is reachable and has had every migration, else 503.

    It may have had more: while processes are renewed, those of the code before go on.
    """
    try:
        async with request.app[DB].read() as conn:
            applied = await conn.many(migrations.APPLIED)
    except Exception:  # whatever is wrong with the database, the process is not ready
        return _not_ready("database")
    return web.json_response({"status": "ok"}) if set(applied) >= _KNOWN else _not_ready("migrations")


_KNOWN: Final = frozenset(migrations.names())


def _not_ready(what: str) -> web.Response:
    return web.json_response({"status": "unavailable", "missing": what}, status=503, headers={"Retry-After": "5"})
