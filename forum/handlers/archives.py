"""A category that nothing is written in any more, though it can be read; and back again."""

from __future__ import annotations

from aiohttp import web

from forum.domain import access, catalogue
from forum.keys import ACTOR, DB
from forum.web.flash import flash
from forum.web.urls import see_other


async def create(request: web.Request) -> web.Response:
    grant, slug = access.to_administer(request[ACTOR]), request.match_info["slug"]
    async with request.app[DB].write() as tx:
        await catalogue.archive(tx, grant, slug)
    return _shown(request, slug, "category.archived")


async def delete(request: web.Request) -> web.Response:
    grant, slug = access.to_administer(request[ACTOR]), request.match_info["slug"]
    async with request.app[DB].write() as tx:
        await catalogue.unarchive(tx, grant, slug)
    return _shown(request, slug, "category.unarchived")


def _shown(request: web.Request, slug: str, code: str) -> web.Response:
    response = see_other(request, "category_grants.show", slug=slug)
    flash(request, response, code)
    return response
