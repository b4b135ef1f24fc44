"""A member's own profile: name, language, time zone, colours. Password, sessions and tokens stand in modules apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from aiohttp import web
from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from forum.domain import members, notification_mails
from forum.domain.entities import NAME_LIMIT, Scheme
from forum.domain.members import Settings
from forum.errors import Invalid
from forum.i18n import is_zone, languages, zones
from forum.keys import ACTOR, DB, TRANSLATOR
from forum.web.flash import flash
from forum.web.forms import Form, FormState, RequiredLine, SpokenLanguage, state_of
from forum.web.pages import Page, render
from forum.web.urls import see_other


def _offered(zone: str) -> str:
    if not is_zone(zone):
        raise PydanticCustomError("unknown", "not among the zones offered")
    return zone


class SettingsForm(Form):
    name: Annotated[RequiredLine, Field(max_length=NAME_LIMIT)]
    language: SpokenLanguage
    zone: Annotated[str, AfterValidator(_offered)]
    scheme: Scheme


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsPage(Page):
    template: ClassVar[str] = "settings/edit.html"
    settings: Settings
    form: FormState
    languages: list[tuple[str, str]]
    zones: list[tuple[str, str]]


async def edit(request: web.Request) -> web.Response:
    return await _edit(request)


async def update(request: web.Request) -> web.Response:
    try:
        form = SettingsForm.parse(await request.post())
        async with request.app[DB].write() as tx:
            await members.update_profile(
                tx, request[ACTOR], name=form.name, language=form.language, zone=form.zone, scheme=form.scheme
            )
            await notification_mails.reschedule(tx, request[ACTOR].member_id)
    except Invalid as invalid:
        return await _edit(request, await state_of(request, invalid), status=invalid.status)
    response = see_other(request, "settings.edit")
    flash(request, response, "settings.saved")
    return response


async def _edit(request: web.Request, form: FormState | None = None, *, status: int = 200) -> web.Response:
    async with request.app[DB].read() as conn:
        own = await members.settings(conn, request[ACTOR])
    words = request[TRANSLATOR]
    page = SettingsPage(
        settings=own,
        form=form or FormState({"name": own.name, "language": own.language, "zone": own.zone, "scheme": own.scheme}),
        languages=list(languages().items()),
        zones=[(zone, words.zone_name(zone)) for zone in zones()],
    )
    return await render(request, page, status=status)
