"""What the caller was told, and counting it as seen."""

from __future__ import annotations

from aiohttp import web

from forum.domain import notifications
from forum.handlers.api import answers, models
from forum.handlers.api.calls import call
from forum.i18n import mark
from forum.keys import ACTOR, DB


@call(mark("List one's own notifications, the newest first"), takes=models.PageQuery, answers=models.Notifications)
async def index(request: web.Request, query: models.PageQuery) -> models.Notifications:
    async with request.app[DB].read() as conn:
        page = await notifications.list_notifications(
            conn, request[ACTOR], cursor=query.cursor or None, limit=query.limit
        )
    return models.Notifications(items=[answers.notification(request, item) for item in page.items], next=page.next)


@call(mark("Count notifications as seen: some of one's own, or all"), takes=models.SeenNotifications, refuses=(409,))
async def update(request: web.Request, sent: models.SeenNotifications) -> None:
    async with request.app[DB].write() as tx:
        if sent.ids is None:
            await notifications.read_all(tx, request[ACTOR])
        else:
            await notifications.read_some(tx, request[ACTOR], sent.ids)
