"""A category's list as a table for spreadsheet programs: as it is ordered and sifted, with all fields of its kind."""

from __future__ import annotations

from collections.abc import AsyncIterator
from zoneinfo import ZoneInfo

from aiohttp import web

from forum import clock, spreadsheets
from forum.domain import access, interests, kinds, references, topic_lists
from forum.domain.access import CategoryGrant
from forum.domain.entities import TopicRow, in_language
from forum.domain.interests import Meter
from forum.domain.kinds.proposal import PROPOSAL
from forum.domain.references import Names
from forum.i18n import mark
from forum.keys import ACTOR, DB, TRANSLATOR
from forum.web import downloads, field_views, sifting, topic_columns
from forum.web.ratelimit import count_table
from forum.web.sifting import Asked
from forum.web.urls import absolute, url_for


async def show(request: web.Request) -> web.StreamResponse:
    async with request.app[DB].read() as conn:
        grant = await access.category_to_read(conn, request[ACTOR], request.match_info["slug"])
    asked = sifting.read(request, grant.category)
    if request.method != "HEAD":
        await count_table(request)
    today = clock.now().astimezone(ZoneInfo(request[ACTOR].zone)).date()
    name = f"{grant.category.slug}-{today.isoformat()}.csv"
    return await downloads.send(request, _table(request, grant, asked), media=spreadsheets.MEDIA, name=name)


async def _table(request: web.Request, grant: CategoryGrant, asked: Asked) -> AsyncIterator[bytes]:
    db, words = request.app[DB], request[TRANSLATOR]
    head = [
        mark("Title"),
        mark("Kind of topic"),
        mark("Municipality of the author"),
        *(field.label for field in asked.kind),
    ]
    if asked.kind is PROPOSAL:
        head += [mark("Partners found"), mark("Countries found")]
    head += [mark("Tags"), mark("Address")]
    yield spreadsheets.MARK + spreadsheets.written([[words.gettext(label) for label in head]])
    pieces = topic_lists.stream_topics(db, grant, sort=asked.sort, sieve=asked.sieve)
    async for topics, is_cut in pieces:
        async with db.read() as conn:
            names = await references.names(conn, field_views.named(topics))
            meters = await interests.meters(conn, topic_columns.proposals(topics))
        rows = [_row(request, asked, topic, names, meters.get(topic.id)) for topic in topics]
        yield spreadsheets.written(rows)
        if is_cut:
            limit = words.number(topic_lists.TABLE_LIMIT)
            more = words.gettext(mark("More than %(n)s topics: the rest is left out. Narrow the list."), n=limit)
            yield spreadsheets.written([[more]])


def _row(request: web.Request, asked: Asked, topic: TopicRow, names: Names, meter: Meter | None) -> list[object]:
    kind, zone, words = kinds.of(topic.kind), ZoneInfo(request[ACTOR].zone), request[TRANSLATOR]
    own = {field.name: field for field in kind}
    cells: list[object] = []
    for field in asked.kind:
        value = topic.fields.get(field.name)
        if field.name == kinds.STATE and is_closed(topic):
            cells.append(words.gettext(mark("Has closed")))
        elif value is None or field.name not in own:
            cells.append(None)
        else:
            cells.append(field_views.cell_of(own[field.name], value, names, words, zone))
    if asked.kind is PROPOSAL:
        cells += [meter.found, meter.countries_found] if meter else [None, None]
    return [
        topic.title,
        words.gettext(kind.name),
        in_language(words.language, topic.author_organisation_el, topic.author_organisation_en),
        *cells,
        words.join(topic.tags),
        absolute(request.app, url_for(request.app, "topics.show", topic_id=topic.id, slug=topic.slug)),
    ]


def is_closed(topic: TopicRow) -> bool:
    """Say whether it is open but for its deadline, which has passed."""
    is_open = topic.fields.get(kinds.STATE) == "open"
    return is_open and topic.deadline_at is not None and topic.deadline_at <= clock.now()
