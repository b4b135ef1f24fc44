"""What the processes count and measure, for Prometheus."""

from __future__ import annotations

from aiohttp import web

from forum.keys import METRICS
from forum.metrics import CONTENT_TYPE


async def show(request: web.Request) -> web.Response:
    """Answer for all processes of the port, without asking the database."""
    return web.Response(body=request.app[METRICS].text(), headers={"Content-Type": CONTENT_TYPE})
