"""Marking as read by hand: everything, or one category. A topic is marked by showing it (`topics.show`)."""

from __future__ import annotations

from aiohttp import web

from forum.domain import access, notifications, reading
from forum.keys import ACTOR, DB
from forum.web.flash import flash
from forum.web.urls import see_other


async def create(request: web.Request) -> web.Response:
    """Mark everything as read."""
    async with request.app[DB].write() as tx:
        await reading.mark_all_read(tx, request[ACTOR])
        await notifications.read_all(tx, request[ACTOR])
    response = see_other(request, "home.index")
    flash(request, response, "read.all")
    return response


async def update(request: web.Request) -> web.Response:
    """Mark a category as read."""
    async with request.app[DB].write() as tx:
        grant = await access.category_to_read(tx, request[ACTOR], request.match_info["slug"])
        await reading.mark_category_read(tx, grant)
        await notifications.read_category(tx, grant)
    response = see_other(request, "categories.show", slug=grant.category.slug)
    flash(request, response, "read.category")
    return response
