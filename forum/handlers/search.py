"""Search: words in what the reader may read, in all categories or one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from aiohttp import web

from forum.domain import categories, search
from forum.domain.categories import CategoryRow
from forum.domain.search import Hit
from forum.keys import ACTOR, DB
from forum.web.forms import FormState, query_param
from forum.web.pages import Page, render
from forum.web.ratelimit import count_search

QUERY_LIMIT: Final = 200
"""Characters of what is searched for: a long sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage(Page):
    template: ClassVar[str] = "search/index.html"
    form: FormState
    query: str
    category: str
    categories: list[CategoryRow]
    hits: list[Hit]
    next: str
    is_first: bool


async def index(request: web.Request) -> web.Response:
    query, category = query_param(request, "q"), query_param(request, "category")
    cursor = query_param(request, "cursor")
    actor = request[ACTOR]
    is_too_long = len(query) > QUERY_LIMIT
    hits: list[Hit] = []
    following = None
    if query:
        await count_search(request)
    async with request.app[DB].read() as conn:
        listed = await categories.list_categories(conn, actor)
    if query and not is_too_long:
        found = await request.app[DB].browse(
            lambda conn: search.search(conn, actor, query, category=category or None, cursor=cursor or None)
        )
        hits, following = found.items, found.next
    values = {"q": query, "category": category}
    page = SearchPage(
        form=FormState(values, {"q": ("too_long",)} if is_too_long else {}),
        query=query,
        category=category,
        categories=[row for row in listed if row.can_read],
        hits=hits,
        next=following or "",
        is_first=not cursor,
    )
    return await render(request, page, status=422 if is_too_long else 200)
