"""The handbook's pages: help, privacy notice and accessibility statement, open to everybody."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import count
from typing import ClassVar, Final

from aiohttp import web
from markupsafe import Markup

from forum import handbook
from forum.errors import NotFound
from forum.handbook import HELP, NOTICES, WAYS, HandbookPage
from forum.i18n import Language, translator
from forum.keys import TRANSLATOR
from forum.markup import render as render_markup
from forum.web import kind_help
from forum.web.pages import Page, render
from forum.web.urls import see_other, url_for

CONTENTS_FROM: Final = 6
"""A page with more headings than that begins with a list of them."""

_PART: Final = re.compile(r'<h2 id="(part-\d+)" tabindex="-1">(.*?)</h2>')
_HEADING: Final = re.compile(r"(?<=<h)[3-6](?=>)|(?<=</h)[3-6](?=>)")


@dataclass(frozen=True, slots=True)
class HelpLink:
    slug: str
    title: str
    href: str
    language: Language


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpPage(Page):
    template: ClassVar[str] = "help/show.html"
    slug: str
    title: str
    language: Language
    """The language the text is written in."""
    html: Markup
    contents: list[tuple[str, Markup]]
    """Places on the page and their headings, where it has many."""
    links: list[HelpLink]
    """All pages of the help in the order of reading; none beside a notice."""


async def index(request: web.Request) -> web.Response:
    return await _page(request, HELP[0])


async def show(request: web.Request) -> web.Response:
    slug = request.match_info["page"]
    if slug == HELP[0]:
        return see_other(request, "help.index")
    if slug not in HELP:
        raise NotFound
    return await _page(request, slug)


async def privacy(request: web.Request) -> web.Response:
    return await _page(request, "privacy")


async def terms(request: web.Request) -> web.Response:
    return await _page(request, "terms")


async def accessibility(request: web.Request) -> web.Response:
    return await _page(request, "accessibility")


async def _page(request: web.Request, slug: str) -> web.Response:
    app, language = request.app, request[TRANSLATOR].language
    found = handbook.page(_pages(), language, slug)
    addresses = tuple((each, _href(app, each)) for each in (*HELP, *NOTICES, *WAYS))
    html = _html(found.language, slug, addresses)
    contents = [(place, Markup(heading)) for place, heading in _PART.findall(html)]  # noqa: S704 - a part of it
    page = HelpPage(
        slug=slug,
        title=found.title,
        language=found.language,
        html=html,
        contents=contents if len(contents) > CONTENTS_FROM else [],
        links=[_link(language, each, href) for each, href in addresses if slug in HELP and each in HELP],
    )
    return await render(request, page)


def _link(language: Language, slug: str, href: str) -> HelpLink:
    found = handbook.page(_pages(), language, slug)
    return HelpLink(slug, found.title, href, found.language)


def _href(app: web.Application, slug: str) -> str:
    if slug == HELP[0]:
        return str(url_for(app, "help.index"))
    if slug in NOTICES:
        return str(url_for(app, f"help.{slug}"))
    if slug in WAYS:
        return str(url_for(app, f"{slug}.new"))
    return str(url_for(app, "help.show", page=slug))


@cache
def _pages() -> Mapping[tuple[Language, str], HandbookPage]:
    return handbook.load()


@cache
def _html(language: Language, slug: str, addresses: tuple[tuple[str, str], ...]) -> Markup:
    """Return a page's text as HTML, made once: the texts are the project's own and change only with it.

    Headings come a level higher than in a post, since no post's heading stands above them.
    """
    source = _pages()[language, slug].source_with_links(dict(addresses).__getitem__)
    source = kind_help.filled(source, translator(language))
    html = _HEADING.sub(lambda level: str(int(level[0]) - 1), render_markup(source).html)
    number = count(1)
    placed = re.sub("<h2>", lambda _: f'<h2 id="part-{next(number)}" tabindex="-1">', html)
    return Markup(placed)  # noqa: S704 - sanitised by the renderer
