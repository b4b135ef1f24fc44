"""The administrators' regions: which take part, added and changed. What a region may do is said by grants, not here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from aiohttp import web
from pydantic import Field

from forum import territories
from forum.domain import access, idempotency, places, regions
from forum.domain.entities import REGION_NAME_LIMIT, Region
from forum.domain.places import RegionFacts
from forum.errors import Invalid
from forum.i18n import fold
from forum.keys import ACTOR, DB, TRANSLATOR
from forum.web.flash import flash
from forum.web.forms import Form, FormState, Line, RequiredLine, Slug, state_of
from forum.web.pages import Page, render
from forum.web.urls import see_other

_CODE_LIMIT = 10
"""Characters; no code of ISO 3166 or NUTS has as many."""

_Name = Annotated[RequiredLine, Field(max_length=REGION_NAME_LIMIT)]
_Code = Annotated[Line, Field(max_length=_CODE_LIMIT)]


class RegionForm(Form):
    name_el: _Name
    name_en: _Name
    country: _Code
    subdivision: _Code = ""
    nuts: _Code = ""
    slug: Slug = ""
    idempotency_key: Annotated[Line, Field(max_length=idempotency.KEY_LIMIT)] = ""

    def facts(self) -> RegionFacts:
        subdivision, nuts = self.subdivision.upper() or None, self.nuts.upper() or None
        return RegionFacts(self.name_el, self.name_en, self.country, subdivision, nuts)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionsPage(Page):
    template: ClassVar[str] = "regions/index.html"
    regions: list[Region]
    countries: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionFormPage(Page):
    template: ClassVar[str] = "regions/edit.html"
    form: FormState
    region: Region | None
    """None for one that is to be added."""
    countries: list[tuple[str, str]]


async def index(request: web.Request) -> web.Response:
    words = request[TRANSLATOR]
    async with request.app[DB].read() as conn:
        found = await regions.list_regions(conn, language=words.language)
    countries = {region.country: words.country(region.country) for region in found}
    return await render(request, RegionsPage(regions=found, countries=countries))


async def new(request: web.Request) -> web.Response:
    return await _form(request, FormState({"country": "GR"}), None)


async def create(request: web.Request) -> web.Response:
    grant = access.to_administer(request[ACTOR])
    try:
        form = RegionForm.parse(await request.post())
        key = None
        if form.idempotency_key:
            said = form.model_dump_json(exclude={"idempotency_key"})
            key = idempotency.make(form.idempotency_key, "regions.create", said)
        async with request.app[DB].write() as tx:
            await places.add_region(tx, grant, form.facts(), slug=form.slug, key=key)
    except Invalid as invalid:
        return await _form(request, await state_of(request, invalid), None, status=invalid.status)
    response = see_other(request, "regions.index")
    flash(request, response, "region.added")
    return response


async def edit(request: web.Request) -> web.Response:
    region = await _region(request)
    names = ("name_el", "name_en", "country", "subdivision", "nuts")
    return await _form(request, FormState({name: getattr(region, name) or "" for name in names}), region)


async def update(request: web.Request) -> web.Response:
    grant, region = access.to_administer(request[ACTOR]), await _region(request)
    try:
        form = RegionForm.parse(await request.post())
        async with request.app[DB].write() as tx:
            await places.change_region(tx, grant, region.slug, form.facts())
    except Invalid as invalid:
        return await _form(request, await state_of(request, invalid), region, status=invalid.status)
    response = see_other(request, "regions.index")
    flash(request, response, "region.saved")
    return response


async def _region(request: web.Request) -> Region:
    async with request.app[DB].read() as conn:
        return await regions.region(conn, request.match_info["slug"])


async def _form(request: web.Request, form: FormState, region: Region | None, *, status: int = 200) -> web.Response:
    words = request[TRANSLATOR]
    named = sorted(((code, words.country(code)) for code in territories.countries()), key=lambda each: fold(each[1]))
    return await render(request, RegionFormPage(form=form, region=region, countries=named), status=status)
