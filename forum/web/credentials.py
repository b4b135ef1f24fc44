"""A password as somebody types it: checked off the event loop, no faster than the throttle allows.

Signing in, confirming oneself before a grave act and asking for a token go the same way, so that none of them is a
better place to guess. What a right password opens is the caller's to say.
"""

from __future__ import annotations

import asyncio

from aiohttp import web

from forum.domain import sign_in
from forum.domain.sign_in import Credentials, Kind
from forum.keys import ADDRESS, DB, HASHER, LIMITS


async def verify(request: web.Request, email: str, password: str) -> Credentials | None:
    """Return whose password it is, None when address or password are wrong or the member is suspended.

    Takes the same way and time whichever it was. Raise RateLimited when too many attempts wait already. The caller
    has to settle a right one in its own transaction by `sign_in.succeeded` or `sign_in.confirm`.
    """
    app, address = request.app, request[ADDRESS]
    await wait(request, email, sign_in.PASSWORD)
    async with app[DB].read() as conn:
        known = await sign_in.credentials(conn, email)
    is_right = await app[HASHER].verify(known.password_hash if known else None, password)
    if known is not None and is_right and not known.is_suspended:
        return known
    async with app[DB].write() as tx:
        await sign_in.failed(tx, app[LIMITS], email, address)
    return None


async def wait(request: web.Request, email: str, kind: Kind) -> None:
    """Count an attempt and let the throttle's time pass; raise RateLimited when too many wait already.

    What it was is the caller's to say, by `sign_in.failed` or what settles it.
    """
    app = request.app
    async with app[DB].write() as tx:
        seconds = await sign_in.reserve(tx, app[LIMITS], email, request[ADDRESS], kind)
    await asyncio.sleep(seconds)
