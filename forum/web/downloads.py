"""Files that are made while they are sent: never whole in memory, and never whole to a reader when something failed."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator

from aiohttp import hdrs, web

from forum.errors import ForumError

_log = logging.getLogger("forum.web.downloads")


async def send(request: web.Request, parts: AsyncIterator[bytes], *, media: str, name: str) -> web.StreamResponse:
    """Send a file under a name of ASCII letters.

    What fails before its first part becomes a page; what fails later breaks the connection, so that nobody takes what
    came for all there is. No time is set here: who does not take it is cut off as with any other answer.
    """
    headers = {hdrs.CONTENT_DISPOSITION: f'attachment; filename="{name}"', hdrs.CONTENT_TYPE: media}
    if request.method == hdrs.METH_HEAD:
        return web.Response(headers=headers)
    first = await anext(parts, b"")
    response = web.StreamResponse(headers=headers)
    try:
        await response.prepare(request)
        await response.write(first)
        async for part in parts:
            await response.write(part)
    except ForumError as error:
        _log.warning("%s was cut off: %s", name, error.code)
        if request.transport is not None:
            request.transport.abort()
    except ConnectionError:
        pass  # the client has left
    return response
