"""A category merges into another: it is chosen, who gains and loses its topics is shown, then it is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from aiohttp import web

from forum.domain import access, catalogue, category_mergers
from forum.domain.access import AdministerGrant
from forum.domain.catalogue import Catalogued
from forum.domain.category_mergers import Preview
from forum.domain.entities import in_language
from forum.errors import Invalid, NotFound
from forum.keys import ACTOR, DB, TRANSLATOR
from forum.web.effects import Effect, effect
from forum.web.flash import flash
from forum.web.forms import RequiredLine
from forum.web.pages import Page
from forum.web.passing import Passing, PassingForm, Shown
from forum.web.urls import see_other


class CategoryMergerForm(PassingForm):
    category: RequiredLine


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryMergerPage(Page):
    template: ClassVar[str] = "category_mergers/new.html"
    category: Catalogued
    categories: list[tuple[str, str]]
    """Into which it can merge."""
    shown: Shown[Catalogued, Preview]
    effect: Effect | None


class _Merger(Passing[Catalogued, Preview]):
    field = "category"
    form = CategoryMergerForm

    async def find(self, request: web.Request, slug: str) -> Catalogued:
        try:
            async with request.app[DB].read() as conn:
                return await catalogue.category(conn, access.to_administer(request[ACTOR]), slug)
        except NotFound:
            raise Invalid({"category": ("unknown",)}) from None

    async def preview(self, request: web.Request, grant: AdministerGrant, into: Catalogued) -> Preview:
        async with request.app[DB].read() as conn:
            gone = await catalogue.category(conn, grant, request.match_info["slug"])
            return await category_mergers.preview_merger(conn, grant, gone, into)

    async def carry_out(self, request: web.Request, grant: AdministerGrant, into: Catalogued, digest: str) -> None:
        async with request.app[DB].write() as tx:
            gone = await catalogue.category(tx, grant, request.match_info["slug"])
            await category_mergers.merge(tx, grant, gone, into, digest=digest)

    async def page(self, request: web.Request, shown: Shown[Catalogued, Preview]) -> CategoryMergerPage:
        grant, words = access.to_administer(request[ACTOR]), request[TRANSLATOR]
        async with request.app[DB].read() as conn:
            gone = await catalogue.category(conn, grant, request.match_info["slug"])
            listed = await catalogue.list_categories(conn, grant)
        return CategoryMergerPage(
            category=gone,
            categories=[
                (one.slug, in_language(words.language, one.name_el, one.name_en))
                for one in listed
                if one.id != gone.id and one.archived_at is None
            ],
            shown=shown,
            effect=effect(shown.preview.changes, words.language) if shown.preview else None,
        )

    def done(self, request: web.Request, into: Catalogued) -> web.Response:
        response = see_other(request, "category_grants.show", slug=into.slug)
        flash(request, response, "category.merged")
        return response


_MERGER = _Merger()
new, create = _MERGER.new, _MERGER.create
