"""The rights of a category as its administrators see them: which group holds what, and what members hold through whom.

Who may administer sees all categories here, also those that nobody may read. Rights are changed by `openings` alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from forum.db import Card, Conn, Query
from forum.domain import groups, stages
from forum.domain.access import AdministerGrant
from forum.domain.actors import Actor
from forum.domain.entities import CategoryId, Group, GroupId, MemberId, TopicId
from forum.domain.right_changes import GRANTED_IN


@dataclass(frozen=True, slots=True)
class GroupRights:
    """What a group holds in a category, since when, and of which topics; None for always and for all."""

    group_id: GroupId
    group_slug: str
    group_kind: str
    group_el: str
    group_en: str
    rights: list[str]
    valid_from: datetime | None
    valid_until: datetime | None
    topics_since: datetime | None
    internal_since: datetime | None
    following: list[str] | None
    """What it will hold at `valid_until`; None where that is for good."""

    @property
    def stage(self) -> str:
        """The stage it is at, moderating aside; empty where it is at none."""
        return stages.stage_of([right for right in self.rights if right != "moderate"])

    @property
    def following_stage(self) -> str:
        return stages.stage_of([right for right in self.following or () if right != "moderate"])


_COLUMNS: Final = f"""
    groups.id, groups.slug, groups.kind, groups.name_el, groups.name_en, {stages.held("grants")},
    nullif(grants.valid_from, '-infinity'), nullif(grants.valid_until, 'infinity'),
    nullif(grants.topics_since, '-infinity'), nullif(grants.internal_since, '-infinity'),
    CASE
        WHEN grants.valid_until < 'infinity' THEN coalesce(
            (
                SELECT {stages.held("following")}
                FROM grants AS following
                WHERE following.category_id = grants.category_id AND following.group_id = grants.group_id
                    AND following.valid_from = grants.valid_until
            ),
            ARRAY[]::text[]
        )
    END
"""

_LIST = Query(
    "grants.list",
    f"""
    SELECT {_COLUMNS}
    FROM categories
    JOIN grants ON grants.category_id = {GRANTED_IN}
    JOIN groups ON groups.id = grants.group_id
    WHERE categories.id = $1 AND {groups.IN_FORCE}
    ORDER BY
        array_position(ARRAY['region', 'organisation', 'free', 'system'], groups.kind),
        fold(CASE WHEN $2 = 'el' THEN groups.name_el ELSE groups.name_en END) COLLATE "C",
        groups.id
    """,
    returns=GroupRights,
    card=Card.MANY,
)

_OF_MEMBER = Query(
    "grants.of_member",
    f"""
    SELECT {_COLUMNS}
    FROM categories
    JOIN memberships ON memberships.member_id = $1
    JOIN grants ON grants.category_id = {GRANTED_IN} AND grants.group_id = memberships.group_id
    JOIN groups ON groups.id = grants.group_id
    WHERE categories.id = $2 AND {groups.IN_FORCE} AND (
        categories.parent_id IS NULL OR EXISTS (
            SELECT 1
            FROM memberships AS others
            JOIN grants AS above ON above.group_id = others.group_id AND above.category_id = categories.parent_id
            WHERE others.member_id = $1 AND above.valid_from <= now() AND above.valid_until > now()
        )
    )
    ORDER BY array_position(ARRAY['region', 'organisation', 'free', 'system'], groups.kind), groups.id
    """,
    returns=GroupRights,
    card=Card.MANY,
)

_OF_TOPIC = Query(
    "grants.of_topic",
    f"""
    SELECT {_COLUMNS}
    FROM topics
    JOIN categories ON categories.id = topics.category_id
    JOIN grants ON grants.category_id = {GRANTED_IN}
    JOIN memberships ON memberships.group_id = grants.group_id AND memberships.member_id = $1
    JOIN groups ON groups.id = grants.group_id
    WHERE topics.id = $2 AND {groups.IN_FORCE} AND grants.can_read
        AND topics.created_at >= CASE WHEN topics.is_internal THEN grants.internal_since ELSE grants.topics_since END
    ORDER BY array_position(ARRAY['region', 'organisation', 'free', 'system'], groups.kind), groups.id
    """,
    returns=GroupRights,
    card=Card.MANY,
)

_GROUPS = Query(
    "grants.groups",
    """
    SELECT groups.id, groups.slug, groups.kind, groups.name_el, groups.name_en
    FROM groups
    ORDER BY
        array_position(ARRAY['region', 'organisation', 'free', 'system'], groups.kind),
        fold(CASE WHEN $1 = 'el' THEN groups.name_el ELSE groups.name_en END) COLLATE "C",
        groups.id
    """,
    returns=Group,
    card=Card.MANY,
)

_NAMES = Query(
    "grants.names",
    """
    SELECT members.name
    FROM members
    WHERE members.id = ANY ($1::bigint[])
    ORDER BY fold(members.name) COLLATE "C", members.id
    """,
    returns=str,
    card=Card.MANY,
)


async def list_rights(conn: Conn, grant: AdministerGrant, category_id: CategoryId) -> list[GroupRights]:
    """Return what each group holds now in a category, or the parent it inherits from.

    By kind, and then by name in the actor's language.
    """
    return await conn.many(_LIST, category_id, grant.actor.language)


async def of_member(
    conn: Conn, grant: AdministerGrant, member_id: MemberId, category_id: CategoryId
) -> list[GroupRights]:
    """Return through which groups a member holds what in a category; of a suspended one it counts for nothing."""
    del grant
    return await conn.many(_OF_MEMBER, member_id, category_id)


async def of_topic(conn: Conn, actor: Actor, topic_id: TopicId) -> list[GroupRights]:
    """Return through which of their groups the actor may read a topic."""
    return await conn.many(_OF_TOPIC, actor.member_id, topic_id)


async def list_groups(conn: Conn, grant: AdministerGrant) -> list[Group]:
    """Return all groups that rights can be granted to, by kind and then by name in the actor's language."""
    return await conn.many(_GROUPS, grant.actor.language)


async def names(conn: Conn, grant: AdministerGrant, member_ids: Sequence[MemberId]) -> list[str]:
    """Return the names of members, in order."""
    del grant
    return await conn.many(_NAMES, list(member_ids))
