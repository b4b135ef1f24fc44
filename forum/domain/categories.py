"""Categories as a member sees them listed: what they hold, what is unread in them, what moved last.

Who may enter one is asked in `access.py`; topics and their counters belong to `topics.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from forum.db import Card, Conn, Query
from forum.domain import readable, unread
from forum.domain.access import CategoryGrant
from forum.domain.actors import Actor
from forum.domain.entities import Category

UNREAD_LIMIT: Final = 1000
"""Unread topics of one category are counted up to here; the screen says "more than" beyond it."""


@dataclass(frozen=True, slots=True)
class CategoryRow(Category):
    """A category in the list: topics with unread posts, and when its last post was written (None: none to be seen)."""

    unread_count: int
    latest_at: datetime | None


_SINCE: Final = readable.SINCE.format(rights="rights")

_LIST = Query(
    "categories.list",
    f"""
    SELECT categories.id, categories.slug, categories.name_el, categories.name_en,
           categories.description_el, categories.description_en, categories.kinds,
           parents.slug, parents.name_el, parents.name_en, categories.archived_at,
           {readable.TOPIC_COUNT},
           rights.can_see, rights.can_read, rights.can_start, rights.can_reply,
           rights.can_vote, rights.can_attach, rights.can_moderate,
           unread.topic_count,
           (
               SELECT max(topics.last_post_at)
               FROM topics
               WHERE topics.category_id = categories.id AND topics.deleted_at IS NULL AND rights.can_read
                   AND topics.created_at >= {_SINCE}
           )
    FROM categories
    JOIN category_rights AS rights ON rights.category_id = categories.id AND rights.member_id = $1
    LEFT JOIN categories AS parents ON parents.id = categories.parent_id
    CROSS JOIN LATERAL (
        SELECT count(*) AS topic_count
        FROM (
            SELECT topics.id
            FROM topics
            {unread.JOIN}
            WHERE topics.category_id = categories.id AND topics.deleted_at IS NULL AND rights.can_read
                AND topics.created_at >= {_SINCE} AND {unread.IS}
            LIMIT {UNREAD_LIMIT}
        ) AS topics
    ) AS unread
    WHERE NOT categories.is_private AND ($2::bigint IS NULL OR categories.parent_id = $2)
    ORDER BY categories.position, categories.id
    """,
    returns=CategoryRow,
    card=Card.MANY,
)


async def list_categories(conn: Conn, actor: Actor) -> list[CategoryRow]:
    """Return the categories the actor may see, in their order; of one they may not read only what it is about."""
    return await conn.many(_LIST, actor.member_id, None)


async def list_below(conn: Conn, grant: CategoryGrant) -> list[CategoryRow]:
    """Return the sub-categories of a category that who may read it may see."""
    return await conn.many(_LIST, grant.actor.member_id, grant.category.id)
