"""The newest topics for a feed: of all that the reader may read, of a category, of a kind, of a theme.

Rights are asked in each of these, at each fetch, as for pages. How a feed is written is the web's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from forum.db import Card, Conn, Query
from forum.domain import readable
from forum.domain.access import CategoryGrant
from forum.domain.actors import Actor
from forum.domain.entities import TopicId

LENGTH: Final = 30
"""Topics in a feed: what comes in a busy week; programs keep what they have seen."""


@dataclass(frozen=True, slots=True)
class FeedTopic:
    """A topic with its text, as it is stored; `updated_at` is when text or title was last changed."""

    id: TopicId
    slug: str
    title: str
    kind: str
    language: str | None
    category_slug: str
    category_el: str
    category_en: str
    themes: list[str]
    """Slugs, in the order of the list of themes."""
    author_name: str
    author_organisation_el: str
    author_organisation_en: str
    html: str
    fields: dict[str, Any]
    created_at: datetime
    updated_at: datetime


_KEPT = """
    topics.id, topics.category_id, topics.author_id, topics.organisation_id, topics.title, topics.slug, topics.kind,
    topics.language, topics.fields, topics.created_at
"""


def _of(topics: str) -> str:
    """Return the SQL of a feed whose topics are the relation given."""
    return f"""
        WITH {readable.CTE}
        SELECT topics.id, topics.slug, topics.title, topics.kind, topics.language,
               categories.slug, categories.name_el, categories.name_en,
               ARRAY(
                   SELECT themes.slug FROM themes
                   WHERE topics.fields -> 'themes' ? themes.slug
                   ORDER BY themes.position
               ),
               authors.name, organisations.name_el, organisations.name_en,
               posts.html, topics.fields, topics.created_at, coalesce(posts.edited_at, topics.created_at)
        FROM ({topics}) AS topics
        JOIN categories ON categories.id = topics.category_id
        JOIN members AS authors ON authors.id = topics.author_id
        JOIN organisations ON organisations.id = coalesce(topics.organisation_id, authors.organisation_id)
        JOIN posts ON posts.topic_id = topics.id AND posts.number = 1
        ORDER BY topics.created_at DESC, topics.id DESC
        LIMIT {LENGTH}
    """


def _of_each_category(further: str = "true") -> str:
    """Return the newest topics of each category, which an index gives: the cost follows the categories."""
    return f"""
        SELECT {_KEPT}
        FROM unnest((SELECT readable.ids FROM readable)) AS open (category_id)
        CROSS JOIN LATERAL (
            SELECT {_KEPT}
            FROM topics
            WHERE topics.category_id = open.category_id AND topics.deleted_at IS NULL AND {further} AND {readable.IS}
            ORDER BY topics.created_at DESC, topics.id DESC
            LIMIT {LENGTH}
        ) AS topics
        ORDER BY topics.created_at DESC, topics.id DESC
        LIMIT {LENGTH}
    """


_LATEST = Query("feeds.latest", _of(_of_each_category()), returns=FeedTopic, card=Card.MANY)
_OF_CATEGORY = Query(
    "feeds.of_category",
    _of(f"""
        SELECT {_KEPT}
        FROM topics
        WHERE topics.category_id = $2 AND topics.deleted_at IS NULL AND {readable.IS}
        ORDER BY topics.created_at DESC, topics.id DESC
        LIMIT {LENGTH}
    """),
    returns=FeedTopic,
    card=Card.MANY,
)
_OF_KIND = Query("feeds.of_kind", _of(_of_each_category("topics.kind = $2")), returns=FeedTopic, card=Card.MANY)
_OF_THEME = Query(
    "feeds.of_theme",
    _of(f"""
        SELECT {_KEPT}
        FROM topics
        WHERE topics.fields @> jsonb_build_object('themes', jsonb_build_array($2::text))
            AND topics.fields <> '{{}}' AND topics.deleted_at IS NULL AND {readable.IS}
        ORDER BY topics.created_at DESC, topics.id DESC
        LIMIT {LENGTH}
    """),
    returns=FeedTopic,
    card=Card.MANY,
)


async def latest(conn: Conn, actor: Actor) -> list[FeedTopic]:
    """Return the newest topics of all that the actor may read."""
    return await conn.many(_LATEST, actor.member_id)


async def of_category(conn: Conn, grant: CategoryGrant) -> list[FeedTopic]:
    """Return the newest topics of a category that the actor may read in it."""
    return await conn.many(_OF_CATEGORY, grant.actor.member_id, grant.category.id)


async def of_kind(conn: Conn, actor: Actor, kind: str) -> list[FeedTopic]:
    """Return the newest topics of a kind that the actor may read."""
    return await conn.many(_OF_KIND, actor.member_id, kind)


async def of_theme(conn: Conn, actor: Actor, theme: str) -> list[FeedTopic]:
    """Return the newest topics on a theme that the actor may read."""
    return await conn.many(_OF_THEME, actor.member_id, theme)
