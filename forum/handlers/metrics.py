"""What the processes count and measure, for Prometheus."""

from __future__ import annotations

import asyncio

from aiohttp import web

from forum.keys import METRICS
from forum.metrics import CONTENT_TYPE


async def show(request: web.Request) -> web.Response:
    """Answer for all processes of the port, without asking the database."""
    # Tens of milliseconds, where there are many processes: the loop has better things to do.
    text = await asyncio.to_thread(request.app[METRICS].text)
    return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE})
