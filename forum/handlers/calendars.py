"""A member's calendar under their secret address: the dates of what they may read when it is asked for."""

from __future__ import annotations

import asyncio
from functools import partial

from aiohttp import web

from forum import clock
from forum.domain import calendar, network
from forum.domain.calendar import Entry
from forum.domain.entities import in_language
from forum.i18n import translator
from forum.keys import DB, FEED_READER
from forum.web import feeding, ical
from forum.web.urls import absolute, url_for


async def show(request: web.Request) -> web.Response:
    app, reader, now = request.app, request[FEED_READER], clock.now()
    async with app[DB].read() as conn:
        entries = await calendar.list_entries(conn, reader, now)
        around = await network.current(conn)

    def url_of(entry: Entry) -> str:
        return absolute(app, url_for(app, entry.route, None, **entry.parts))

    write = partial(
        ical.write,
        entries,
        translator(reader.language),
        name=in_language(reader.language, around.name_el, around.name_en),
        host=feeding.host(app),
        url_of=url_of,
        now=now,
    )
    # Hundreds of entries take longer to write than others may be kept waiting.
    return feeding.send(request, await asyncio.to_thread(write), ical.MEDIA)
