"""The link at an old address, which takes a change back. Looking does nothing, since mail scanners look too."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import ClassVar

from aiohttp import web

from forum.domain import address_changes
from forum.domain.address_changes import AddressChange
from forum.errors import NotFound
from forum.keys import DB, HASHER, SECRET
from forum.web.pages import Page, render
from forum.web.urls import see_other


@dataclass(frozen=True, slots=True, kw_only=True)
class ReversalPage(Page):
    template: ClassVar[str] = "address_reversals/edit.html"
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
    return await render(request, ReversalPage(token=request.match_info["token"], change=change))


async def update(request: web.Request) -> web.Response:
    try:
        change = await _found(request)
        nobodys = await request.app[HASHER].hash(secrets.token_urlsafe(32))
        async with request.app[DB].write() as tx:
            await address_changes.undo(tx, change, nobodys)
    except NotFound:
        return await render(request, GonePage(), status=404)
    return see_other(request, "password_resets.show")


async def _found(request: web.Request) -> AddressChange:
    async with request.app[DB].read() as conn:
        return await address_changes.find_made(conn, request.app[SECRET], request.match_info["token"])
