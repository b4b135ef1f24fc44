"""Static files, by their hashed names."""

from __future__ import annotations

from aiohttp import web

from forum.keys import ASSETS
from forum.web import compression


async def show(request: web.Request) -> web.Response:
    return request.app[ASSETS].respond(request.match_info["file"], takes_gzip=compression.accepts(request))
