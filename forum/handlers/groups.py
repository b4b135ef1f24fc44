"""The administrators' groups: all of them listed, free ones made, named otherwise and deleted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Final

from aiohttp import web
from pydantic import Field

from forum.domain import access, free_groups, idempotency
from forum.domain.entities import GROUP_NAME_LIMIT
from forum.domain.free_groups import Granted, Kept, Listed
from forum.errors import Invalid
from forum.i18n import mark
from forum.keys import ACTOR, DB, TRANSLATOR
from forum.web.flash import flash
from forum.web.forms import Form, FormState, Line, RequiredLine, Slug, state_of
from forum.web.pages import Page, render
from forum.web.urls import see_other

KINDS: Final = {
    "free": mark("Free"),
    "system": mark("Of the forum"),
    "region": mark("Of a region"),
    "organisation": mark("Of an organisation"),
}

_Name = Annotated[RequiredLine, Field(max_length=GROUP_NAME_LIMIT)]


class GroupForm(Form):
    name_el: _Name
    name_en: _Name


class NewGroupForm(GroupForm):
    slug: Slug = ""
    idempotency_key: Annotated[Line, Field(max_length=idempotency.KEY_LIMIT)] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupsPage(Page):
    template: ClassVar[str] = "groups/index.html"
    groups: list[Listed]
    kinds: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupFormPage(Page):
    template: ClassVar[str] = "groups/edit.html"
    form: FormState
    group: Kept | None
    """None for one that is to be made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletionPage(Page):
    template: ClassVar[str] = "groups/confirm.html"
    group: Kept
    categories: list[Granted]
    """Where it holds rights; then it cannot be deleted."""


async def index(request: web.Request) -> web.Response:
    grant = access.to_administer(request[ACTOR])
    async with request.app[DB].read() as conn:
        found = await free_groups.list_groups(conn, grant, language=request[TRANSLATOR].language)
    return await render(request, GroupsPage(groups=found, kinds=KINDS))


async def new(request: web.Request) -> web.Response:
    return await render(request, GroupFormPage(form=FormState(), group=None))


async def create(request: web.Request) -> web.Response:
    grant = access.to_administer(request[ACTOR])
    try:
        form = NewGroupForm.parse(await request.post())
        key = None
        if form.idempotency_key:
            said = form.model_dump_json(exclude={"idempotency_key"})
            key = idempotency.make(form.idempotency_key, "groups.create", said)
        async with request.app[DB].write() as tx:
            made = await free_groups.make(
                tx, grant, name_el=form.name_el, name_en=form.name_en, slug=form.slug, key=key
            )
    except Invalid as invalid:
        page = GroupFormPage(form=await state_of(request, invalid), group=None)
        return await render(request, page, status=invalid.status)
    response = see_other(request, "group_members.index", slug=made)
    flash(request, response, "group.added")
    return response


async def edit(request: web.Request) -> web.Response:
    group = await _group(request)
    values = {"name_el": group.name_el, "name_en": group.name_en}
    return await render(request, GroupFormPage(form=FormState(values), group=group))


async def update(request: web.Request) -> web.Response:
    grant, group = access.to_administer(request[ACTOR]), await _group(request)
    try:
        form = GroupForm.parse(await request.post())
        async with request.app[DB].write() as tx:
            await free_groups.rename(tx, grant, group.slug, name_el=form.name_el, name_en=form.name_en)
    except Invalid as invalid:
        page = GroupFormPage(form=await state_of(request, invalid), group=group)
        return await render(request, page, status=invalid.status)
    response = see_other(request, "group_members.index", slug=group.slug)
    flash(request, response, "group.saved")
    return response


async def confirm(request: web.Request) -> web.Response:
    """Ask whether a group is to be deleted, or say where it holds rights."""
    group = await _group(request)
    async with request.app[DB].read() as conn:
        found = await free_groups.list_categories(conn, group)
    return await render(request, DeletionPage(group=group, categories=found))


async def delete(request: web.Request) -> web.Response:
    grant = access.to_administer(request[ACTOR])
    async with request.app[DB].write() as tx:
        await free_groups.delete(tx, grant, request.match_info["slug"])
    response = see_other(request, "groups.index")
    flash(request, response, "group.deleted")
    return response


async def _group(request: web.Request) -> Kept:
    async with request.app[DB].read() as conn:
        return await free_groups.to_keep(conn, request[ACTOR], request.match_info["slug"])
