"""Who of a free group keeps it: said by administrators, of members who are in it."""

from __future__ import annotations

from typing import Annotated

from aiohttp import web
from pydantic import Field

from forum.domain import access, free_groups
from forum.domain.entities import MemberId
from forum.keys import ACTOR, DB
from forum.web.flash import flash
from forum.web.forms import Form
from forum.web.urls import see_other


class OwnerForm(Form):
    member: Annotated[int, Field(ge=1, le=2**63 - 1)]


async def create(request: web.Request) -> web.Response:
    return await _set(request, True)


async def delete(request: web.Request) -> web.Response:
    return await _set(request, False)


async def _set(request: web.Request, value: bool) -> web.Response:
    grant, slug = access.to_administer(request[ACTOR]), request.match_info["slug"]
    async with request.app[DB].read() as conn:
        await free_groups.to_keep(conn, grant.actor, slug)
    form = OwnerForm.parse(await request.post())
    async with request.app[DB].write() as tx:
        await free_groups.set_owner(tx, grant, slug, MemberId(form.member), value)
    response = see_other(request, "group_members.index", slug=slug)
    flash(request, response, "group.owner_set" if value else "group.owner_unset")
    return response
