"""What forms let people choose from: organisations and groups, by name in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from aiohttp import web

from forum.domain import organisations
from forum.domain.entities import Group, Organisation, in_language
from forum.errors import Invalid, NotFound
from forum.i18n import mark
from forum.keys import DB, TRANSLATOR

Grouped = list[tuple[str, list[tuple[str, str]]]]
"""By a heading, each with the words (slugs or numbers) and names of what is under it."""


_KINDS: Final = {
    "region": mark("Regions"),
    "organisation": mark("Organisations"),
    "free": mark("Groups"),
    "system": mark("Moderators and administrators"),
}


def group_options(request: web.Request, listed: Iterable[Group]) -> Grouped:
    """Return groups, in their order, by their kind."""
    words = request[TRANSLATOR]
    found: dict[str, list[tuple[str, str]]] = {kind: [] for kind in _KINDS}
    for one in listed:
        found[one.kind].append((str(one.id), in_language(words.language, one.name_el, one.name_en)))
    return [(words.gettext(_KINDS[kind]), options) for kind, options in found.items() if options]


async def list_organisations(request: web.Request) -> Grouped:
    """Return the associations first, then the municipalities of each region, then the partners."""
    words = request[TRANSLATOR]
    async with request.app[DB].read() as conn:
        found = await organisations.list_organisations(conn, state="open", language=words.language)
    kinds = {"association": words.gettext(mark("Associations")), "partner": words.gettext(mark("Partners"))}
    groups: dict[str, list[tuple[str, str]]] = {kinds["association"]: []}
    for each in found:
        region = in_language(words.language, each.region_name_el or "", each.region_name_en or "")
        name = in_language(words.language, each.name_el, each.name_en)
        groups.setdefault(region or kinds[each.kind], []).append((each.slug, name))
    return [(group, options) for group, options in groups.items() if options]


async def list_municipalities(request: web.Request, *, but: str) -> Grouped:
    """Return the open municipalities of each region, but for one."""
    words = request[TRANSLATOR]
    async with request.app[DB].read() as conn:
        found = await organisations.list_organisations(conn, kind="municipality", state="open", language=words.language)
    groups: dict[str, list[tuple[str, str]]] = {}
    for each in found:
        if each.slug != but:
            region = in_language(words.language, each.region_name_el or "", each.region_name_en or "")
            groups.setdefault(region, []).append((each.slug, in_language(words.language, each.name_el, each.name_en)))
    return list(groups.items())


async def organisation(request: web.Request, slug: str) -> Organisation:
    """Return the organisation that was chosen, or raise Invalid: also where it is closed."""
    async with request.app[DB].read() as conn:
        try:
            found = await organisations.organisation(conn, slug)
        except NotFound:
            raise Invalid({"organisation": ("unknown",)}) from None
    if found.is_closed:
        raise Invalid({"organisation": ("closed",)})
    return found
