"""Search: one item a matching post, best first."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from forum.domain import attempts, search
from forum.handlers.api import answers, models
from forum.handlers.api.calls import call
from forum.i18n import mark
from forum.keys import ACTOR, DB, LIMITS

SEARCHES_A_MINUTE: Final = 60
"""A member's, over all their programs: each may read a long list of matches."""


@call(mark("Search what one may read"), takes=models.SearchQuery, answers=models.Hits, refuses=(429,))
async def index(request: web.Request, query: models.SearchQuery) -> models.Hits:
    actor, limits = request[ACTOR], request.app[LIMITS]
    async with request.app[DB].write() as tx:
        subject = attempts.subject(limits, "member", str(actor.member_id))
        await attempts.count(tx, limits, "searches", subject, limit=SEARCHES_A_MINUTE, seconds=60)
    async with request.app[DB].read() as conn:
        page = await search.search(
            conn,
            actor,
            query.q,
            category=query.category,
            municipality=query.municipality,
            cursor=query.cursor or None,
            limit=query.limit,
        )
    return models.Hits(items=[answers.hit(request, hit) for hit in page.items], next=page.next)
