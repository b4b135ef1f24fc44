"""The consortium of a proposal as a table: all of it for the lead's side, who takes part for other readers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from aiohttp import hdrs, web

from forum import spreadsheets
from forum.domain import access, interests
from forum.domain.entities import TopicId, in_language
from forum.domain.interests import Consortium, Interest
from forum.i18n import Translator, mark
from forum.keys import ACTOR, DB, TRANSLATOR
from forum.web import partners
from forum.web.forms import int_param

HEAD: Final = (mark("Organisation"), mark("Country"), mark("Role"), mark("Answer of the lead"))
HEAD_OF_LEAD: Final = (*HEAD, mark("Contact"), mark("Note"))


async def show(request: web.Request) -> web.Response:
    topic_id = TopicId(int_param(request, "topic_id"))
    async with request.app[DB].read() as conn:
        grant = await access.topic_to_read(conn, request[ACTOR], topic_id)
        consortium = await interests.consortium(conn, grant)
    headers = {
        hdrs.CONTENT_DISPOSITION: f'attachment; filename="consortium-{topic_id}.csv"',
        hdrs.CONTENT_TYPE: spreadsheets.MEDIA,
    }
    body = spreadsheets.MARK + spreadsheets.written(_table(consortium, request[TRANSLATOR]))
    return web.Response(body=body, headers=headers)


def _table(consortium: Consortium, words: Translator) -> Iterator[list[str | None]]:
    is_leading = consortium.standing.is_leading
    yield [words.gettext(name) for name in (HEAD_OF_LEAD if is_leading else HEAD)]
    for row in (consortium.lead, *(consortium.interests if is_leading else consortium.accepted)):
        yield _line(row, words) + ([row.contact, row.note] if is_leading else [])


def _line(row: Interest, words: Translator) -> list[str | None]:
    return [
        in_language(words.language, row.organisation_el, row.organisation_en),
        words.country(row.country) if row.country else None,
        words.gettext(partners.ROLE_NAMES[row.role]),
        words.gettext(partners.DECISIONS[row.decision]),
    ]
