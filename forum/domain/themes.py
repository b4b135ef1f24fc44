"""The themes that topics, profiles and guides are sorted by: a list that administrators keep, in Greek and English.

A theme is named by its slug, which never changes; whoever stores slugs asks `known` first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from forum.db import Card, Conn, Query
from forum.domain.entities import ThemeId
from forum.errors import NotFound


@dataclass(frozen=True, slots=True)
class Theme:
    id: ThemeId
    slug: str
    name_el: str
    name_en: str


_LIST = Query(
    "themes.list",
    "SELECT themes.id, themes.slug, themes.name_el, themes.name_en FROM themes ORDER BY themes.position",
    returns=Theme,
    card=Card.MANY,
)


_THEME = Query(
    "themes.theme",
    """
    SELECT themes.id, themes.slug, themes.name_el, themes.name_en
    FROM themes
    WHERE themes.slug = $1
    """,
    returns=Theme,
    card=Card.ZERO_OR_ONE,
)


async def theme(conn: Conn, slug: str) -> Theme:
    """Return a theme, or raise NotFound."""
    found = await conn.maybe(_THEME, slug)
    if found is None:
        raise NotFound
    return found


async def list_themes(conn: Conn) -> list[Theme]:
    """Return all themes in the order of the administrators."""
    return await conn.many(_LIST)


async def known(conn: Conn, slugs: Iterable[str]) -> frozenset[str]:
    """Return those of some slugs that are themes."""
    wanted = frozenset(slugs)
    if not wanted:
        return wanted
    return wanted & {theme.slug for theme in await list_themes(conn)}
