"""Drafts: the list of one's own, saving one while it is typed, and discarding it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from aiohttp import web
from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from forum.domain import drafts
from forum.domain.drafts import DraftRow
from forum.errors import Invalid
from forum.keys import ACTOR, DB
from forum.web import fragments
from forum.web.drafting import form_url, words_of
from forum.web.flash import flash
from forum.web.forms import Form, RequiredLine, query_param
from forum.web.pages import Page, render
from forum.web.ratelimit import count_draft
from forum.web.urls import own_path, redirect, url_for


def _place(value: str) -> str:
    try:
        return drafts.place(value)
    except Invalid:
        raise PydanticCustomError("bad_value", "no place of a form") from None


class PlaceForm(Form):
    """`next` is the page of the forum to go on with."""

    place: Annotated[RequiredLine, AfterValidator(_place)]
    next: str = ""


@dataclass(frozen=True, slots=True)
class DraftView:
    """A draft and the address of the form it was typed in."""

    row: DraftRow
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftsPage(Page):
    template: ClassVar[str] = "drafts/index.html"
    drafts: list[DraftView]
    next: str
    is_first: bool


async def index(request: web.Request) -> web.Response:
    cursor = query_param(request, "cursor")
    async with request.app[DB].read() as conn:
        listed = await drafts.list_drafts(conn, request[ACTOR].member_id, cursor=cursor or None)
    views = [DraftView(row, str(form_url(request.app, row.place))) for row in listed.items]
    return await render(request, DraftsPage(drafts=views, next=listed.next or "", is_first=not cursor))


async def create(request: web.Request) -> web.Response:
    """Keep what is being typed; nothing typed discards the draft."""
    sent = await request.post()
    words = words_of(drafts.place(PlaceForm.parse(sent).place), sent)
    await count_draft(request)
    async with request.app[DB].write() as tx:
        await drafts.save(tx, request[ACTOR].member_id, words)
    return web.Response(status=204)


async def delete(request: web.Request) -> web.Response:
    """Discard a draft; one that is not there is as good as discarded."""
    form = PlaceForm.parse(await request.post())
    async with request.app[DB].write() as tx:
        await drafts.delete(tx, request[ACTOR].member_id, drafts.place(form.place))
    if fragments.wanted(request):
        return web.Response(status=204)
    response = redirect(own_path(request.app, form.next) if form.next else url_for(request.app, "drafts.index"))
    flash(request, response, "draft.discarded")
    return response
