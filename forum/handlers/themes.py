"""The themes as members see them: what can be read of each, over all categories, and whether they follow it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from aiohttp import web

from forum.domain import subscriptions, themes, thesaurus, topic_lists, unread
from forum.domain.entities import TopicRow
from forum.domain.themes import Theme
from forum.domain.thesaurus import COUNT_LIMIT, ThemeRow
from forum.keys import ACTOR, DB
from forum.web.forms import query_param
from forum.web.pages import Page, render


@dataclass(frozen=True, slots=True, kw_only=True)
class ThemesPage(Page):
    template: ClassVar[str] = "themes/index.html"
    themes: list[ThemeRow]
    limit: int = COUNT_LIMIT


@dataclass(frozen=True, slots=True, kw_only=True)
class ThemePage(Page):
    template: ClassVar[str] = "themes/show.html"
    theme: Theme
    is_followed: bool
    topics: list[TopicRow]
    next: str
    is_first: bool
    unread_posts_limit: int = unread.COUNT_LIMIT


async def index(request: web.Request) -> web.Response:
    async with request.app[DB].read() as conn:
        found = await thesaurus.list_themes(conn, request[ACTOR])
    return await render(request, ThemesPage(themes=found))


async def show(request: web.Request) -> web.Response:
    actor, cursor = request[ACTOR], query_param(request, "cursor")
    async with request.app[DB].read() as conn:
        theme = await themes.theme(conn, request.match_info["slug"])
        followed = await subscriptions.list_themes(conn, actor)
        listed = await topic_lists.list_of_theme(conn, actor, theme.slug, cursor=cursor or None)
    page = ThemePage(
        theme=theme,
        is_followed=theme in followed,
        topics=listed.items,
        next=listed.next or "",
        is_first=not cursor,
    )
    return await render(request, page)
