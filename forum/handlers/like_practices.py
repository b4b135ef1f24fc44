"""Good practices of municipalities like the reader's, each with why it is among them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from aiohttp import web

from forum.domain import likeness
from forum.domain.entities import in_language
from forum.domain.likeness import LikePractice
from forum.i18n import Translator, mark
from forum.keys import ACTOR, DB, TRANSLATOR
from forum.web.pages import Page, render
from forum.web.twinning_words import SETTINGS


@dataclass(frozen=True, slots=True)
class LikeView:
    """A practice, and in what its municipality is like the reader's."""

    practice: LikePractice
    reasons: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LikePracticesPage(Page):
    template: ClassVar[str] = "like_practices/index.html"
    is_municipality: bool
    practices: list[LikeView]


async def index(request: web.Request) -> web.Response:
    actor, words = request[ACTOR], request[TRANSLATOR]
    async with request.app[DB].read() as conn:
        found = await likeness.list_practices(conn, actor)
    page = LikePracticesPage(
        is_municipality=actor.region_slug is not None,
        practices=[LikeView(practice, _reasons(practice, words)) for practice in found],
    )
    return await render(request, page)


def _reasons(practice: LikePractice, words: Translator) -> list[str]:
    reasons = []
    if practice.is_near and practice.population is not None:
        number = words.number(practice.population)
        reasons.append(words.gettext(mark("Population %(number)s, near yours"), number=number))
    if practice.settings:
        settings = [words.gettext(SETTINGS[setting]) for setting in practice.settings]
        reasons.append(words.gettext(mark("Setting of both: %(settings)s"), settings=words.join(settings)))
    if practice.is_same_region:
        reasons.append(words.gettext(mark("Same region")))
    if practice.themes_el:
        themes = [
            in_language(words.language, el, en) for el, en in zip(practice.themes_el, practice.themes_en, strict=True)
        ]
        reasons.append(words.gettext(mark("Themes of yours: %(themes)s"), themes=words.join(themes)))
    return reasons
