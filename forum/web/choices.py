"""What forms let people choose from: organisations and languages, by name in the reader's language."""

from __future__ import annotations

from aiohttp import web

from forum.domain import organisations
from forum.domain.entities import Organisation, in_language
from forum.errors import Invalid, NotFound
from forum.i18n import mark
from forum.keys import DB, TRANSLATOR

Grouped = list[tuple[str, list[tuple[str, str]]]]
"""Groups by their name, each with the slugs and names of what is in it."""


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
