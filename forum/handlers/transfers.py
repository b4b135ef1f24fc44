"""A member passes to another organisation: it is chosen, what they gain and lose is shown, then it is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from aiohttp import web

from forum.domain import access, members, successions
from forum.domain.entities import Member, MemberId, Organisation
from forum.domain.successions import Preview
from forum.errors import Conflict, Invalid
from forum.keys import ACTOR, DB
from forum.web import choices
from forum.web.flash import flash
from forum.web.forms import Form, FormState, Line, RequiredLine, int_param, query_param, state_of
from forum.web.pages import Page, render
from forum.web.urls import see_other


class TransferForm(Form):
    organisation: RequiredLine
    digest: Line = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferPage(Page):
    template: ClassVar[str] = "transfers/new.html"
    member: Member
    form: FormState
    organisations: choices.Grouped
    into: Organisation | None
    preview: Preview | None
    """None until the organisation is chosen."""
    is_late: bool
    """Something else would happen by now than was shown."""


async def new(request: web.Request) -> web.Response:
    return await _look(request, FormState({"organisation": query_param(request, "organisation")}))


async def create(request: web.Request) -> web.Response:
    grant, member_id = access.to_administer(request[ACTOR]), _member_id(request)
    try:
        form = TransferForm.parse(await request.post())
        into = await choices.organisation(request, form.organisation)
        async with request.app[DB].write() as tx:
            await successions.transfer(tx, grant, member_id, into.slug, digest=form.digest)
    except Invalid as invalid:
        return await _page(request, await state_of(request, invalid), status=invalid.status)
    except Conflict as conflict:
        if conflict.code != "preview_changed":
            raise
        return await _look(request, FormState({"organisation": into.slug}), status=conflict.status)
    response = see_other(request, "members.show", member_id=member_id)
    flash(request, response, "member.moved")
    return response


def _member_id(request: web.Request) -> MemberId:
    return MemberId(int_param(request, "member_id"))


async def _look(request: web.Request, form: FormState, *, status: int = 200) -> web.Response:
    """Show what would happen now; or the form, until it is said where to."""
    if "organisation" not in request.query and not form.value("organisation"):
        return await _page(request, form)
    try:
        if not form.value("organisation"):
            raise Invalid({"organisation": ("required",)})
        into = await choices.organisation(request, form.value("organisation"))
        grant = access.to_administer(request[ACTOR])
        async with request.app[DB].read() as conn:
            shown = await successions.preview_transfer(conn, grant, _member_id(request), into)
    except Invalid as invalid:
        return await _page(request, FormState(form.values, invalid.fields), status=invalid.status)
    return await _page(request, form, into, shown, status=status)


async def _page(
    request: web.Request,
    form: FormState,
    into: Organisation | None = None,
    shown: Preview | None = None,
    *,
    status: int = 200,
) -> web.Response:
    async with request.app[DB].read() as conn:
        member = await members.member(conn, _member_id(request))
    offered = await choices.list_organisations(request)
    page = TransferPage(
        member=member, form=form, organisations=offered, into=into, preview=shown, is_late=status == Conflict.status
    )
    return await render(request, page, status=status)
