"""Live events of everything that the caller may read."""

from __future__ import annotations

from aiohttp import web

from forum.errors import Unavailable
from forum.handlers.api.calls import call
from forum.i18n import mark
from forum.keys import ACTOR
from forum.web import streaming


@call(mark("Hear of what happens, as server-sent events"), media=streaming.MEDIA)
async def index(request: web.Request) -> web.StreamResponse:
    token_id = request[ACTOR].token_id
    if token_id is None:
        raise RuntimeError("a call has a token")
    response = await streaming.answer(request, token_id, is_whole=True)
    if response.status == 204:
        raise Unavailable
    return response
