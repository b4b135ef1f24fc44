"""Search: words in what the reader may read, in all categories or one, of all kinds or one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from aiohttp import web

from forum.domain import categories, kinds, search
from forum.domain.categories import CategoryRow
from forum.domain.kinds import Kind
from forum.domain.search import Hit
from forum.errors import ForumError, Invalid, RateLimited
from forum.keys import ACTOR, DB, STAMP
from forum.web import problem_json
from forum.web.forms import FormState, query_param
from forum.web.pages import Page, render, render_known
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
    kind: str
    kinds: list[Kind]
    hits: list[Hit]
    next: str
    is_first: bool


async def index(request: web.Request) -> web.Response:
    query, cursor = query_param(request, "q"), query_param(request, "cursor")
    category, kind = query_param(request, "category"), query_param(request, "kind")
    actor, stamp = request[ACTOR], request[STAMP]
    fault = await _fault(request, query)

    async def page() -> SearchPage:
        hits: list[Hit] = []
        following = None
        async with request.app[DB].read() as conn:
            listed = await categories.list_categories(conn, actor)
        if query and fault is None:
            found = await request.app[DB].browse(
                lambda conn: search.search(
                    conn, actor, query, category=category or None, kind=kind or None, cursor=cursor or None
                )
            )
            hits, following = found.items, found.next
        return SearchPage(
            form=FormState({"q": query}, {"q": (fault.code,)} if fault else {}),
            query=query,
            category=category,
            categories=[row for row in listed if row.can_read],
            kind=kind,
            kinds=list(kinds.KINDS.values()),
            hits=hits,
            next=following or "",
            is_first=not cursor,
        )

    if fault:
        response = await render(request, await page(), status=fault.status)
        problem_json.retry_after(response, fault)
        return response
    # What the member has read changes nothing here; coming back from a result finds the page as it was.
    key = (
        "search.index",
        query,
        category,
        kind,
        cursor,
        actor.member_id,
        stamp.foundations,
        stamp.topics,
        stamp.under_way,
    )
    return await render_known(request, key, page)


async def _fault(request: web.Request, query: str) -> ForumError | None:
    """Return why nothing is looked for, None where all is well."""
    if len(query) > QUERY_LIMIT:
        return Invalid({}, "too_long")
    try:
        if query:
            await count_search(request)
    except RateLimited as limited:
        return limited
    return None
