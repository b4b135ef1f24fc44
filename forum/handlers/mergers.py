"""An organisation merges into another: it is chosen, what its members gain and lose is shown, then it is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from aiohttp import web

from forum.domain import organisations, successions
from forum.domain.access import AdministerGrant
from forum.domain.entities import Organisation
from forum.domain.successions import Preview
from forum.keys import DB
from forum.web import choices
from forum.web.flash import flash
from forum.web.forms import RequiredLine
from forum.web.pages import Page
from forum.web.passing import Passing, PassingForm, Shown
from forum.web.urls import see_other


class MergerForm(PassingForm):
    organisation: RequiredLine


@dataclass(frozen=True, slots=True, kw_only=True)
class MergerPage(Page):
    template: ClassVar[str] = "mergers/new.html"
    organisation: Organisation
    organisations: choices.Grouped
    shown: Shown[Organisation, Preview]


class _Merger(Passing[Organisation, Preview]):
    field = "organisation"
    form = MergerForm

    async def find(self, request: web.Request, slug: str) -> Organisation:
        return await choices.organisation(request, slug)

    async def preview(self, request: web.Request, grant: AdministerGrant, into: Organisation) -> Preview:
        async with request.app[DB].read() as conn:
            gone = await organisations.organisation(conn, request.match_info["slug"])
            return await successions.preview_merger(conn, grant, gone, into)

    async def carry_out(self, request: web.Request, grant: AdministerGrant, into: Organisation, digest: str) -> None:
        async with request.app[DB].write() as tx:
            await successions.merge(tx, grant, request.match_info["slug"], into.slug, digest=digest)

    async def page(self, request: web.Request, shown: Shown[Organisation, Preview]) -> MergerPage:
        async with request.app[DB].read() as conn:
            gone = await organisations.organisation(conn, request.match_info["slug"])
        offered = await choices.list_organisations(request)
        return MergerPage(organisation=gone, organisations=offered, shown=shown)

    def done(self, request: web.Request, into: Organisation) -> web.Response:
        response = see_other(request, "organisations.edit", slug=into.slug)
        flash(request, response, "organisation.merged")
        return response


_MERGER = _Merger()
new, create = _MERGER.new, _MERGER.create
