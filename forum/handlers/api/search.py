"""Search: one item a matching post, best first."""

from __future__ import annotations

from aiohttp import web

from forum.domain import search
from forum.handlers.api import answers, models
from forum.handlers.api.calls import call
from forum.i18n import mark
from forum.keys import ACTOR, DB
from forum.web.ratelimit import count_search


@call(mark("Search what one may read"), takes=models.SearchQuery, answers=models.Hits)
async def index(request: web.Request, query: models.SearchQuery) -> models.Hits:
    await count_search(request)
    page = await request.app[DB].browse(
        lambda conn: search.search(
            conn,
            request[ACTOR],
            query.q,
            category=query.category,
            municipality=query.municipality,
            kind=query.kind,
            language=query.language,
            cursor=query.cursor or None,
            limit=query.limit,
        )
    )
    return models.Hits(items=[answers.hit(request, hit) for hit in page.items], next=page.next)
