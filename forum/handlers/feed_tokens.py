"""The secret address of one's calendar and feeds: made on one's password, shown once, given up at will."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from aiohttp import web
from pydantic import Field

from forum.domain import categories, feed_tokens, idempotency, themes
from forum.domain.feed_tokens import FeedToken
from forum.keys import ACTOR, DB, SECRET, TRANSLATOR
from forum.web import feeding
from forum.web.feeding import Addresses
from forum.web.flash import flash
from forum.web.forms import Form, Line
from forum.web.pages import Page, render
from forum.web.ratelimit import count_token
from forum.web.urls import see_other

_PLACEHOLDER = "x"
"""Stands for a secret that is not known any more; what comes after it is."""


class FeedTokenForm(Form):
    idempotency_key: Annotated[Line, Field(max_length=idempotency.KEY_LIMIT)] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedsPage(Page):
    template: ClassVar[str] = "feed_tokens/index.html"
    own: FeedToken | None
    addresses: Addresses


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedPage(Page):
    template: ClassVar[str] = "feed_tokens/created.html"
    addresses: Addresses


async def index(request: web.Request) -> web.Response:
    async with request.app[DB].read() as conn:
        own = await feed_tokens.own(conn, request[ACTOR])
    return await render(request, FeedsPage(own=own, addresses=await _addresses(request, _PLACEHOLDER)))


async def create(request: web.Request) -> web.Response:
    """Make an address, in the place of the one there is, and show it."""
    app, actor = request.app, request[ACTOR]
    form = FeedTokenForm.parse(await request.post())
    async with app[DB].write() as tx:
        await count_token(request, tx, actor.member_id)
        token = await feed_tokens.make(tx, actor, secret=app[SECRET], key=form.idempotency_key or None)
    response = await render(request, CreatedPage(addresses=await _addresses(request, token)))
    response.headers["Cache-Control"] = "no-store"
    return response


async def delete(request: web.Request) -> web.Response:
    async with request.app[DB].write() as tx:
        await feed_tokens.delete(tx, request[ACTOR])
    response = see_other(request, "feed_tokens.index")
    flash(request, response, "feed_token.deleted")
    return response


async def _addresses(request: web.Request, token: str) -> Addresses:
    async with request.app[DB].read() as conn:
        rows = await categories.list_categories(conn, request[ACTOR])
        known = await themes.list_themes(conn)
    return feeding.addresses(request.app, request[TRANSLATOR], token, rows, known)
