"""Twinnings: who seeks whom, who would suit one's own municipality and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from aiohttp import web

from forum.domain import matching, profiles, regions, themes
from forum.domain.entities import in_language
from forum.domain.matching import Match
from forum.domain.profiles import Filters, Profile
from forum.domain.themes import Theme
from forum.i18n import fold
from forum.keys import ACTOR, DB, TRANSLATOR
from forum.web import twinning_words
from forum.web.forms import FormState, query_param
from forum.web.pages import Page, render

_FILTERS = ("country", "setting", "theme", "language", "size")

Options = list[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class TwinningsPage(Page):
    template: ClassVar[str] = "twinnings/index.html"
    own: Profile | None
    """Of the reader's municipality; None for who belongs to none."""
    matches: list[Match]
    seeking: list[Profile]
    themes: dict[str, Theme]
    filters: FormState
    options: dict[str, Options]
    """By the name of each filter; the first choice of each is none."""

    @property
    def is_filtered(self) -> bool:
        return any(self.filters.values.values())


async def index(request: web.Request) -> web.Response:
    actor = request[ACTOR]
    wanted = {name: query_param(request, name) for name in _FILTERS}
    async with request.app[DB].read() as conn:
        known = await themes.list_themes(conn)
        places = await regions.list_regions(conn, language=actor.language)
        seeking = await profiles.list_seeking(conn, language=actor.language)
        shown = seeking
        if any(wanted.values()):
            shown = await profiles.list_seeking(conn, Filters(**wanted), language=actor.language)
        own = await profiles.profile(conn, actor.organisation_id) if actor.region_slug else None
    page = TwinningsPage(
        own=own,
        matches=matching.suggest(own, seeking) if own and own.updated_at else [],
        seeking=[profile for profile in shown if own is None or profile.id != own.id],
        themes={theme.slug: theme for theme in known},
        filters=FormState(wanted),
        options=_options(request, known, sorted({region.country for region in places})),
    )
    return await render(request, page)


def _options(request: web.Request, known: list[Theme], countries: list[str]) -> dict[str, Options]:
    words = request[TRANSLATOR]

    def among(options: Options) -> Options:
        return [("", words.gettext("Any")), *options]

    def by_name(options: Options) -> Options:
        return sorted(options, key=lambda option: fold(option[1]))

    return {
        "country": among(by_name([(code, words.country(code)) for code in countries])),
        "setting": among([(code, words.gettext(name)) for code, name in twinning_words.SETTINGS.items()]),
        "theme": among([(one.slug, in_language(words.language, one.name_el, one.name_en)) for one in known]),
        "language": among(by_name([(code, words.language_name(code)) for code in profiles.LANGUAGES])),
        "size": among([(code, words.gettext(name)) for code, name in twinning_words.SIZES.items()]),
    }
