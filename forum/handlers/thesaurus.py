"""The administrators' list of themes: added, renamed, and taken away where no topic names them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from aiohttp import web
from pydantic import Field

from forum.domain import access, idempotency, thesaurus
from forum.domain.entities import THEME_NAME_LIMIT
from forum.domain.thesaurus import COUNT_LIMIT, KeptTheme
from forum.errors import Invalid
from forum.keys import ACTOR, DB
from forum.web.flash import flash
from forum.web.forms import Form, FormState, Line, RequiredLine, Slug, state_of
from forum.web.pages import Page, render
from forum.web.urls import see_other

_Name = Annotated[RequiredLine, Field(max_length=THEME_NAME_LIMIT)]


class ThemeForm(Form):
    name_el: _Name
    name_en: _Name
    slug: Slug = ""
    idempotency_key: Annotated[Line, Field(max_length=idempotency.KEY_LIMIT)] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThesaurusPage(Page):
    template: ClassVar[str] = "thesaurus/index.html"
    themes: list[KeptTheme]
    limit: int = COUNT_LIMIT


@dataclass(frozen=True, slots=True, kw_only=True)
class ThemeFormPage(Page):
    template: ClassVar[str] = "thesaurus/edit.html"
    form: FormState
    theme: KeptTheme | None
    """None for one that is to be added."""
    limit: int = COUNT_LIMIT


async def index(request: web.Request) -> web.Response:
    async with request.app[DB].read() as conn:
        found = await thesaurus.list_kept(conn, access.to_administer(request[ACTOR]))
    return await render(request, ThesaurusPage(themes=found))


async def new(request: web.Request) -> web.Response:
    return await render(request, ThemeFormPage(form=FormState({}), theme=None))


async def create(request: web.Request) -> web.Response:
    grant = access.to_administer(request[ACTOR])
    try:
        form = ThemeForm.parse(await request.post())
        key = None
        if form.idempotency_key:
            said = form.model_dump_json(exclude={"idempotency_key"})
            key = idempotency.make(form.idempotency_key, "thesaurus.create", said)
        async with request.app[DB].write() as tx:
            await thesaurus.add(tx, grant, name_el=form.name_el, name_en=form.name_en, slug=form.slug, key=key)
    except Invalid as invalid:
        page = ThemeFormPage(form=await state_of(request, invalid), theme=None)
        return await render(request, page, status=invalid.status)
    return _done(request, "theme.added")


async def edit(request: web.Request) -> web.Response:
    theme = await _theme(request)
    form = FormState({"name_el": theme.name_el, "name_en": theme.name_en})
    return await render(request, ThemeFormPage(form=form, theme=theme))


async def update(request: web.Request) -> web.Response:
    grant, theme = access.to_administer(request[ACTOR]), await _theme(request)
    try:
        form = ThemeForm.parse(await request.post())
        async with request.app[DB].write() as tx:
            await thesaurus.rename(tx, grant, theme.slug, name_el=form.name_el, name_en=form.name_en)
    except Invalid as invalid:
        page = ThemeFormPage(form=await state_of(request, invalid), theme=theme)
        return await render(request, page, status=invalid.status)
    return _done(request, "theme.saved")


async def delete(request: web.Request) -> web.Response:
    async with request.app[DB].write() as tx:
        await thesaurus.delete(tx, access.to_administer(request[ACTOR]), request.match_info["slug"])
    return _done(request, "theme.deleted")


async def _theme(request: web.Request) -> KeptTheme:
    async with request.app[DB].read() as conn:
        return await thesaurus.theme(conn, access.to_administer(request[ACTOR]), request.match_info["slug"])


def _done(request: web.Request, word: str) -> web.Response:
    response = see_other(request, "thesaurus.index")
    flash(request, response, word)
    return response
