"""What a member was told, by topic; counting all of it as seen. A topic's are counted as seen by showing it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from aiohttp import web

from forum.domain import notifications
from forum.domain.notifications import TopicNotifications
from forum.keys import ACTOR, DB
from forum.web.flash import flash
from forum.web.forms import query_param
from forum.web.pages import Page, render
from forum.web.urls import see_other


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationsPage(Page):
    template: ClassVar[str] = "notifications/index.html"
    topics: list[TopicNotifications]
    next: str
    is_first: bool


async def index(request: web.Request) -> web.Response:
    cursor = query_param(request, "cursor")
    async with request.app[DB].read() as conn:
        listed = await notifications.list_topics(conn, request[ACTOR], cursor=cursor or None)
    return await render(request, NotificationsPage(topics=listed.items, next=listed.next or "", is_first=not cursor))


async def update(request: web.Request) -> web.Response:
    """Count everything as seen."""
    async with request.app[DB].write() as tx:
        await notifications.read_all(tx, request[ACTOR])
    response = see_other(request, "notifications.index")
    flash(request, response, "notifications.read")
    return response
