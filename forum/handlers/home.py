"""The home page: what is new, category by category, and the topics that moved last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from aiohttp import web

from forum.domain import categories, members, topic_lists, unread
from forum.domain.categories import UNREAD_LIMIT, CategoryRow
from forum.domain.entities import TopicRow
from forum.keys import ACTOR, DB, STAMP
from forum.web.pages import Page, render_known


@dataclass(frozen=True, slots=True, kw_only=True)
class HomePage(Page):
    template: ClassVar[str] = "home/index.html"
    categories: list[CategoryRow]
    latest: list[TopicRow]
    unread_count: int
    is_alone: bool
    unread_limit: int = UNREAD_LIMIT
    unread_posts_limit: int = unread.COUNT_LIMIT


async def index(request: web.Request) -> web.Response:
    actor = request[ACTOR]

    async def page() -> HomePage:
        async with request.app[DB].read() as conn:
            rows = await categories.list_categories(conn, actor)
            latest = await topic_lists.list_latest(conn, actor)
            is_alone = actor.is_administrator and await members.is_alone(conn, actor)
        unread_count = sum(row.unread_count for row in rows)
        return HomePage(categories=rows, latest=latest, unread_count=unread_count, is_alone=is_alone)

    return await render_known(request, ("home.index", actor.member_id, request[STAMP]), page)
