"""Atom feeds under a member's secret address: of everything, of a category, of a kind, of a theme.

Each is made when it is asked for, with what the member may read at that moment.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from zoneinfo import ZoneInfo

from aiohttp import web
from markupsafe import Markup

from forum.domain import access, feeds, kinds, network, themes
from forum.domain.entities import in_language
from forum.domain.feeds import FeedTopic
from forum.domain.themes import Theme
from forum.errors import NotFound
from forum.i18n import Language, mark, translator
from forum.keys import DB, FEED_READER
from forum.web import atom, feeding, writing
from forum.web.atom import Entry, Feed, Term
from forum.web.urls import absolute, url_for


async def index(request: web.Request) -> web.Response:
    reader = request[FEED_READER]
    async with request.app[DB].read() as conn:
        found = await feeds.latest(conn, reader)
    title = translator(reader.language).gettext(mark("All new topics"))
    return await _send(request, found, title, "topics")


async def category(request: web.Request) -> web.Response:
    reader = request[FEED_READER]
    async with request.app[DB].read() as conn:
        grant = await access.category_to_read(conn, reader, request.match_info["slug"])
        found = await feeds.of_category(conn, grant)
    title = in_language(reader.language, grant.category.name_el, grant.category.name_en)
    return await _send(request, found, title, "categories", grant.category.slug)


async def kind(request: web.Request) -> web.Response:
    reader, code = request[FEED_READER], request.match_info["kind"]
    if code not in feeding.KINDS:
        raise NotFound
    async with request.app[DB].read() as conn:
        found = await feeds.of_kind(conn, reader, code)
    title = translator(reader.language).gettext(feeding.KINDS[code])
    return await _send(request, found, title, "kinds", code)


async def theme(request: web.Request) -> web.Response:
    reader, slug = request[FEED_READER], request.match_info["slug"]
    async with request.app[DB].read() as conn:
        theme = next((theme for theme in await themes.list_themes(conn) if theme.slug == slug), None)
        if theme is None:
            raise NotFound
        found = await feeds.of_theme(conn, reader, slug)
    return await _send(request, found, in_language(reader.language, theme.name_el, theme.name_en), "themes", slug)


async def _send(request: web.Request, found: list[FeedTopic], title: str, *which: str) -> web.Response:
    app, reader = request.app, request[FEED_READER]
    async with app[DB].read() as conn:
        known = {theme.slug: theme for theme in await themes.list_themes(conn)}
        around = await network.current(conn)
    page = url_for(app, "categories.show", slug=which[1]) if which[0] == "categories" else url_for(app, "home.index")
    feed = Feed(
        id=feeding.tag(app, reader.member_since, "members", reader.member_id, "feeds", *which),
        title=f"{title} — {in_language(reader.language, around.name_el, around.name_en)}",
        link=absolute(app, page),
        language=reader.language,
        updated_at=reader.member_since,
        entries=[_entry(app, reader.language, topic, known) for topic in found],
    )
    # Thirty long texts take longer to write than others may be kept waiting.
    return feeding.send(request, await asyncio.to_thread(atom.write, feed), atom.MEDIA)


def _entry(app: web.Application, language: Language, topic: FeedTopic, known: Mapping[str, Theme]) -> Entry:
    organisation = in_language(language, topic.author_organisation_el, topic.author_organisation_en)
    return Entry(
        id=feeding.tag(app, topic.created_at, "topics", topic.id),
        title=topic.title,
        link=absolute(app, url_for(app, "topics.show", topic_id=topic.id, slug=topic.slug)),
        author=f"{topic.author_name}, {organisation}",
        published_at=topic.created_at,
        updated_at=topic.updated_at,
        html=_fields(language, topic) + writing.absolute(app, topic.html),
        language=topic.language,
        terms=list(_terms(app, language, topic, known)),
    )


def _fields(language: Language, topic: FeedTopic) -> str:
    """Return as HTML what the fields of a topic say in short: what it is about, and its deadline as it was set."""
    words, kind, html = translator(language), kinds.of(topic.kind), Markup()
    if kind.lead in topic.fields:
        html += Markup("<p>{}</p>").format(topic.fields[kind.lead])
    if due := kind.deadline(topic.fields):
        zone = topic.fields[kinds.DEADLINE]["zone"]
        moment = f"{words.datetime(due, ZoneInfo(zone))} ({words.zone_name(zone)})"
        html += Markup("<p>{}</p>").format(words.gettext(mark("Deadline: %(moment)s.")) % {"moment": moment})
    return str(html)


def _terms(app: web.Application, language: Language, topic: FeedTopic, known: Mapping[str, Theme]) -> list[Term]:
    categories, of_kinds, of_themes = (
        absolute(app, url_for(app, "home.index")) + f"#{scheme}" for scheme in ("categories", "kinds", "themes")
    )
    return [
        Term(categories, topic.category_slug, in_language(language, topic.category_el, topic.category_en)),
        Term(of_kinds, topic.kind, translator(language).gettext(feeding.KINDS[topic.kind])),
        *(
            Term(of_themes, slug, in_language(language, known[slug].name_el, known[slug].name_en))
            for slug in topic.themes
            if slug in known
        ),
    ]
