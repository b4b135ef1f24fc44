"""Looking as a group or a member would: begun by an administrator, ended from any page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from aiohttp import web

from forum.domain import access, grants, looks, members
from forum.errors import Invalid
from forum.keys import ACTOR, DB
from forum.web import choices
from forum.web.flash import flash
from forum.web.forms import Form, FormState, Line, query_param, state_of
from forum.web.pages import Page, render
from forum.web.urls import see_other


class LookForm(Form):
    group: Line = ""
    member: Line = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookPage(Page):
    template: ClassVar[str] = "looks/new.html"
    form: FormState
    groups: choices.Grouped


async def new(request: web.Request) -> web.Response:
    values = {name: query_param(request, name) for name in ("group", "member")}
    return await _form(request, FormState(values))


async def create(request: web.Request) -> web.Response:
    grant = access.to_administer(request[ACTOR])
    try:
        form = LookForm.parse(await request.post())
        if bool(form.group) == bool(form.member):
            raise Invalid({"group": ("one_of_two",)})
        async with request.app[DB].write() as tx:
            if form.member:
                await looks.begin(tx, grant, await members.find(tx, form.member), is_group=False)
            else:
                listed = {str(group.id): group.id for group in await grants.list_groups(tx, grant)}
                if form.group not in listed:
                    raise Invalid({"group": ("unknown",)})
                await looks.begin(tx, grant, listed[form.group], is_group=True)
    except Invalid as invalid:
        return await _form(request, await state_of(request, invalid), status=invalid.status)
    return see_other(request, "home.index")


async def delete(request: web.Request) -> web.Response:
    """Look as oneself again."""
    async with request.app[DB].write() as tx:
        await looks.end(tx, request[ACTOR])
    response = see_other(request, "home.index")
    flash(request, response, "look.ended")
    return response


async def _form(request: web.Request, form: FormState, *, status: int = 200) -> web.Response:
    grant = access.to_administer(request[ACTOR])
    async with request.app[DB].read() as conn:
        listed = await grants.list_groups(conn, grant)
    page = LookPage(form=form, groups=choices.group_options(request, listed))
    return await render(request, page, status=status)
