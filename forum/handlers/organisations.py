"""The administrators' organisations: listed and searched, added and changed. Their end has pages of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Final, cast, get_args

from aiohttp import web
from pydantic import Field

from forum.domain import access, idempotency, organisations, places, regions
from forum.domain.entities import (
    DISTRICT_LIMIT,
    ORGANISATION_NAME_LIMIT,
    Organisation,
    OrganisationKind,
    OrganisationState,
    in_language,
)
from forum.domain.places import OrganisationFacts
from forum.errors import BadRequest, Detailed, Invalid
from forum.i18n import mark
from forum.keys import ACTOR, DB, TRANSLATOR
from forum.web.flash import flash
from forum.web.forms import Checkbox, Form, FormState, Line, RequiredLine, Slug, query_param, state_of
from forum.web.pages import Page, render
from forum.web.urls import see_other

KINDS: Final = {
    "municipality": mark("Municipality"),
    "association": mark("Association"),
    "partner": mark("Partner"),
}
STATES: Final = {"open": mark("Open"), "closed": mark("Closed"), "merged": mark("Merged")}

_POPULATION_LIMIT = 2**31 - 1

_Name = Annotated[RequiredLine, Field(max_length=ORGANISATION_NAME_LIMIT)]
_District = Annotated[Line, Field(max_length=DISTRICT_LIMIT)]


class OrganisationForm(Form):
    name_el: _Name
    name_en: _Name
    district_el: _District = ""
    district_en: _District = ""
    is_displaced: Checkbox = False
    population: Line = ""
    population_year: Line = ""
    slug: Slug = ""

    def facts(self) -> OrganisationFacts:
        return OrganisationFacts(
            self.name_el,
            self.name_en,
            self.district_el or None,
            self.district_en or None,
            self.is_displaced,
            _whole(self.population, "population", 1, _POPULATION_LIMIT),
            _whole(self.population_year, "population_year", 1900, 2200),
        )


class NewOrganisationForm(OrganisationForm):
    kind: OrganisationKind
    region: Line = ""
    idempotency_key: Annotated[Line, Field(max_length=idempotency.KEY_LIMIT)] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationsPage(Page):
    template: ClassVar[str] = "organisations/index.html"
    organisations: list[Organisation]
    form: FormState
    kinds: list[tuple[str, str]]
    states: list[tuple[str, str]]
    regions: list[tuple[str, str]]
    is_filtered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationFormPage(Page):
    template: ClassVar[str] = "organisations/edit.html"
    form: FormState
    organisation: Organisation | None
    """None for one that is to be added."""
    kinds: list[tuple[str, str]]
    regions: list[tuple[str, str]]


async def index(request: web.Request) -> web.Response:
    words = request[TRANSLATOR]
    asked = {name: query_param(request, name) for name in ("kind", "region", "state", "q")}
    if (asked["kind"] and asked["kind"] not in KINDS) or (asked["state"] and asked["state"] not in STATES):
        raise BadRequest("bad_value")
    async with request.app[DB].read() as conn:
        found = await organisations.list_organisations(
            conn,
            kind=cast("OrganisationKind | None", asked["kind"] or None),
            region=asked["region"] or None,
            state=cast("OrganisationState | None", asked["state"] or None),
            query=asked["q"],
            language=words.language,
        )
    page = OrganisationsPage(
        organisations=found,
        form=FormState(asked),
        kinds=[(code, words.gettext(name)) for code, name in KINDS.items()],
        states=[(code, words.gettext(name)) for code, name in STATES.items()],
        regions=await _regions(request),
        is_filtered=any(asked.values()),
    )
    return await render(request, page)


async def new(request: web.Request) -> web.Response:
    return await _form(request, FormState({"kind": "municipality"}), None)


async def create(request: web.Request) -> web.Response:
    grant = access.to_administer(request[ACTOR])
    try:
        form = NewOrganisationForm.parse(await request.post())
        key = None
        if form.idempotency_key:
            said = form.model_dump_json(exclude={"idempotency_key"})
            key = idempotency.make(form.idempotency_key, "organisations.create", said)
        facts, region = form.facts(), form.region or None
        async with request.app[DB].write() as tx:
            await places.add_organisation(tx, grant, form.kind, facts, region=region, slug=form.slug, key=key)
    except Invalid as invalid:
        return await _form(request, await state_of(request, invalid), None, status=invalid.status)
    response = see_other(request, "organisations.index")
    flash(request, response, "organisation.added")
    return response


async def edit(request: web.Request) -> web.Response:
    found = await _organisation(request)
    values = {
        "slug": found.slug,
        "name_el": found.name_el,
        "name_en": found.name_en,
        "district_el": found.district_el or "",
        "district_en": found.district_en or "",
        "is_displaced": "on" if found.is_displaced else "",
        "population": str(found.population or ""),
        "population_year": str(found.population_year or ""),
    }
    return await _form(request, FormState(values), found)


async def update(request: web.Request) -> web.Response:
    grant, found = access.to_administer(request[ACTOR]), await _organisation(request)
    try:
        form = OrganisationForm.parse(await request.post())
        async with request.app[DB].write() as tx:
            changed = await places.change_organisation(tx, grant, found.slug, form.facts(), new_slug=form.slug)
    except Invalid as invalid:
        return await _form(request, await state_of(request, invalid), found, status=invalid.status)
    response = see_other(request, "organisations.edit", slug=changed.slug)
    flash(request, response, "organisation.saved")
    return response


def _whole(text: str, field: str, least: int, most: int) -> int | None:
    """Return a number that was typed, None for nothing, or raise Invalid."""
    if not text:
        return None
    digits = text.replace(".", "").replace(",", "").replace(" ", "")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= len(str(most)) and least <= int(digits) <= most):
        raise Invalid({field: (Detailed("out_of_range", least=least, most=most),)})
    return int(digits)


async def _organisation(request: web.Request) -> Organisation:
    async with request.app[DB].read() as conn:
        return await organisations.organisation(conn, request.match_info["slug"])


async def _regions(request: web.Request) -> list[tuple[str, str]]:
    language = request[TRANSLATOR].language
    async with request.app[DB].read() as conn:
        found = await regions.list_regions(conn, language=language)
    return [(region.slug, in_language(language, region.name_el, region.name_en)) for region in found]


async def _form(
    request: web.Request, form: FormState, organisation: Organisation | None, *, status: int = 200
) -> web.Response:
    words = request[TRANSLATOR]
    page = OrganisationFormPage(
        form=form,
        organisation=organisation,
        kinds=[(kind, words.gettext(KINDS[kind])) for kind in get_args(OrganisationKind)],
        regions=await _regions(request),
    )
    return await render(request, page, status=status)
