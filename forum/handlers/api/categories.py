"""Categories with the caller's rights in them, and the topics of each."""

from __future__ import annotations

from aiohttp import web

from forum.domain import access, categories, topics
from forum.handlers.api import answers, models
from forum.handlers.api.calls import call
from forum.i18n import mark
from forum.keys import ACTOR, DB


@call(mark("List the categories"), takes=models.PageQuery, answers=models.Categories)
async def index(request: web.Request, query: models.PageQuery) -> models.Categories:
    async with request.app[DB].read() as conn:
        found = await categories.list_categories(conn, request[ACTOR])
    items, following = answers.cut(found, query, lambda category: category.id)
    return models.Categories(items=[answers.category(request, category) for category in items], next=following)


@call(mark("List the topics of a category"), takes=models.TopicsQuery, answers=models.Topics, refuses=(403, 404))
async def list_topics(request: web.Request, query: models.TopicsQuery) -> models.Topics:
    async with request.app[DB].read() as conn:
        grant = await access.category_to_read(conn, request[ACTOR], request.match_info["slug"])
        page = await topics.list_topics(
            conn,
            grant,
            sort=query.sort,
            municipality=query.municipality,
            cursor=query.cursor or None,
            limit=query.limit,
        )
    return models.Topics(items=[answers.listed_topic(request, topic) for topic in page.items], next=page.next)
