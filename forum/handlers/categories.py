"""A category's page: its topics, pinned ones first, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from aiohttp import web

from forum.domain import access, categories, permissions, topic_lists, unread, validations
from forum.domain.categories import UNREAD_LIMIT, CategoryRow
from forum.domain.entities import Category, TopicRow
from forum.domain.kinds.good_practice import GOOD_PRACTICE
from forum.domain.levels import Level
from forum.domain.permissions import Verdict
from forum.domain.topic_lists import Sort
from forum.errors import BadRequest
from forum.keys import ACTOR, DB, STAMP
from forum.web.forms import query_param
from forum.web.pages import Page, render_known
from forum.web.urls import see_other


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryPage(Page):
    template: ClassVar[str] = "categories/show.html"
    category: Category
    topics: list[TopicRow]
    next: str
    sort: Sort
    is_first: bool
    can_start: Verdict
    chosen_level: Level | None
    level: Level
    below: list[CategoryRow]
    has_practices: bool
    waiting_count: int
    """Good practices that wait for the reader's decision."""
    unread_limit: int = UNREAD_LIMIT
    unread_posts_limit: int = unread.COUNT_LIMIT


async def show(request: web.Request) -> web.Response:
    actor, slug = request[ACTOR], request.match_info["slug"]
    sort, cursor = _sort(request), query_param(request, "cursor")

    async def page() -> CategoryPage:
        async with request.app[DB].read() as conn:
            visit = await access.category_to_show(conn, actor, slug)
            grant = visit.grant
            if grant.category.slug != slug:
                raise _Moved(grant.category.slug)
            listed = await topic_lists.list_topics(conn, grant, sort=sort, cursor=cursor or None)
            has_practices = GOOD_PRACTICE.code in grant.category.kinds
            waiting = await validations.list_waiting(conn, actor) if has_practices else []
            below = await categories.list_below(conn, grant) if visit.has_below else []
        return CategoryPage(
            category=grant.category,
            topics=listed.items,
            next=listed.next or "",
            sort=sort,
            is_first=not cursor,
            can_start=permissions.can_start_topic(grant.category),
            chosen_level=visit.chosen_level,
            level=visit.level,
            below=below,
            has_practices=has_practices,
            waiting_count=len(waiting),
        )

    key = ("categories.show", slug, sort, cursor, actor.member_id, request[STAMP])
    try:
        return await render_known(request, key, page)
    except _Moved as moved:
        return see_other(request, "categories.show", slug=moved.slug)


class _Moved(Exception):
    """The category has another slug by now."""

    def __init__(self, slug: str) -> None:
        self.slug = slug


def _sort(request: web.Request) -> Sort:
    match query_param(request, "sort", "activity"):
        case "activity":
            return "activity"
        case "created":
            return "created"
        case _:
            raise BadRequest("bad_value")
