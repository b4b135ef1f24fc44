"""The themes of the forum, and following them."""

from __future__ import annotations

from aiohttp import web

from forum.domain import subscriptions, themes, thesaurus
from forum.handlers.api import answers, models, topic_models
from forum.handlers.api.calls import call
from forum.i18n import mark
from forum.keys import ACTOR, DB
from forum.web.ratelimit import count_post


@call(mark("List the themes"), takes=models.PageQuery, answers=topic_models.ThemeList)
async def index(request: web.Request, query: models.PageQuery) -> topic_models.ThemeList:
    async with request.app[DB].read() as conn:
        found = await thesaurus.list_themes(conn, request[ACTOR])
    items, following = answers.cut(found, query, lambda theme: theme.id)
    told = [
        topic_models.Theme(
            slug=theme.slug,
            name=answers.name(request, theme.name_el, theme.name_en),
            name_el=theme.name_el,
            name_en=theme.name_en,
            topic_count=theme.topic_count,
            is_followed=theme.is_followed,
        )
        for theme in items
    ]
    return topic_models.ThemeList(items=told, next=following)


@call(mark("Follow a theme: be told of every new topic that names it"), refuses=(404, 409))
async def follow(request: web.Request) -> None:
    async with request.app[DB].write() as tx:
        await count_post(request, tx)
        await subscriptions.follow_theme(tx, request[ACTOR], await themes.theme(tx, request.match_info["slug"]))


@call(mark("Follow a theme no more"), refuses=(404, 409))
async def leave(request: web.Request) -> None:
    async with request.app[DB].write() as tx:
        await count_post(request, tx)
        await subscriptions.leave_theme(tx, request[ACTOR], await themes.theme(tx, request.match_info["slug"]))
