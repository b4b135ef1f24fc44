"""The home page: what closes within a week and what fits the reader's municipality, then what is new."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from aiohttp import web

from forum import clock
from forum.domain import categories, members, suggestions, topic_lists, unread
from forum.domain.categories import UNREAD_LIMIT, CategoryRow
from forum.domain.entities import TopicRow
from forum.domain.suggestions import Suggestion
from forum.keys import ACTOR, DB, STAMP
from forum.web.pages import Page, render_known


@dataclass(frozen=True, slots=True, kw_only=True)
class HomePage(Page):
    template: ClassVar[str] = "home/index.html"
    categories: list[CategoryRow]
    latest: list[TopicRow]
    closing: list[Suggestion]
    fitting: list[Suggestion]
    """What fits the member's municipality."""
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
            suggested = await suggestions.list_for(conn, actor, clock.now())
            is_alone = actor.is_administrator and await members.is_alone(conn, actor)
        unread_count = sum(row.unread_count for row in rows)
        return HomePage(
            categories=rows,
            latest=latest,
            closing=[one for one in suggested if one.sort == "closing"],
            fitting=[one for one in suggested if one.sort != "closing"],
            unread_count=unread_count,
            is_alone=is_alone,
        )

    return await render_known(request, ("home.index", actor.member_id, request[STAMP]), page)
