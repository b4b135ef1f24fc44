"""What members choose to hear of: levels for topics and categories, and what administrators set for groups.

What a level means, and which of several counts, is said in `levels.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from forum.db import Card, Conn, Query, Statement, Tx
from forum.domain import audit, pages, readable
from forum.domain.access import AdministerGrant, CategoryGrant, ReadGrant
from forum.domain.actors import Actor
from forum.domain.entities import CategoryId, GroupId, MemberId, TopicId
from forum.domain.levels import Level
from forum.domain.pages import Page
from forum.errors import NotFound

TOPICS: Final = 50
"""Topics on a page of the list of what somebody chose."""


@dataclass(frozen=True, slots=True)
class TopicChoice:
    """A topic for which a member chose a level."""

    topic_id: TopicId
    title: str
    slug: str
    language: str | None
    category_el: str
    category_en: str
    level: Level
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class CategoryChoice:
    """A category that a member may read, with the level they chose for it, if any."""

    slug: str
    name_el: str
    name_en: str
    level: Level | None


@dataclass(frozen=True, slots=True)
class GroupLevel:
    category_id: CategoryId
    category_el: str
    category_en: str
    group_id: GroupId
    group_slug: str
    group_el: str
    group_en: str
    level: Level


@dataclass(frozen=True, slots=True)
class Named:
    """A category or a group that can be chosen; `slug` is how a group is mentioned."""

    id: int
    slug: str
    name_el: str
    name_en: str


_CHOOSE_TOPIC = Statement(
    "subscriptions.choose_topic",
    """
    INSERT INTO topic_subscriptions (member_id, topic_id, level)
    VALUES ($1, $2, $3)
    ON CONFLICT (member_id, topic_id) DO UPDATE
    SET level = excluded.level, updated_at = now()
    WHERE topic_subscriptions.level <> excluded.level
    """,
    returns=int,
    card=Card.NONE,
)

_CLEAR_TOPIC = Statement(
    "subscriptions.clear_topic",
    "DELETE FROM topic_subscriptions WHERE topic_subscriptions.member_id = $1 AND topic_subscriptions.topic_id = $2",
    returns=int,
    card=Card.NONE,
)

_CHOOSE_CATEGORY = Statement(
    "subscriptions.choose_category",
    """
    INSERT INTO category_subscriptions (member_id, category_id, level)
    VALUES ($1, $2, $3)
    ON CONFLICT (member_id, category_id) DO UPDATE
    SET level = excluded.level, updated_at = now()
    WHERE category_subscriptions.level IS DISTINCT FROM excluded.level
    """,
    returns=int,
    card=Card.NONE,
)

_LIST_TOPICS = Query(
    "subscriptions.list_topics",
    f"""
    WITH {readable.CTE}
    SELECT topics.id, topics.title, topics.slug, topics.language, categories.name_el, categories.name_en,
           topic_subscriptions.level, topic_subscriptions.updated_at
    FROM topic_subscriptions
    JOIN topics ON topics.id = topic_subscriptions.topic_id
    JOIN categories ON categories.id = topics.category_id
    WHERE topic_subscriptions.member_id = $1
        AND (topic_subscriptions.updated_at, topic_subscriptions.topic_id) < (
            coalesce($2, 'infinity'::timestamptz), coalesce($3, 9223372036854775807)
        )
        AND topics.deleted_at IS NULL AND {readable.IS}
    ORDER BY topic_subscriptions.updated_at DESC, topic_subscriptions.topic_id DESC
    LIMIT $4
    """,
    returns=TopicChoice,
    card=Card.MANY,
)

_LIST_CATEGORIES = Query(
    "subscriptions.list_categories",
    """
    SELECT categories.slug, categories.name_el, categories.name_en, category_subscriptions.level
    FROM categories
    JOIN category_rights ON category_rights.category_id = categories.id AND category_rights.member_id = $1
    LEFT JOIN category_subscriptions
        ON category_subscriptions.category_id = categories.id AND category_subscriptions.member_id = $1
    WHERE category_rights.can_read AND NOT categories.is_private
    ORDER BY categories.position, categories.id
    """,
    returns=CategoryChoice,
    card=Card.MANY,
)

_TOPIC_LEVEL = Query(
    "subscriptions.topic_level",
    """
    SELECT topic_subscriptions.level
    FROM topic_subscriptions
    WHERE topic_subscriptions.member_id = $1 AND topic_subscriptions.topic_id = $2
    """,
    returns=str,
    card=Card.ZERO_OR_ONE,
)

_LIST_GROUP_LEVELS = Query(
    "subscriptions.list_group_levels",
    """
    SELECT categories.id, categories.name_el, categories.name_en,
           groups.id, groups.slug, groups.name_el, groups.name_en, group_levels.level
    FROM group_levels
    JOIN categories ON categories.id = group_levels.category_id AND NOT categories.is_private
    JOIN groups ON groups.id = group_levels.group_id
    ORDER BY categories.position, categories.id, fold(groups.name_el) COLLATE "C", groups.id
    """,
    returns=GroupLevel,
    card=Card.MANY,
)

_CATEGORIES = Query(
    "subscriptions.categories",
    """
    SELECT categories.id, categories.slug, categories.name_el, categories.name_en
    FROM categories
    WHERE NOT categories.is_private
    ORDER BY categories.position, categories.id
    """,
    returns=Named,
    card=Card.MANY,
)

_GROUPS = Query(
    "subscriptions.groups",
    """
    SELECT groups.id, groups.slug, groups.name_el, groups.name_en
    FROM groups
    ORDER BY array_position(ARRAY['system', 'region', 'free', 'organisation'], groups.kind),
             fold(groups.name_el) COLLATE "C", groups.id
    """,
    returns=Named,
    card=Card.MANY,
)

_CHOOSE_FOR_GROUP = Statement(
    "subscriptions.choose_for_group",
    """
    INSERT INTO group_levels (category_id, group_id, level)
    SELECT categories.id, groups.id, $3
    FROM categories
    CROSS JOIN groups
    WHERE categories.id = $1 AND groups.id = $2 AND NOT categories.is_private
    ON CONFLICT (category_id, group_id) DO UPDATE
    SET level = excluded.level
    RETURNING category_id
    """,
    returns=int,
    card=Card.ZERO_OR_ONE,
)

_LOCK_FOR_GROUP = Statement(
    "subscriptions.lock_for_group",
    """
    SELECT group_levels.level
    FROM group_levels
    WHERE group_levels.category_id = $1 AND group_levels.group_id = $2
    FOR NO KEY UPDATE
    """,
    returns=str,
    card=Card.ZERO_OR_ONE,
)

_CLEAR_FOR_GROUP = Statement(
    "subscriptions.clear_for_group",
    """
    DELETE FROM group_levels
    WHERE group_levels.category_id = $1 AND group_levels.group_id = $2
        AND NOT EXISTS (SELECT 1 FROM categories WHERE categories.id = $1 AND categories.is_private)
    RETURNING group_levels.level
    """,
    returns=str,
    card=Card.ZERO_OR_ONE,
)


async def choose_topic(tx: Tx, grant: ReadGrant, level: Level | None) -> None:
    """Have the actor hear so much of a topic; None takes the choice back."""
    if level is None:
        await tx.run(_CLEAR_TOPIC, grant.actor.member_id, grant.topic.id)
    else:
        await tx.run(_CHOOSE_TOPIC, grant.actor.member_id, grant.topic.id, level)


async def mute_topic(tx: Tx, member_id: MemberId, topic_id: TopicId) -> str | None:
    """Have a member hear nothing more of a topic, as they ask by a link of their own in a letter about it.

    Return what they had chosen for it.
    """
    before = await tx.maybe(_TOPIC_LEVEL, member_id, topic_id)
    await tx.run(_CHOOSE_TOPIC, member_id, topic_id, "mute")
    return before


async def choose_category(tx: Tx, grant: CategoryGrant, level: Level | None) -> None:
    """Have the actor hear so much of all topics of a category; None takes the choice back."""
    await tx.run(_CHOOSE_CATEGORY, grant.actor.member_id, grant.category.id, level)


async def topic_level(conn: Conn, grant: ReadGrant) -> str | None:
    """Return what the actor chose for a topic."""
    return await conn.maybe(_TOPIC_LEVEL, grant.actor.member_id, grant.topic.id)


async def list_topics(conn: Conn, actor: Actor, *, cursor: str | None = None, limit: int = TOPICS) -> Page[TopicChoice]:
    """Return the topics for which the actor chose a level and which they may read, the last chosen first."""
    after = pages.decode(cursor, datetime, int) if cursor else (None, None)
    found = await conn.many(_LIST_TOPICS, actor.member_id, *after, limit + 1)
    return pages.cut(found, limit, lambda last: (last.updated_at, last.topic_id))


async def list_categories(conn: Conn, actor: Actor) -> list[CategoryChoice]:
    """Return the categories the actor may read, with what they chose for each."""
    return await conn.many(_LIST_CATEGORIES, actor.member_id)


async def list_group_levels(conn: Conn, grant: AdministerGrant) -> list[GroupLevel]:
    """Return what groups have for categories."""
    del grant
    return await conn.many(_LIST_GROUP_LEVELS)


async def list_offered(conn: Conn, grant: AdministerGrant) -> tuple[list[Named], list[Named]]:
    """Return the categories and the groups between which a level can be set."""
    del grant
    return await conn.many(_CATEGORIES), await conn.many(_GROUPS)


async def choose_for_group(
    tx: Tx, grant: AdministerGrant, category_id: CategoryId, group_id: GroupId, level: Level
) -> None:
    """Have members of a group hear so much of a category who choose nothing themselves."""
    before = await tx.maybe(_LOCK_FOR_GROUP, category_id, group_id)
    if await tx.maybe(_CHOOSE_FOR_GROUP, category_id, group_id, level) is None:
        raise NotFound
    if level != before:
        await _record(tx, grant.actor, "category.group_level_set", category_id, group_id, before, level)


async def clear_for_group(tx: Tx, grant: AdministerGrant, category_id: CategoryId, group_id: GroupId) -> None:
    """Take back what a group has for a category. Raise NotFound where it has nothing."""
    level = await tx.maybe(_CLEAR_FOR_GROUP, category_id, group_id)
    if level is None:
        raise NotFound
    await _record(tx, grant.actor, "category.group_level_cleared", category_id, group_id, level, None)


async def _record(
    tx: Tx, actor: Actor, act: str, category_id: CategoryId, group_id: GroupId, before: str | None, after: str | None
) -> None:
    await audit.record(
        tx,
        actor_id=actor.member_id,
        act=act,
        subject="category",
        subject_id=category_id,
        before={"group_id": group_id, "level": before},
        after={"group_id": group_id, "level": after},
    )
