"""A category's place among the others: before or after its neighbour."""

from __future__ import annotations

from aiohttp import web

from forum.domain import access, catalogue
from forum.keys import ACTOR, DB
from forum.web.choosing import PlaceForm
from forum.web.flash import flash
from forum.web.urls import see_other


async def update(request: web.Request) -> web.Response:
    grant, form = access.to_administer(request[ACTOR]), PlaceForm.parse(await request.post())
    async with request.app[DB].write() as tx:
        is_moved = await catalogue.move(tx, grant, request.match_info["slug"], by=int(form.by))
    response = see_other(request, "category_grants.index", fragment=request.match_info["slug"])
    flash(request, response, "category.moved" if is_moved else "nothing.changed")
    return response
