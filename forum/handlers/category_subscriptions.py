"""How much a member wants to hear of all topics of a category."""

from __future__ import annotations

from aiohttp import web

from forum.domain import access, subscriptions
from forum.keys import ACTOR, DB
from forum.web.choosing import LevelForm, done


async def update(request: web.Request) -> web.Response:
    async with request.app[DB].write() as tx:
        grant = await access.category_to_read(tx, request[ACTOR], request.match_info["slug"])
        form = LevelForm.parse(await request.post())
        await subscriptions.choose_category(tx, grant, form.chosen)
    return done(request, form, "categories.show", slug=grant.category.slug)
