"""The role of a member, changed by an administrator: member, moderator or administrator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from aiohttp import web

from forum.domain import access, members, moderation
from forum.domain.entities import Member, MemberId, Role
from forum.errors import Forbidden, Invalid
from forum.keys import ACTOR, DB
from forum.web.flash import flash
from forum.web.forms import Checkbox, Form, FormState, int_param, state_of
from forum.web.pages import Page, render
from forum.web.urls import see_other


class RoleForm(Form):
    role: Literal["member", "moderator", "administrator"]
    is_confirmed: Checkbox = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RolePage(Page):
    template: ClassVar[str] = "roles/new.html"
    member: Member
    form: FormState
    asks: bool
    """Whether it is asked once more: an administrator can do everything."""


async def new(request: web.Request) -> web.Response:
    return await _form(request, None)


async def create(request: web.Request) -> web.Response:
    grant, member_id = access.to_administer(request[ACTOR]), _member_id(request)
    try:
        form = RoleForm.parse(await request.post())
        if form.role == "administrator" and not form.is_confirmed:
            return await _form(request, FormState({"role": form.role}), asks=True)
        async with request.app[DB].write() as tx:
            is_changed = await moderation.set_role(tx, grant, member_id, Role(form.role))
    except Invalid as invalid:
        return await _form(request, await state_of(request, invalid), status=invalid.status)
    response = see_other(request, "members.show", member_id=member_id)
    flash(request, response, "member.role_changed" if is_changed else "nothing.changed")
    return response


async def _form(request: web.Request, form: FormState | None, *, asks: bool = False, status: int = 200) -> web.Response:
    if _member_id(request) == request[ACTOR].member_id:
        raise Forbidden("cannot_change_own_role")
    async with request.app[DB].read() as conn:
        member = await members.member(conn, _member_id(request))
    page = RolePage(member=member, form=form or FormState({"role": member.role.value}), asks=asks)
    return await render(request, page, status=status)


def _member_id(request: web.Request) -> MemberId:
    return MemberId(int_param(request, "member_id"))
