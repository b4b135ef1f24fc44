"""Who is in a free group: listed, added by name and removed, by its owners and by administrators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from aiohttp import web
from pydantic import Field

from forum.domain import free_groups, members
from forum.domain.entities import NAME_LIMIT
from forum.domain.free_groups import Belonging, Kept
from forum.errors import Invalid
from forum.keys import ACTOR, DB
from forum.web.flash import flash
from forum.web.forms import Form, FormState, RequiredLine, state_of
from forum.web.pages import Page, render
from forum.web.urls import see_other


class BelongingForm(Form):
    member: Annotated[RequiredLine, Field(max_length=NAME_LIMIT)]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupMembersPage(Page):
    template: ClassVar[str] = "group_members/index.html"
    group: Kept
    members: list[Belonging]
    form: FormState
    is_administrator: bool


async def index(request: web.Request) -> web.Response:
    return await _page(request, FormState())


async def create(request: web.Request) -> web.Response:
    kept = await _kept(request)
    try:
        form = BelongingForm.parse(await request.post())
        async with request.app[DB].write() as tx:
            kept = await free_groups.to_keep(tx, request[ACTOR], kept.slug)
            await free_groups.add_member(tx, kept, await members.find(tx, form.member))
    except Invalid as invalid:
        return await _page(request, await state_of(request, invalid), status=invalid.status)
    response = see_other(request, "group_members.index", slug=kept.slug)
    flash(request, response, "group.member_added")
    return response


async def delete(request: web.Request) -> web.Response:
    """Take a member out of the group; an owner who leaves keeps it no longer, and is led home."""
    kept = await _kept(request)
    try:
        form = BelongingForm.parse(await request.post())
        async with request.app[DB].write() as tx:
            kept = await free_groups.to_keep(tx, request[ACTOR], kept.slug)
            removed = await members.find(tx, form.member)
            await free_groups.remove_member(tx, kept, removed)
    except Invalid as invalid:
        return await _page(request, await state_of(request, invalid), status=invalid.status)
    leaves = removed == kept.actor.member_id and not kept.actor.is_administrator
    response = see_other(request, "home.index") if leaves else see_other(request, "group_members.index", slug=kept.slug)
    flash(request, response, "group.member_removed")
    return response


async def _kept(request: web.Request) -> Kept:
    async with request.app[DB].read() as conn:
        return await free_groups.to_keep(conn, request[ACTOR], request.match_info["slug"])


async def _page(request: web.Request, form: FormState, *, status: int = 200) -> web.Response:
    async with request.app[DB].read() as conn:
        kept = await free_groups.to_keep(conn, request[ACTOR], request.match_info["slug"])
        found = await free_groups.list_members(conn, kept)
    page = GroupMembersPage(group=kept, members=found, form=form, is_administrator=kept.actor.is_administrator)
    return await render(request, page, status=status)
