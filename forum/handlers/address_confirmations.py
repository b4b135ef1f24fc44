"""The link at a new address, which confirms it. Looking spends nothing, since mail scanners look too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from aiohttp import web

from forum.domain import address_changes
from forum.domain.address_changes import AddressChange
from forum.errors import NotFound
from forum.keys import ACTOR, DB, SECRET
from forum.web.flash import flash
from forum.web.pages import Page, render
from forum.web.urls import see_other


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmationPage(Page):
    template: ClassVar[str] = "address_confirmations/edit.html"
    token: str
    change: AddressChange


@dataclass(frozen=True, slots=True, kw_only=True)
class GonePage(Page):
    template: ClassVar[str] = "address_confirmations/gone.html"


async def edit(request: web.Request) -> web.Response:
    try:
        change = await _found(request)
    except NotFound:
        return await render(request, GonePage(), status=404)
    return await render(request, ConfirmationPage(token=request.match_info["token"], change=change))


async def update(request: web.Request) -> web.Response:
    try:
        change = await _found(request)
        async with request.app[DB].write() as tx:
            await address_changes.confirm(tx, change)
    except NotFound:
        return await render(request, GonePage(), status=404)
    response = see_other(request, "settings.edit" if request.get(ACTOR) else "sessions.new")
    flash(request, response, "address.changed")
    return response


async def _found(request: web.Request) -> AddressChange:
    async with request.app[DB].read() as conn:
        return await address_changes.find(conn, request.app[SECRET], request.match_info["token"])
