"""A municipality moves to another region: it is chosen, what the members gain and lose is shown, then it is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from aiohttp import web

from forum.domain import access, organisations, regions, successions
from forum.domain.entities import Organisation, Region, in_language
from forum.domain.successions import Preview
from forum.errors import Conflict, Invalid, NotFound
from forum.keys import ACTOR, DB, TRANSLATOR
from forum.web.flash import flash
from forum.web.forms import Form, FormState, Line, RequiredLine, query_param, state_of
from forum.web.pages import Page, render
from forum.web.urls import see_other


class RelocationForm(Form):
    region: RequiredLine
    digest: Line = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RelocationPage(Page):
    template: ClassVar[str] = "relocations/new.html"
    organisation: Organisation
    form: FormState
    regions: list[tuple[str, str]]
    into: Region | None
    preview: Preview | None
    """None until the region is chosen."""
    is_late: bool
    """Something else would happen by now than was shown."""


async def new(request: web.Request) -> web.Response:
    return await _look(request, FormState({"region": query_param(request, "region")}))


async def create(request: web.Request) -> web.Response:
    grant, slug = access.to_administer(request[ACTOR]), request.match_info["slug"]
    try:
        form = RelocationForm.parse(await request.post())
        into = await _region(request, form.region)
        async with request.app[DB].write() as tx:
            await successions.move(tx, grant, slug, into.slug, digest=form.digest)
    except Invalid as invalid:
        return await _page(request, await state_of(request, invalid), status=invalid.status)
    except Conflict as conflict:
        if conflict.code != "preview_changed":
            raise
        return await _look(request, FormState({"region": into.slug}), status=conflict.status)
    response = see_other(request, "organisations.edit", slug=slug)
    flash(request, response, "organisation.moved")
    return response


async def _region(request: web.Request, slug: str) -> Region:
    async with request.app[DB].read() as conn:
        try:
            return await regions.region(conn, slug)
        except NotFound:
            raise Invalid({"region": ("unknown",)}) from None


async def _look(request: web.Request, form: FormState, *, status: int = 200) -> web.Response:
    """Show what would happen now; or the form, until it is said where to."""
    if "region" not in request.query and not form.value("region"):
        return await _page(request, form)
    try:
        if not form.value("region"):
            raise Invalid({"region": ("required",)})
        grant, into = access.to_administer(request[ACTOR]), await _region(request, form.value("region"))
        async with request.app[DB].read() as conn:
            municipality = await organisations.organisation(conn, request.match_info["slug"])
            shown = await successions.preview_move(conn, grant, municipality, into)
    except Invalid as invalid:
        return await _page(request, FormState(form.values, invalid.fields), status=invalid.status)
    return await _page(request, form, into, shown, status=status)


async def _page(
    request: web.Request,
    form: FormState,
    into: Region | None = None,
    shown: Preview | None = None,
    *,
    status: int = 200,
) -> web.Response:
    language = request[TRANSLATOR].language
    async with request.app[DB].read() as conn:
        found = await organisations.organisation(conn, request.match_info["slug"])
        known = await regions.list_regions(conn, language=language)
    page = RelocationPage(
        organisation=found,
        form=form,
        regions=[
            (region.slug, in_language(language, region.name_el, region.name_en))
            for region in known
            if region.slug != found.region_slug
        ],
        into=into,
        preview=shown,
        is_late=status == Conflict.status,
    )
    return await render(request, page, status=status)
