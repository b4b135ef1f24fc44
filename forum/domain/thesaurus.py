"""The list of themes: with what a member may read of each, and as administrators keep it.

Topics name a theme by its slug, which never changes; what it is called is asked of `themes`. A theme goes only when no
topic names it any more, or with another put in its place everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from forum import slugs
from forum.db import Card, Conn, Query, Statement, Tx
from forum.domain import audit, idempotency, readable, right_changes
from forum.domain.access import AdministerGrant
from forum.domain.actors import Actor
from forum.domain.entities import SLUG_LIMIT, ThemeId
from forum.domain.themes import Theme
from forum.errors import Conflict, Detailed, Invalid, NotFound
from forum.i18n import fold

COUNT_LIMIT: Final = 1000
"""Topics of one theme are counted up to here; the screen says "more than" beyond it."""


@dataclass(frozen=True, slots=True)
class ThemeRow(Theme):
    """A theme in the members' list: how many topics they may read of it, and whether they follow it."""

    topic_count: int
    is_followed: bool


@dataclass(frozen=True, slots=True)
class KeptTheme(Theme):
    """A theme as administrators see it: how many topics name it, deleted ones too, and how many members follow it."""

    topic_count: int
    follower_count: int


_NAMES_IT: Final = "topics.fields @> jsonb_build_object('themes', jsonb_build_array(themes.slug))"

_LIST = Query(
    "thesaurus.list",
    f"""
    WITH {readable.CTE}
    SELECT themes.id, themes.slug, themes.name_el, themes.name_en, counted.topics,
           EXISTS (
               SELECT 1
               FROM theme_subscriptions
               WHERE theme_subscriptions.member_id = $1 AND theme_subscriptions.theme_id = themes.id
           )
    FROM themes
    CROSS JOIN LATERAL (
        SELECT count(*) AS topics
        FROM (
            SELECT topics.id
            FROM topics
            WHERE topics.fields <> '{{}}' AND topics.deleted_at IS NULL AND {_NAMES_IT} AND {readable.IS}
            LIMIT {COUNT_LIMIT}
        ) AS named
    ) AS counted
    ORDER BY themes.position
    """,
    returns=ThemeRow,
    card=Card.MANY,
)

# Each half by an index of its own: deleted topics are few, and stand in none with the others.
_KEPT: Final = f"""
    SELECT themes.id, themes.slug, themes.name_el, themes.name_en,
           (
               SELECT count(*)
               FROM (
                   SELECT topics.id
                   FROM topics
                   WHERE topics.fields <> '{{}}' AND topics.deleted_at IS NULL AND {_NAMES_IT}
                   UNION ALL
                   SELECT topics.id
                   FROM topics
                   WHERE topics.deleted_by_id IS NOT NULL AND {_NAMES_IT}
                   LIMIT {COUNT_LIMIT}
               ) AS named
           ),
           (SELECT count(*) FROM theme_subscriptions WHERE theme_subscriptions.theme_id = themes.id)
    FROM themes
"""

_LIST_KEPT = Query("thesaurus.list_kept", f"{_KEPT} ORDER BY themes.position", returns=KeptTheme, card=Card.MANY)

_THEME = Query("thesaurus.theme", f"{_KEPT} WHERE themes.slug = $1", returns=KeptTheme, card=Card.ZERO_OR_ONE)

_ADD = Statement(
    "thesaurus.add",
    """
    INSERT INTO themes (slug, name_el, name_en, position)
    SELECT $1, $2, $3, coalesce(max(themes.position), 0) + 1
    FROM themes
    RETURNING id
    """,
    returns=int,
    card=Card.ONE,
)

_RENAME = Statement(
    "thesaurus.rename",
    "UPDATE themes SET name_el = $2, name_en = $3 WHERE themes.id = $1",
    returns=int,
    card=Card.NONE,
)

_PLACE = Statement(
    "thesaurus.place",
    """
    UPDATE themes
    SET position = places.position
    FROM unnest($1::bigint[]) WITH ORDINALITY AS places (id, position)
    WHERE themes.id = places.id AND themes.position <> places.position
    """,
    returns=int,
    card=Card.NONE,
)

_DELETE = Statement("thesaurus.delete", "DELETE FROM themes WHERE themes.id = $1", returns=int, card=Card.NONE)

# In the order that a field of several codes has (`kinds.fields.Several`), each once.
# What municipalities say of themselves: a theme that goes, with none in its place, is no longer said.
_REPLACE_IN_PROFILES = Statement(
    "thesaurus.replace_in_profiles",
    """
    UPDATE profiles
    SET themes = ARRAY(
            SELECT DISTINCT named.slug
            FROM unnest(array_remove(array_replace(profiles.themes, $1, $2::text), NULL)) AS named (slug)
            ORDER BY named.slug
        ),
        seeks_themes = ARRAY(
            SELECT DISTINCT named.slug
            FROM unnest(array_remove(array_replace(profiles.seeks_themes, $1, $2::text), NULL)) AS named (slug)
            ORDER BY named.slug
        )
    WHERE $1 = ANY (profiles.themes) OR $1 = ANY (profiles.seeks_themes)
    """,
    returns=int,
    card=Card.NONE,
)

_REPLACE = Statement(
    "thesaurus.replace",
    """
    UPDATE topics
    SET fields = jsonb_set(topics.fields, '{themes}', (
        SELECT jsonb_agg(DISTINCT replaced.slug)
        FROM (
            SELECT CASE WHEN named.slug = $1 THEN $2 ELSE named.slug END COLLATE "C" AS slug
            FROM jsonb_array_elements_text(topics.fields -> 'themes') AS named (slug)
        ) AS replaced
    ))
    WHERE topics.id = ANY (ARRAY(
        SELECT topics.id
        FROM topics
        WHERE topics.fields <> '{}' AND topics.deleted_at IS NULL
            AND topics.fields @> jsonb_build_object('themes', jsonb_build_array($1::text))
        UNION ALL
        SELECT topics.id
        FROM topics
        WHERE topics.deleted_by_id IS NOT NULL
            AND topics.fields @> jsonb_build_object('themes', jsonb_build_array($1::text))
    ))
    """,
    returns=int,
    card=Card.NONE,
)

_PASS_ON = Statement(
    "thesaurus.pass_on",
    """
    INSERT INTO theme_subscriptions (member_id, theme_id)
    SELECT theme_subscriptions.member_id, $2
    FROM theme_subscriptions
    WHERE theme_subscriptions.theme_id = $1
    ON CONFLICT (member_id, theme_id) DO NOTHING
    """,
    returns=int,
    card=Card.NONE,
)


async def list_themes(conn: Conn, actor: Actor) -> list[ThemeRow]:
    """Return all themes in the order of the administrators, with what the actor may read of each."""
    return await conn.many(_LIST, actor.member_id)


async def list_kept(conn: Conn, grant: AdministerGrant) -> list[KeptTheme]:
    """Return all themes in their order, with how many topics name each."""
    del grant
    return await conn.many(_LIST_KEPT)


async def theme(conn: Conn, grant: AdministerGrant, slug: str) -> KeptTheme:
    """Return a theme with how many topics name it, or raise NotFound."""
    del grant
    found = await conn.maybe(_THEME, slug)
    if found is None:
        raise NotFound
    return found


async def add(
    tx: Tx, grant: AdministerGrant, *, name_el: str, name_en: str, slug: str = "", key: idempotency.Key | None
) -> None:
    """Add a theme at the end; without a slug it gets one of its English name, and the same key again adds none.

    Raise Invalid for a slug that is taken, or a name that another theme has.
    """
    if key and await idempotency.claim(tx, grant.actor, key) is not None:
        return
    await right_changes.hold(tx)
    _require_new_names(await tx.many(_LIST_KEPT), name_el, name_en)
    wanted = slug or slugs.slugify(name_en, fallback="theme", limit=SLUG_LIMIT)
    made = ThemeId(await tx.one(_ADD, wanted, name_el, name_en))
    await _record(tx, grant, "added", made, after={"slug": wanted})
    if key:
        await idempotency.settle(tx, grant.actor, key, made)


async def rename(tx: Tx, grant: AdministerGrant, slug: str, *, name_el: str, name_en: str) -> None:
    """Call a theme otherwise; its slug stays. Raise NotFound, Invalid for a name that another theme has."""
    await right_changes.hold(tx)
    found = await theme(tx, grant, slug)
    if (name_el, name_en) != (found.name_el, found.name_en):
        _require_new_names([one for one in await tx.many(_LIST_KEPT) if one.id != found.id], name_el, name_en)
        await tx.run(_RENAME, found.id, name_el, name_en)
        await _record(tx, grant, "renamed", found.id, after={"is_renamed": True})


async def move(tx: Tx, grant: AdministerGrant, slug: str, *, by: int) -> bool:
    """Put a theme before (`by` -1) or after (1) its neighbour; say whether there is one. Raise NotFound."""
    await right_changes.hold(tx)
    moved = await theme(tx, grant, slug)
    order = [one.id for one in await tx.many(_LIST_KEPT)]
    place = order.index(moved.id)
    if not 0 <= place + by < len(order):
        return False
    order[place], order[place + by] = order[place + by], order[place]
    await tx.run(_PLACE, order)
    await _record(tx, grant, "moved", moved.id, before={"place": place + 1}, after={"place": place + by + 1})
    return True


async def delete(tx: Tx, grant: AdministerGrant, slug: str) -> None:
    """Take a theme away that no topic names. Raise NotFound, Conflict where one does."""
    await right_changes.hold(tx)
    found = await theme(tx, grant, slug)
    if found.topic_count:
        raise Conflict("theme_in_use")
    await tx.run(_REPLACE_IN_PROFILES, found.slug, None)
    await tx.run(_DELETE, found.id)
    await _record(tx, grant, "deleted", found.id, before={"slug": slug})


async def merge(tx: Tx, grant: AdministerGrant, slug: str, into_slug: str) -> int:
    """Put another theme in the place of one, in all topics and for all who follow it, and return in how many topics.

    What topics said before stands in no revision: nobody has edited them. Raise NotFound; Conflict for itself.
    """
    await right_changes.hold(tx)
    gone, into = await theme(tx, grant, slug), await theme(tx, grant, into_slug)
    if gone.id == into.id:
        raise Conflict
    count = await tx.run(_REPLACE, gone.slug, into.slug)
    await tx.run(_REPLACE_IN_PROFILES, gone.slug, into.slug)
    await tx.run(_PASS_ON, gone.id, into.id)
    await tx.run(_DELETE, gone.id)
    await _record(tx, grant, "merged", gone.id, before={"slug": gone.slug}, after={"slug": into.slug, "topics": count})
    return count


def _require_new_names(others: Iterable[KeptTheme], name_el: str, name_en: str) -> None:
    """Raise Invalid where another theme is called so in the same language, accents and capitals aside."""
    faults: dict[str, tuple[str, ...]] = {}
    for one in others:
        for field, name, known in (("name_el", name_el, one.name_el), ("name_en", name_en, one.name_en)):
            if fold(name) == fold(known):
                faults[field] = (Detailed("theme_there", name=known),)
    if faults:
        raise Invalid(faults)


async def _record(
    tx: Tx,
    grant: AdministerGrant,
    act: str,
    theme_id: ThemeId,
    *,
    before: dict[str, object] | None = None,
    after: dict[str, object] | None = None,
) -> None:
    await audit.record(
        tx,
        actor_id=grant.actor.member_id,
        act=f"theme.{act}",
        subject="theme",
        subject_id=theme_id,
        before=before,
        after=after,
    )
