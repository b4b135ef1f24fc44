"""A municipality moves to another region: it is chosen, what the members gain and lose is shown, then it is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from aiohttp import web

from forum.domain import organisations, regions, successions
from forum.domain.access import AdministerGrant
from forum.domain.entities import Organisation, Region, in_language
from forum.domain.successions import Preview
from forum.errors import Invalid, NotFound
from forum.keys import DB, TRANSLATOR
from forum.web.flash import flash
from forum.web.forms import RequiredLine
from forum.web.pages import Page
from forum.web.passing import Passing, PassingForm, Shown
from forum.web.urls import see_other


class RelocationForm(PassingForm):
    region: RequiredLine


@dataclass(frozen=True, slots=True, kw_only=True)
class RelocationPage(Page):
    template: ClassVar[str] = "relocations/new.html"
    organisation: Organisation
    regions: list[tuple[str, str]]
    shown: Shown[Region, Preview]


class _Relocation(Passing[Region, Preview]):
    field = "region"
    form = RelocationForm

    async def find(self, request: web.Request, slug: str) -> Region:
        async with request.app[DB].read() as conn:
            try:
                return await regions.region(conn, slug)
            except NotFound:
                raise Invalid({"region": ("unknown",)}) from None

    async def preview(self, request: web.Request, grant: AdministerGrant, into: Region) -> Preview:
        async with request.app[DB].read() as conn:
            municipality = await organisations.organisation(conn, request.match_info["slug"])
            return await successions.preview_move(conn, grant, municipality, into)

    async def carry_out(self, request: web.Request, grant: AdministerGrant, into: Region, digest: str) -> None:
        async with request.app[DB].write() as tx:
            await successions.move(tx, grant, request.match_info["slug"], into.slug, digest=digest)

    async def page(self, request: web.Request, shown: Shown[Region, Preview]) -> RelocationPage:
        language = request[TRANSLATOR].language
        async with request.app[DB].read() as conn:
            municipality = await organisations.organisation(conn, request.match_info["slug"])
            known = await regions.list_regions(conn, language=language)
        others = [region for region in known if region.slug != municipality.region_slug]
        offered = [(region.slug, in_language(language, region.name_el, region.name_en)) for region in others]
        return RelocationPage(organisation=municipality, regions=offered, shown=shown)

    def done(self, request: web.Request, into: Region) -> web.Response:
        response = see_other(request, "organisations.edit", slug=request.match_info["slug"])
        flash(request, response, "organisation.moved")
        return response


_RELOCATION = _Relocation()
new, create = _RELOCATION.new, _RELOCATION.create
