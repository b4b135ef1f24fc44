"""Which groups validate the good practices of a category, for administrators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from aiohttp import web

from forum.domain import access, catalogue, validators
from forum.domain.catalogue import Catalogued
from forum.domain.entities import GroupId
from forum.domain.validators import ValidatorGroup
from forum.errors import Conflict, Invalid
from forum.keys import ACTOR, DB
from forum.web.flash import flash
from forum.web.forms import FormState, state_of, typed
from forum.web.pages import Page, render
from forum.web.urls import see_other

_PREFIX: Final = "group."
"""What the name of a group's tick begins with; its number follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidatorsPage(Page):
    template: ClassVar[str] = "validators/edit.html"
    category: Catalogued
    groups: list[ValidatorGroup]
    form: FormState


async def edit(request: web.Request) -> web.Response:
    return await _edit(request, None)


async def update(request: web.Request) -> web.Response:
    grant, slug = access.to_administer(request[ACTOR]), request.match_info["slug"]
    names = [name.removeprefix(_PREFIX) for name, _ in typed(await request.post()) if name.startswith(_PREFIX)]
    async with request.app[DB].read() as conn:
        category = await catalogue.category(conn, grant, slug)
    if category.inherits_grants:
        raise Conflict("grants_inherited")
    try:
        if not all(name.isascii() and name.isdigit() and len(name) < 19 for name in names):
            raise Invalid({"group": ("unknown",)})
        async with request.app[DB].write() as tx:
            await validators.choose(tx, grant, category.id, [GroupId(int(name)) for name in names])
    except Invalid as invalid:
        return await _edit(request, await state_of(request, invalid), status=422)
    response = see_other(request, "validators.edit", slug=slug)
    flash(request, response, "validators.saved")
    return response


async def _edit(request: web.Request, form: FormState | None, *, status: int = 200) -> web.Response:
    grant = access.to_administer(request[ACTOR])
    async with request.app[DB].read() as conn:
        category = await catalogue.category(conn, grant, request.match_info["slug"])
        groups = await validators.list_groups(conn, grant, category.id)
    stored = {f"{_PREFIX}{each.group_id}": "on" for each in groups if each.is_validating}
    page = ValidatorsPage(category=category, groups=groups, form=form or FormState(stored))
    return await render(request, page, status=status)
