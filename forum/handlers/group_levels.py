"""How much members of a group hear of a category who choose nothing themselves: for administrators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from aiohttp import web
from pydantic import Field

from forum.domain import access, subscriptions
from forum.domain.access import AdministerGrant
from forum.domain.entities import CategoryId, GroupId, in_language
from forum.domain.levels import Level
from forum.domain.subscriptions import GroupLevel, Named
from forum.errors import Invalid
from forum.keys import ACTOR, DB
from forum.web.flash import flash
from forum.web.forms import Form, FormState, state_of
from forum.web.pages import Page, render
from forum.web.urls import see_other

Id = Annotated[int, Field(ge=1, le=2**63 - 1)]


class LevelForm(Form):
    category: Id
    group: Id
    level: Level


class PlaceForm(Form):
    category: Id
    group: Id


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelsPage(Page):
    template: ClassVar[str] = "group_levels/index.html"
    levels: list[GroupLevel]
    categories: list[tuple[int, str]]
    groups: list[tuple[int, str]]
    form: FormState


async def index(request: web.Request) -> web.Response:
    return await _index(request, access.to_administer(request[ACTOR]))


async def create(request: web.Request) -> web.Response:
    grant = access.to_administer(request[ACTOR])
    try:
        form = LevelForm.parse(await request.post())
    except Invalid as invalid:
        return await _index(request, grant, await state_of(request, invalid), status=invalid.status)
    async with request.app[DB].write() as tx:
        await subscriptions.choose_for_group(tx, grant, CategoryId(form.category), GroupId(form.group), form.level)
    return _done(request, "group_level.set")


async def delete(request: web.Request) -> web.Response:
    grant = access.to_administer(request[ACTOR])
    form = PlaceForm.parse(await request.post())
    async with request.app[DB].write() as tx:
        await subscriptions.clear_for_group(tx, grant, CategoryId(form.category), GroupId(form.group))
    return _done(request, "group_level.cleared")


def _done(request: web.Request, word: str) -> web.Response:
    response = see_other(request, "group_levels.index")
    flash(request, response, word)
    return response


async def _index(
    request: web.Request, grant: AdministerGrant, form: FormState | None = None, *, status: int = 200
) -> web.Response:
    async with request.app[DB].read() as conn:
        levels = await subscriptions.list_group_levels(conn, grant)
        categories, groups = await subscriptions.list_offered(conn, grant)
    language = grant.actor.language

    def offered(found: list[Named], *, with_slug: bool) -> list[tuple[int, str]]:
        names = [(named.id, in_language(language, named.name_el, named.name_en), named.slug) for named in found]
        return [(number, f"{name} (@{slug})" if with_slug else name) for number, name, slug in names]

    page = LevelsPage(
        levels=levels,
        categories=offered(categories, with_slug=False),
        groups=offered(groups, with_slug=True),
        form=form or FormState({"level": "watch"}),
    )
    return await render(request, page, status=status)
