"""A theme's place among the others: before or after its neighbour."""

from __future__ import annotations

from aiohttp import web

from forum.domain import access, thesaurus
from forum.keys import ACTOR, DB
from forum.web.choosing import PlaceForm
from forum.web.flash import flash
from forum.web.urls import see_other


async def update(request: web.Request) -> web.Response:
    grant, form = access.to_administer(request[ACTOR]), PlaceForm.parse(await request.post())
    async with request.app[DB].write() as tx:
        is_moved = await thesaurus.move(tx, grant, request.match_info["slug"], by=int(form.by))
    response = see_other(request, "thesaurus.index", fragment=request.match_info["slug"])
    flash(request, response, "theme.moved" if is_moved else "nothing.changed")
    return response
