"""A category's page: its topics in an order, sifted by what they say of themselves, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar
from zoneinfo import ZoneInfo

from aiohttp import web

from forum.domain import (
    access,
    categories,
    interests,
    kinds,
    permissions,
    references,
    topic_lists,
    unread,
    validations,
)
from forum.domain.categories import UNREAD_LIMIT, CategoryRow
from forum.domain.entities import Category, TopicRow
from forum.domain.kinds import Kind
from forum.domain.kinds.good_practice import GOOD_PRACTICE
from forum.domain.levels import Level
from forum.domain.permissions import Verdict
from forum.domain.topic_lists import COUNT_LIMIT
from forum.errors import BadRequest, NotFound
from forum.i18n import Translator, mark
from forum.keys import ACTOR, DB, STAMP, TRANSLATOR
from forum.web import sifting, topic_columns
from forum.web.forms import FormState, query_param
from forum.web.pages import Page, render_known
from forum.web.sifting import Asked, Chip, Filter
from forum.web.topic_columns import Column
from forum.web.urls import see_other


@dataclass(frozen=True, slots=True)
class Tab:
    """An order of the list, with what its address asks for."""

    label: str
    query: dict[str, str]
    is_current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryPage(Page):
    template: ClassVar[str] = "categories/show.html"
    category: Category
    kind: Kind
    """Whose filters and columns the list has."""
    kinds: list[Kind]
    topics: list[TopicRow]
    columns: list[Column]
    count: int | None
    """How many topics the filters leave, one more than `count_limit` where there are more; None where none is on."""
    tabs: list[Tab]
    form: FormState
    filters: list[Filter]
    chips: list[Chip]
    query: dict[str, str]
    """What is asked for, as the addresses of further pages and of the table say it."""
    order: dict[str, str]
    """The order alone."""
    next: str
    is_unanswered: bool
    """Whether it is the list of the questions without an answer."""
    is_first: bool
    is_closed: bool
    """Whether it is the list of what has closed."""
    can_start: Verdict
    chosen_level: Level | None
    level: Level
    below: list[CategoryRow]
    has_practices: bool
    waiting_count: int
    """Good practices that wait for the reader's decision."""
    count_limit: int = COUNT_LIMIT
    unread_limit: int = UNREAD_LIMIT
    unread_posts_limit: int = unread.COUNT_LIMIT


async def show(request: web.Request) -> web.Response:
    actor, slug, cursor = request[ACTOR], request.match_info["slug"], query_param(request, "cursor")
    is_unanswered = _is_unanswered(request)

    async def page() -> CategoryPage:
        async with request.app[DB].read() as conn:
            visit = await access.category_to_show(conn, actor, slug)
            grant = visit.grant
            if grant.category.slug != slug:
                raise _Moved(grant.category.slug)
            asked = sifting.read(request, grant.category)
            if is_unanswered:
                listed = await topic_lists.list_unanswered(conn, grant, sieve=asked.sieve, cursor=cursor or None)
            else:
                listed = await topic_lists.list_topics(
                    conn, grant, sort=asked.sort, sieve=asked.sieve, cursor=cursor or None
                )
            count = await topic_lists.count_topics(conn, grant, asked.sieve) if asked.filters else None
            names = await references.names(conn, topic_columns.shown(asked.kind, listed.items))
            meters = await interests.meters(conn, topic_columns.proposals(listed.items))
            has_practices = GOOD_PRACTICE.code in grant.category.kinds
            waiting = await validations.list_waiting(conn, actor) if has_practices else []
            below = await categories.list_below(conn, grant) if visit.has_below else []
        words, filters = request[TRANSLATOR], await sifting.filters(request, asked)
        is_closed = asked.sort == "deadline" and asked.sieve.is_open is False
        order = "" if asked.sort != "deadline" else "descending" if is_closed else "ascending"
        return CategoryPage(
            category=grant.category,
            kind=asked.kind,
            kinds=asked.kinds,
            topics=listed.items,
            columns=[
                *topic_columns.columns(asked.kind, listed.items, names, words, ZoneInfo(actor.zone), by_deadline=order),
                *topic_columns.partners(asked.kind, meters, words),
            ],
            count=count,
            tabs=_tabs(asked, words, is_closed=is_closed, is_unanswered=is_unanswered),
            form=FormState(asked.query),
            filters=filters,
            chips=await sifting.chips(request, asked, filters),
            query=dict(asked.query) | ({"filter": "unanswered"} if is_unanswered else {}),
            order={name: value for name, value in asked.query.items() if name not in asked.filters},
            next=listed.next or "",
            is_unanswered=is_unanswered,
            is_first=not cursor,
            is_closed=is_closed,
            can_start=permissions.can_start_topic(grant.category),
            chosen_level=visit.chosen_level,
            level=visit.level,
            below=below,
            has_practices=has_practices,
            waiting_count=len(waiting),
        )

    # The address, which says what is asked for, is a part of what every page is kept under.
    key = ("categories.show", slug, actor.member_id, request[STAMP])
    try:
        return await render_known(request, key, page)
    except NotFound:
        # What stands as the place of a twinning's topic leads to them all.
        async with request.app[DB].read() as conn:
            await access.private_category_to_read(conn, actor, slug)
        return see_other(request, "twinnings.index")
    except _Moved as moved:
        return see_other(request, "categories.show", slug=moved.slug)


def _tabs(asked: Asked, words: Translator, *, is_closed: bool, is_unanswered: bool) -> list[Tab]:
    """Return the orders of the list, the usual one of its kind first."""
    closes = asked.kind.closes
    tabs = [
        Tab(words.gettext(mark("Latest posts first")), asked.order("activity"), asked.sort == "activity"),
        Tab(words.gettext(mark("Newest topics first")), asked.order("created"), asked.sort == "created"),
    ]
    if closes or asked.sort == "deadline":
        is_next = asked.sort == "deadline" and not is_closed
        tabs.insert(0, Tab(words.gettext(mark("Closing next")), asked.order("deadline"), is_next))
        tabs.append(Tab(words.gettext(mark("Have closed")), asked.order("deadline", "closed"), is_closed))
    if is_unanswered or kinds.QUESTION in asked.kinds:
        tabs = [replace(tab, is_current=tab.is_current and not is_unanswered) for tab in tabs]
        tabs.append(Tab(words.gettext(mark("Questions without an answer")), {"filter": "unanswered"}, is_unanswered))
    return tabs


class _Moved(Exception):
    """The category has another slug by now."""

    def __init__(self, slug: str) -> None:
        self.slug = slug


def _is_unanswered(request: web.Request) -> bool:
    """Say whether only the questions without an answer are asked for: they come in an order of their own."""
    match query_param(request, "filter"):
        case "":
            return False
        case "unanswered":
            return True
        case _:
            raise BadRequest("bad_value")
