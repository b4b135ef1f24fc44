"""The end of an organisation that nobody follows: it takes no new members and is not offered; and back again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from aiohttp import web

from forum.domain import access, organisations, places
from forum.domain.entities import Organisation
from forum.keys import ACTOR, DB
from forum.web.flash import flash
from forum.web.pages import Page, render
from forum.web.urls import see_other


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosurePage(Page):
    template: ClassVar[str] = "closures/new.html"
    organisation: Organisation


async def new(request: web.Request) -> web.Response:
    async with request.app[DB].read() as conn:
        found = await organisations.organisation(conn, request.match_info["slug"])
    return await render(request, ClosurePage(organisation=found))


async def create(request: web.Request) -> web.Response:
    grant, slug = access.to_administer(request[ACTOR]), request.match_info["slug"]
    async with request.app[DB].write() as tx:
        await places.close(tx, grant, slug)
    return _edited(request, slug, "organisation.closed")


async def delete(request: web.Request) -> web.Response:
    """Open an organisation again."""
    grant, slug = access.to_administer(request[ACTOR]), request.match_info["slug"]
    async with request.app[DB].write() as tx:
        await places.reopen(tx, grant, slug)
    return _edited(request, slug, "organisation.reopened")


def _edited(request: web.Request, slug: str, code: str) -> web.Response:
    response = see_other(request, "organisations.edit", slug=slug)
    flash(request, response, code)
    return response
