"""What feeds and the calendar have in common: their addresses, how they are sent, what things are called in them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from aiohttp import hdrs, web
from yarl import URL

from forum.domain import kinds
from forum.domain.categories import CategoryRow
from forum.domain.entities import in_language
from forum.domain.themes import Theme
from forum.i18n import Translator, mark
from forum.keys import CONFIG
from forum.web.urls import absolute, url_for

KINDS: Final[Mapping[str, str]] = {
    **{kind.code: kind.plural for kind in kinds.KINDS.values()},
    "circular": mark("Circulars"),
    "consultation": mark("Consultations"),
}
"""What the topics of each kind are called together."""

_HOST: Final = re.compile(r"[A-Za-z0-9]+(?:[.-][A-Za-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Address:
    """Where one feed is, for whoever knows the secret, and how the rest of it goes on after that."""

    name: str
    url: str
    tail: str


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a member's calendar and feeds are."""

    calendar: Address
    topics: Address
    categories: list[Address]
    kinds: list[Address]
    themes: list[Address]


def addresses(
    app: web.Application, words: Translator, token: str, categories: Iterable[CategoryRow], themes: Iterable[Theme]
) -> Addresses:
    """Return the addresses that a secret makes: of categories, those that can be read."""
    language = words.language

    def address(name: str, route: str, **parts: str) -> Address:
        url = absolute(app, url_for(app, route, None, token=token, **parts))
        return Address(name, url, url.partition(f"/{token}/")[2])

    return Addresses(
        address(words.gettext(mark("Calendar")), "calendars.show"),
        address(words.gettext(mark("All new topics")), "feeds.index"),
        [
            address(in_language(language, row.name_el, row.name_en), "feeds.category", slug=row.slug)
            for row in categories
            if row.can_read
        ],
        [address(words.gettext(name), "feeds.kind", kind=kind) for kind, name in KINDS.items()],
        [
            address(in_language(language, theme.name_el, theme.name_en), "feeds.theme", slug=theme.slug)
            for theme in themes
        ],
    )


def host(app: web.Application) -> str:
    """Return the name of the forum's host, by which its things are told from those of all other hosts."""
    name = URL(app[CONFIG].origin).raw_host or ""
    return name if _HOST.fullmatch(name) else "localhost"


def tag(app: web.Application, since: datetime, *parts: object) -> str:
    """Return a name for ever (RFC 4151) of something that is here since a day; no path and no scheme is part of it."""
    return f"tag:{host(app)},{since.astimezone(UTC):%Y-%m-%d}:{'/'.join(map(str, parts))}"


def send(request: web.Request, body: bytes, media: str) -> web.Response:
    """Answer with what was just made for the reader; 304 says that it is what they have.

    It is told of the content alone, which is made anew each time with the rights of that moment.
    """
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {hdrs.ETAG: etag, hdrs.CACHE_CONTROL: "private, no-store"}
    if etag in request.headers.get(hdrs.IF_NONE_MATCH, ""):
        return web.Response(status=304, headers=headers)
    return web.Response(body=body, content_type=media, charset="utf-8", headers=headers)
