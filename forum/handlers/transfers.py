"""A member passes to another organisation: it is chosen, what they gain and lose is shown, then it is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from aiohttp import web

from forum.domain import members, successions
from forum.domain.access import AdministerGrant
from forum.domain.entities import Member, MemberId, Organisation
from forum.domain.successions import Preview
from forum.keys import DB
from forum.web import choices
from forum.web.flash import flash
from forum.web.forms import RequiredLine, int_param
from forum.web.pages import Page
from forum.web.passing import Passing, PassingForm, Shown
from forum.web.urls import see_other


class TransferForm(PassingForm):
    organisation: RequiredLine


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferPage(Page):
    template: ClassVar[str] = "transfers/new.html"
    member: Member
    organisations: choices.Grouped
    shown: Shown[Organisation, Preview]


class _Transfer(Passing[Organisation, Preview]):
    field = "organisation"
    form = TransferForm

    async def find(self, request: web.Request, slug: str) -> Organisation:
        return await choices.organisation(request, slug)

    async def preview(self, request: web.Request, grant: AdministerGrant, into: Organisation) -> Preview:
        async with request.app[DB].read() as conn:
            return await successions.preview_transfer(conn, grant, _member_id(request), into)

    async def carry_out(self, request: web.Request, grant: AdministerGrant, into: Organisation, digest: str) -> None:
        async with request.app[DB].write() as tx:
            await successions.transfer(tx, grant, _member_id(request), into.slug, digest=digest)

    async def page(self, request: web.Request, shown: Shown[Organisation, Preview]) -> TransferPage:
        async with request.app[DB].read() as conn:
            member = await members.member(conn, _member_id(request))
        return TransferPage(member=member, organisations=await choices.list_organisations(request), shown=shown)

    def done(self, request: web.Request, into: Organisation) -> web.Response:
        response = see_other(request, "members.show", member_id=_member_id(request))
        flash(request, response, "member.moved")
        return response


def _member_id(request: web.Request) -> MemberId:
    return MemberId(int_param(request, "member_id"))


_TRANSFER = _Transfer()
new, create = _TRANSFER.new, _TRANSFER.create
