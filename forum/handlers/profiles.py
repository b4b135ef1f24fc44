"""The profile of a municipality, as its members write it: what it is like, whom to ask, what it seeks of a twin."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final

from aiohttp import web
from multidict import MultiDictProxy
from pydantic import Field

from forum import territories
from forum.domain import profiles, themes, twinning_access
from forum.domain.entities import CONTACT_LIMIT, Organisation, in_language
from forum.domain.kinds.fields import completed
from forum.domain.profiles import Facts, Profile
from forum.errors import Detailed, Invalid
from forum.i18n import fold
from forum.keys import ACTOR, DB, TRANSLATOR
from forum.web import twinning_words
from forum.web.flash import flash
from forum.web.forms import Checkbox, Form, FormState, Line, Text, optional_number, several, state_of, ticked
from forum.web.pages import Page, render
from forum.web.ratelimit import count_post
from forum.web.urls import see_other

_AREA: Final = re.compile(r"[0-9]{1,7}([.,][0-9])?")
_BOXES: Final = ("settings", "languages", "themes", "seeks_countries", "seeks_themes")


class ProfileForm(Form):
    area: Line = ""
    website: Annotated[Line, Field(max_length=profiles.WEBSITE_LIMIT)] = ""
    contact: Annotated[Line, Field(max_length=CONTACT_LIMIT)] = ""
    about: Annotated[Text, Field(max_length=profiles.ABOUT_LIMIT)] = ""
    is_seeking: Checkbox = False
    seeks_from: Line = ""
    seeks_to: Line = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfilePage(Page):
    template: ClassVar[str] = "profiles/edit.html"
    organisation: Organisation
    form: FormState
    settings: list[tuple[str, str]]
    languages: list[tuple[str, str]]
    themes: list[tuple[str, str]]
    countries: list[tuple[str, str]]
    twins: list[profiles.Twin]
    about_limit: int = profiles.ABOUT_LIMIT
    themes_limit: int = profiles.THEMES_LIMIT


async def edit(request: web.Request) -> web.Response:
    async with request.app[DB].read() as conn:
        grant = await twinning_access.profile_to_edit(conn, request[ACTOR], request.match_info["slug"])
        found = await profiles.profile(conn, grant.organisation.id)
    return await _edit(request, _state(found))


async def update(request: web.Request) -> web.Response:
    slug, sent = request.match_info["slug"], await request.post()
    try:
        async with request.app[DB].write() as tx:
            grant = await twinning_access.profile_to_edit(tx, request[ACTOR], slug)
            await count_post(request, tx)
            await profiles.set_facts(tx, grant, _facts(sent))
    except Invalid as invalid:
        state = await state_of(request, invalid)
        boxes = ticked({name: several(sent, name) for name in _BOXES})
        return await _edit(request, FormState({**state.values, **boxes}, state.errors), status=invalid.status)
    response = see_other(request, "municipalities.show", slug=grant.organisation.slug)
    flash(request, response, "profile.saved")
    return response


def _facts(sent: MultiDictProxy[str | bytearray | bytes | web.FileField]) -> Facts:
    form = ProfileForm.parse(sent)
    if form.area and not _AREA.fullmatch(form.area):
        raise Invalid({"area": ("bad_area",)})
    website = completed(form.website)
    if len(website) > (limit := profiles.WEBSITE_LIMIT):
        raise Invalid({"website": (Detailed("too_long", limit=limit, length=len(website)),)})
    if website and not twinning_words.WEBSITE.fullmatch(website):
        raise Invalid({"website": ("bad_website",)})
    return Facts(
        area=float(form.area.replace(",", ".")) if form.area else None,
        settings=several(sent, "settings"),
        languages=several(sent, "languages"),
        themes=several(sent, "themes"),
        website=website or None,
        contact=form.contact or None,
        about=form.about.strip() or None,
        is_seeking=form.is_seeking,
        seeks_countries=several(sent, "seeks_countries"),
        seeks_from=optional_number("seeks_from", form.seeks_from),
        seeks_to=optional_number("seeks_to", form.seeks_to),
        seeks_themes=several(sent, "seeks_themes"),
    )


def _state(found: Profile) -> FormState:
    values = {name: str(value) for name in ("seeks_from", "seeks_to") if (value := getattr(found, name))}
    values |= {name: value for name in ("website", "contact", "about") if (value := getattr(found, name))}
    if found.area is not None:
        values["area"] = f"{found.area:g}" if found.area < 100_000 else f"{found.area:.1f}"
    if found.is_seeking:
        values["is_seeking"] = "on"
    return FormState({**values, **ticked({name: getattr(found, name) for name in _BOXES})})


async def _edit(request: web.Request, form: FormState, *, status: int = 200) -> web.Response:
    words = request[TRANSLATOR]
    async with request.app[DB].read() as conn:
        grant = await twinning_access.profile_to_edit(conn, request[ACTOR], request.match_info["slug"])
        listed = await themes.list_themes(conn)
        twins = await profiles.list_twins(conn, grant.organisation.id)
    page = ProfilePage(
        organisation=grant.organisation,
        form=form,
        settings=[(code, words.gettext(name)) for code, name in twinning_words.SETTINGS.items()],
        languages=_sorted((code, words.language_name(code)) for code in profiles.LANGUAGES),
        themes=[(theme.slug, in_language(words.language, theme.name_el, theme.name_en)) for theme in listed],
        countries=_sorted((code, words.country(code)) for code in territories.countries()),
        twins=[twin for twin in twins if twin.is_own],
    )
    return await render(request, page, status=status)


def _sorted(options: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return sorted(options, key=lambda option: fold(option[1]))
