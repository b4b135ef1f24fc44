"""Whose grants a sub-category goes by: its own, or its parent's; what the way back does is shown first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from aiohttp import web

from forum.domain import access, catalogue, category_mergers
from forum.domain.catalogue import Catalogued
from forum.domain.category_mergers import Preview
from forum.errors import Conflict
from forum.keys import ACTOR, DB
from forum.web.effects import Effect, effect
from forum.web.flash import flash
from forum.web.forms import Form, Line
from forum.web.pages import Page, render
from forum.web.urls import see_other


class InheritanceForm(Form):
    digest: Line = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InheritancePage(Page):
    template: ClassVar[str] = "inheritances/new.html"
    category: Catalogued
    preview: Preview
    effect: Effect
    is_late: bool
    """Something else would happen by now than was shown."""


async def new(request: web.Request) -> web.Response:
    return await _look(request)


async def create(request: web.Request) -> web.Response:
    """Have it go by its parent's grants again."""
    grant, form = access.to_administer(request[ACTOR]), InheritanceForm.parse(await request.post())
    try:
        async with request.app[DB].write() as tx:
            found = await catalogue.category(tx, grant, request.match_info["slug"])
            await category_mergers.inherit(tx, grant, found, digest=form.digest)
    except Conflict as conflict:
        if conflict.code != "preview_changed":
            raise
        return await _look(request, status=conflict.status)
    return _shown(request, found, "category.inherits")


async def delete(request: web.Request) -> web.Response:
    """Give it grants of its own."""
    grant = access.to_administer(request[ACTOR])
    async with request.app[DB].write() as tx:
        found = await catalogue.category(tx, grant, request.match_info["slug"])
        await category_mergers.state_own(tx, grant, found)
    return _shown(request, found, "category.states_own")


async def _look(request: web.Request, *, status: int = 200) -> web.Response:
    grant = access.to_administer(request[ACTOR])
    async with request.app[DB].read() as conn:
        found = await catalogue.category(conn, grant, request.match_info["slug"])
        preview = await category_mergers.preview_inheriting(conn, grant, found)
    page = InheritancePage(
        category=found,
        preview=preview,
        effect=effect(preview.changes, grant.actor.language),
        is_late=status == Conflict.status,
    )
    return await render(request, page, status=status)


def _shown(request: web.Request, found: Catalogued, code: str) -> web.Response:
    response = see_other(request, "category_grants.show", slug=found.slug)
    flash(request, response, code)
    return response
