"""The twins that a municipality tells of in its profile: towns outside the forum too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from aiohttp import web
from pydantic import Field

from forum import territories
from forum.domain import profiles, twinning_access
from forum.domain.entities import Organisation
from forum.domain.profiles import Twin, TwinFacts, TwinId, TwinState
from forum.errors import Invalid, NotFound
from forum.i18n import fold
from forum.keys import ACTOR, DB, TRANSLATOR
from forum.web import choices, twinning_words
from forum.web.flash import flash
from forum.web.forms import Form, FormState, Line, int_param, optional_number, state_of
from forum.web.pages import Page, render
from forum.web.ratelimit import count_post
from forum.web.urls import see_other


class TwinForm(Form):
    partner: Line = ""
    town: Annotated[Line, Field(max_length=profiles.TOWN_LIMIT)] = ""
    country: Line = ""
    since_year: Line = ""
    state: TwinState
    note: Annotated[Line, Field(max_length=profiles.NOTE_LIMIT)] = ""

    def facts(self) -> TwinFacts:
        since = optional_number("since_year", self.since_year, least=1900, most=2200)
        return TwinFacts(self.partner, self.town, self.country, since, self.state, self.note or None)


@dataclass(frozen=True, slots=True, kw_only=True)
class TwinPage(Page):
    template: ClassVar[str] = "twins/edit.html"
    organisation: Organisation
    twin: Twin | None
    """None for one that is to be added."""
    form: FormState
    municipalities: choices.Grouped
    countries: list[tuple[str, str]]
    states: list[tuple[str, str]]


async def new(request: web.Request) -> web.Response:
    return await _form(request, FormState({"state": "active"}), is_new=True)


async def create(request: web.Request) -> web.Response:
    try:
        form = TwinForm.parse(await request.post())
        async with request.app[DB].write() as tx:
            grant = await twinning_access.profile_to_edit(tx, request[ACTOR], request.match_info["slug"])
            await count_post(request, tx)
            await profiles.add_twin(tx, grant, form.facts())
    except Invalid as invalid:
        return await _form(request, await state_of(request, invalid), is_new=True, status=invalid.status)
    return _done(request, "twin.added", grant.organisation)


async def edit(request: web.Request) -> web.Response:
    return await _form(request, None)


async def update(request: web.Request) -> web.Response:
    try:
        form = TwinForm.parse(await request.post())
        async with request.app[DB].write() as tx:
            grant = await twinning_access.profile_to_edit(tx, request[ACTOR], request.match_info["slug"])
            await count_post(request, tx)
            await profiles.change_twin(tx, grant, _twin_id(request), form.facts())
    except Invalid as invalid:
        return await _form(request, await state_of(request, invalid), status=invalid.status)
    return _done(request, "twin.saved", grant.organisation)


async def delete(request: web.Request) -> web.Response:
    async with request.app[DB].write() as tx:
        grant = await twinning_access.profile_to_edit(tx, request[ACTOR], request.match_info["slug"])
        await count_post(request, tx)
        await profiles.remove_twin(tx, grant, _twin_id(request))
    return _done(request, "twin.removed", grant.organisation)


def _twin_id(request: web.Request) -> TwinId:
    return TwinId(int_param(request, "twin_id"))


def _done(request: web.Request, said: str, organisation: Organisation) -> web.Response:
    response = see_other(request, "municipalities.show", slug=organisation.slug)
    flash(request, response, said)
    return response


def _state(twin: Twin) -> FormState:
    named = {"partner": twin.slug} if twin.slug else {"town": twin.name_el, "country": twin.country}
    since = {"since_year": str(twin.since_year)} if twin.since_year else {}
    return FormState({**named, **since, "state": twin.state, "note": twin.note or ""})


async def _form(
    request: web.Request, form: FormState | None, *, is_new: bool = False, status: int = 200
) -> web.Response:
    """Show the form, as it was typed or, where `form` is None, as the twin stands."""
    words, twin = request[TRANSLATOR], None
    async with request.app[DB].read() as conn:
        grant = await twinning_access.profile_to_edit(conn, request[ACTOR], request.match_info["slug"])
        if not is_new:
            listed = await profiles.list_twins(conn, grant.organisation.id)
            twin = next((one for one in listed if one.is_own and one.id == _twin_id(request)), None)
            if twin is None:
                raise NotFound
    countries = sorted(((code, words.country(code)) for code in territories.world()), key=lambda each: fold(each[1]))
    page = TwinPage(
        organisation=grant.organisation,
        twin=twin,
        form=form or (_state(twin) if twin else FormState()),
        municipalities=await choices.list_municipalities(request, but=grant.organisation.slug),
        countries=[("", words.gettext("Please choose")), *countries],
        states=[(code, words.gettext(name)) for code, name in twinning_words.TWIN_STATES.items()],
    )
    return await render(request, page, status=status)
