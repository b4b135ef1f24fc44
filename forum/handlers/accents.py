"""The tokens of an accent colour as a style sheet, made of the colour in its address and of nothing else."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from forum import colours
from forum.errors import NotFound

_FOREVER: Final = "public, max-age=31536000, immutable"


async def show(request: web.Request) -> web.Response:
    try:
        palette = colours.derive(colours.parse(f"#{request.match_info['colour']}"))
    except ValueError:
        raise NotFound from None
    return web.Response(
        text=colours.style_sheet(palette),
        content_type="text/css",
        charset="utf-8",
        headers={"Cache-Control": _FOREVER},
    )
