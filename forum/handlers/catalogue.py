"""Categories, for administrators: one is added, also below another, and what is said of it changed.

Who may do what in one is `category_grants`' page.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from aiohttp import web
from pydantic import Field

from forum.domain import access, catalogue, idempotency, kinds
from forum.domain.catalogue import Catalogued, CategoryFacts
from forum.domain.entities import CATEGORY_DESCRIPTION_LIMIT, CATEGORY_NAME_LIMIT, in_language
from forum.domain.kinds import Kind
from forum.errors import Invalid
from forum.keys import ACTOR, DB, TRANSLATOR
from forum.web.flash import flash
from forum.web.forms import Form, FormState, Line, RequiredLine, Slug, query_param, state_of
from forum.web.pages import Page, render
from forum.web.urls import see_other

_Name = Annotated[RequiredLine, Field(max_length=CATEGORY_NAME_LIMIT)]
_Description = Annotated[Line, Field(max_length=CATEGORY_DESCRIPTION_LIMIT)]


class CategoryForm(Form):
    name_el: _Name
    name_en: _Name
    description_el: _Description = ""
    description_en: _Description = ""
    slug: Slug = ""
    parent: Line = ""
    idempotency_key: Annotated[Line, Field(max_length=idempotency.KEY_LIMIT)] = ""

    def facts(self, codes: list[str]) -> CategoryFacts:
        return CategoryFacts(self.name_el, self.name_en, self.description_el, self.description_en, tuple(codes))


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryFormPage(Page):
    template: ClassVar[str] = "catalogue/edit.html"
    form: FormState
    category: Catalogued | None
    """None for one that is to be added."""
    parents: list[tuple[str, str]]
    """Below which it can stand."""
    kinds: list[Kind]
    """That may be started in it, beside discussions."""


async def new(request: web.Request) -> web.Response:
    return await _form(request, FormState({"parent": query_param(request, "parent")}), None)


async def create(request: web.Request) -> web.Response:
    grant = access.to_administer(request[ACTOR])
    try:
        form = CategoryForm.parse(await request.post())
        key = None
        if form.idempotency_key:
            said = form.model_dump_json(exclude={"idempotency_key"})
            key = idempotency.make(form.idempotency_key, "catalogue.create", said)
        async with request.app[DB].write() as tx:
            slug = await catalogue.add(
                tx, grant, form.facts(await _ticked(request)), slug=form.slug, parent=form.parent, key=key
            )
    except Invalid as invalid:
        return await _form(request, await state_of(request, invalid), None, status=invalid.status)
    response = see_other(request, "category_grants.show", slug=slug)
    flash(request, response, "category.added")
    return response


async def edit(request: web.Request) -> web.Response:
    found = await _category(request)
    names = ("name_el", "name_en", "description_el", "description_en", "slug")
    ticked = {f"kinds.{code}": "on" for code in found.kinds}
    return await _form(request, FormState({name: getattr(found, name) for name in names} | ticked), found)


async def update(request: web.Request) -> web.Response:
    grant, found = access.to_administer(request[ACTOR]), await _category(request)
    try:
        form = CategoryForm.parse(await request.post())
        # What cannot be started yet is not offered, and stays.
        others = [code for code in found.kinds if code not in kinds.KINDS]
        facts = form.facts([*await _ticked(request), *others])
        async with request.app[DB].write() as tx:
            slug = await catalogue.change(tx, grant, found.slug, facts, new_slug=form.slug)
    except Invalid as invalid:
        return await _form(request, await state_of(request, invalid), found, status=invalid.status)
    response = see_other(request, "category_grants.show", slug=slug)
    flash(request, response, "category.saved")
    return response


async def _ticked(request: web.Request) -> list[str]:
    """Return the kinds that were ticked in the form."""
    sent = await request.post()
    return [code for code in kinds.KINDS if f"kinds.{code}" in sent]


async def _category(request: web.Request) -> Catalogued:
    grant = access.to_administer(request[ACTOR])
    async with request.app[DB].read() as conn:
        return await catalogue.category(conn, grant, request.match_info["slug"])


async def _form(
    request: web.Request, form: FormState, category: Catalogued | None, *, status: int = 200
) -> web.Response:
    grant, words = access.to_administer(request[ACTOR]), request[TRANSLATOR]
    async with request.app[DB].read() as conn:
        listed = await catalogue.list_categories(conn, grant)
    parents = [("", words.gettext("None: it stands by itself"))]
    for one in listed:
        if one.parent_id is None and one.archived_at is None:
            parents.append((one.slug, in_language(words.language, one.name_el, one.name_en)))
    offered = [kind for kind in kinds.KINDS.values() if kind is not kinds.DEFAULT]
    return await render(
        request, CategoryFormPage(form=form, category=category, parents=parents, kinds=offered), status=status
    )
