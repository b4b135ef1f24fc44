"""A theme merges into another: topics that name it name the other one instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from aiohttp import web

from forum.domain import access, thesaurus
from forum.domain.entities import in_language
from forum.domain.thesaurus import COUNT_LIMIT, KeptTheme
from forum.errors import Invalid, NotFound
from forum.keys import ACTOR, DB, TRANSLATOR
from forum.web.flash import flash
from forum.web.forms import Form, FormState, RequiredLine, state_of
from forum.web.pages import Page, render
from forum.web.urls import see_other


class MergerForm(Form):
    theme: RequiredLine


@dataclass(frozen=True, slots=True, kw_only=True)
class ThemeMergerPage(Page):
    template: ClassVar[str] = "theme_mergers/new.html"
    form: FormState
    theme: KeptTheme
    themes: list[tuple[str, str]]
    """Into which it can merge."""
    limit: int = COUNT_LIMIT


async def new(request: web.Request) -> web.Response:
    return await _new(request, FormState({}))


async def create(request: web.Request) -> web.Response:
    grant, slug = access.to_administer(request[ACTOR]), request.match_info["slug"]
    async with request.app[DB].read() as conn:
        await thesaurus.theme(conn, grant, slug)
    try:
        form = MergerForm.parse(await request.post())
        async with request.app[DB].write() as tx:
            try:
                await thesaurus.merge(tx, grant, slug, form.theme)
            except NotFound:
                raise Invalid({"theme": ("unknown",)}) from None
    except Invalid as invalid:
        return await _new(request, await state_of(request, invalid), status=invalid.status)
    response = see_other(request, "thesaurus.index", fragment=form.theme)
    flash(request, response, "theme.merged")
    return response


async def _new(request: web.Request, form: FormState, *, status: int = 200) -> web.Response:
    grant, words = access.to_administer(request[ACTOR]), request[TRANSLATOR]
    async with request.app[DB].read() as conn:
        gone = await thesaurus.theme(conn, grant, request.match_info["slug"])
        listed = await thesaurus.list_kept(conn, grant)
    others = [(one.slug, in_language(words.language, one.name_el, one.name_en)) for one in listed if one.id != gone.id]
    return await render(request, ThemeMergerPage(form=form, theme=gone, themes=others), status=status)
