"""The people of the forum: who they are, where they belong, and what they wrote as far as the reader may read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from aiohttp import web

from forum.domain import members, permissions, posts
from forum.domain.entities import NAME_LIMIT, Member, MemberId
from forum.domain.posts import AuthoredPost
from forum.keys import ACTOR, DB
from forum.web.forms import FormState, int_param, query_param
from forum.web.pages import Page, render
from forum.web.ratelimit import count_search


@dataclass(frozen=True, slots=True, kw_only=True)
class MembersPage(Page):
    template: ClassVar[str] = "members/index.html"
    form: FormState
    query: str
    members: list[Member]
    next: str
    is_first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberPage(Page):
    template: ClassVar[str] = "members/show.html"
    member: Member
    is_self: bool
    is_movable: bool
    """Whether the reader may have the member belong to another organisation."""
    posts: list[AuthoredPost]
    next: str
    is_first: bool


async def index(request: web.Request) -> web.Response:
    query, cursor = query_param(request, "q"), query_param(request, "cursor")
    is_too_long = len(query) > NAME_LIMIT
    found: list[Member] = []
    following = None
    if not is_too_long:
        if query:
            await count_search(request)
        listed = await request.app[DB].browse(
            lambda conn: members.list_members(conn, query=query, cursor=cursor or None)
        )
        found, following = listed.items, listed.next
    page = MembersPage(
        form=FormState({"q": query}, {"q": ("too_long",)} if is_too_long else {}),
        query=query,
        members=found,
        next=following or "",
        is_first=not cursor,
    )
    return await render(request, page, status=422 if is_too_long else 200)


async def show(request: web.Request) -> web.Response:
    actor, cursor = request[ACTOR], query_param(request, "cursor")
    member_id = MemberId(int_param(request, "member_id"))
    async with request.app[DB].read() as conn:
        member = await members.member(conn, member_id)
    written = await request.app[DB].browse(
        lambda conn: posts.list_by_author(conn, actor, member_id, cursor=cursor or None)
    )
    page = MemberPage(
        member=member,
        is_self=member_id == actor.member_id,
        is_movable=bool(permissions.can_administer(request[ACTOR])),
        posts=written.items,
        next=written.next or "",
        is_first=not cursor,
    )
    return await render(request, page)
