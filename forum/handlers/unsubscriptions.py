"""Stopping mail by the link in a letter. The page asks; a mail program sends its one click without looking (RFC 8058).

Who holds the link is whoever got the letter: nobody signs in, and no form of ours is asked for. A click that says
nothing else stops letters of the kind, as its header promises.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import parse_qs

from aiohttp import web

from forum.domain import unsubscribing
from forum.domain.entities import MailKind
from forum.domain.unsubscribing import Unsubscription
from forum.errors import NotFound
from forum.keys import DB, SECRET
from forum.web.pages import Page, render
from forum.web.ratelimit import count_unsubscription


@dataclass(frozen=True, slots=True, kw_only=True)
class AskPage(Page):
    template: ClassVar[str] = "unsubscriptions/edit.html"
    token: str
    is_digest: bool
    has_topic: bool
    topic_title: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DonePage(Page):
    template: ClassVar[str] = "unsubscriptions/show.html"
    is_digest: bool
    is_topic: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GonePage(Page):
    template: ClassVar[str] = "unsubscriptions/gone.html"


async def edit(request: web.Request) -> web.Response:
    try:
        asked = await _found(request)
    except NotFound:
        return await render(request, GonePage(), status=404)
    page = AskPage(
        token=request.match_info["token"],
        is_digest=asked.kind is MailKind.DIGEST,
        has_topic=asked.topic_id is not None,
        topic_title=asked.topic_title,
    )
    return await render(request, page)


async def update(request: web.Request) -> web.Response:
    try:
        await count_unsubscription(request)
        asked = await _found(request)
        is_topic = asked.topic_id is not None and await _wants_topic(request)
        async with request.app[DB].write() as tx:
            if is_topic:
                await unsubscribing.mute_topic(tx, asked)
            else:
                await unsubscribing.stop_letters(tx, asked)
    except NotFound:
        return await render(request, GonePage(), status=404)
    return await render(request, DonePage(is_digest=asked.kind is MailKind.DIGEST, is_topic=is_topic))


async def _found(request: web.Request) -> Unsubscription:
    async with request.app[DB].read() as conn:
        return await unsubscribing.find(conn, request.app[SECRET], request.match_info["token"])


async def _wants_topic(request: web.Request) -> bool:
    """Say whether the form of the page was sent with its other button; what is no form of ours is one click."""
    if request.content_type != "application/x-www-form-urlencoded":
        return False
    try:
        return parse_qs(await request.text(), max_num_fields=10).get("stop") == ["topic"]
    except (ValueError, LookupError):
        return False
