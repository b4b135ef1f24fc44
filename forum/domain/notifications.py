"""What a member was told: the list in the application, and what of it they have seen.

Who is told of posts is `fanouts`', of expressions of interest `interests`'; letters are made of the same rows in
`notification_mails`. What somebody may not read any more stays in their list without a title, a name or a way there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

from forum.db import Card, Conn, Once, Query, Statement, Tx
from forum.domain import leading, pages
from forum.domain.access import CategoryGrant
from forum.domain.actors import Actor
from forum.domain.entities import (
    Decision,
    GuideFileId,
    InterestId,
    MemberId,
    NotificationId,
    NotificationKind,
    PostId,
    TopicId,
)
from forum.domain.pages import Page
from forum.domain.sessions import UNREAD_COUNT

KEPT: Final = timedelta(days=90)
"""How long a notification is kept; what it tells of stays where it is."""

SHOWN: Final = 5
"""Notifications of one topic that the list shows; the topic itself has them all."""

TOPICS: Final = 20
"""Topics on a page of the list."""


@dataclass(frozen=True, slots=True)
class Unread:
    """How many notifications a member has unread, up to UNREAD_LIMIT."""

    member_id: MemberId
    count: int


@dataclass(frozen=True, slots=True)
class Notification:
    """A notification as its member sees it; what they may not read any more has no title, names, post or interest."""

    id: NotificationId
    kind: NotificationKind
    created_at: datetime
    read_at: datetime | None
    topic_id: TopicId | None
    topic_title: str | None
    topic_language: str | None
    category_el: str | None
    category_en: str | None
    post_id: PostId | None
    post_number: int | None
    actor_id: MemberId | None
    actor_name: str | None
    actor_organisation_slug: str | None
    actor_organisation_el: str | None
    actor_organisation_en: str | None
    file_id: GuideFileId | None
    """Of a new version: the file it is one of, that file's title, and its number."""
    file_title: str | None
    version: int | None
    interest_id: InterestId | None
    """The expression of interest that it tells of instead of a post."""
    decision: Decision | None
    """What was decided on that; None where it is told that there is one."""
    is_by_colleague: bool | None
    """Whether who did it belongs to the reader's own organisation."""

    @property
    def is_readable(self) -> bool:
        return self.post_id is not None or self.interest_id is not None

    @property
    def is_unread(self) -> bool:
        return self.read_at is None


@dataclass(frozen=True, slots=True)
class _Listed(Notification):
    group_id: int
    group_at: datetime
    count: int


@dataclass(frozen=True, slots=True)
class TopicNotifications:
    """The newest notifications of one topic, and how many there are; `latest` is the place in the list."""

    items: list[Notification]
    count: int
    latest: tuple[datetime, int]

    @property
    def readable(self) -> list[Notification]:
        """Those of which their member may still read what they tell of."""
        return [item for item in self.items if item.is_readable]

    @property
    def is_unread(self) -> bool:
        return any(item.is_unread for item in self.items)

    @property
    def way(self) -> PostId | None:
        """The post to go to: the first that is new, of those that are shown, or else the last; None for the topic."""
        posts = [item for item in self.readable if item.post_id is not None]
        unread = [item.post_id for item in posts if item.is_unread]
        return unread[-1] if unread else next((item.post_id for item in posts), None)


_COLUMNS: Final = """
    notifications.id, notifications.kind, notifications.created_at, notifications.read_at,
    readable.topic_id, readable.title, readable.language, readable.category_el, readable.category_en,
    readable.post_id, readable.number,
    readable.actor_id, readable.actor_name, readable.organisation_slug, readable.organisation_el,
    readable.organisation_en, readable.file_id, readable.file_title, readable.version,
    readable.interest_id, readable.decision, readable.is_by_colleague
"""

# Asked of each: what its member may read now.
_READABLE: Final = f"""
    LEFT JOIN LATERAL (
        SELECT topics.id AS topic_id, topics.title, topics.language,
               categories.name_el AS category_el, categories.name_en AS category_en,
               posts.id AS post_id, posts.number, actors.id AS actor_id, actors.name AS actor_name,
               organisations.slug AS organisation_slug, organisations.name_el AS organisation_el,
               organisations.name_en AS organisation_en,
               guide_files.id AS file_id, guide_files.title AS file_title, versions.number AS version,
               interests.id AS interest_id, notifications.decision,
               actors.organisation_id = (
                   SELECT readers.organisation_id FROM members AS readers WHERE readers.id = notifications.member_id
               ) AS is_by_colleague
        FROM topics
        JOIN categories ON categories.id = topics.category_id
        JOIN topic_rights ON topic_rights.topic_id = topics.id AND topic_rights.member_id = notifications.member_id
        LEFT JOIN posts ON posts.id = notifications.post_id AND posts.deleted_at IS NULL
        LEFT JOIN interests ON interests.id = notifications.interest_id AND interests.withdrawn_at IS NULL
            AND {leading.is_party(member="notifications.member_id", can_moderate="topic_rights.can_moderate")}
        JOIN members AS actors ON actors.id = notifications.actor_id
        JOIN organisations ON organisations.id = coalesce(
            CASE WHEN posts.author_id = actors.id THEN posts.organisation_id END, actors.organisation_id
        )
        LEFT JOIN guide_versions AS versions ON versions.id = notifications.version_id
        LEFT JOIN guide_files ON guide_files.id = versions.guide_file_id
        WHERE topics.id = notifications.topic_id AND topic_rights.can_read
            AND topics.deleted_at IS NULL AND (posts.id IS NOT NULL OR interests.id IS NOT NULL)
    ) AS readable ON true
"""

# Of each topic the newest, found from the index; then the few before it.
_LIST_TOPICS = Query(
    "notifications.list_topics",
    f"""
    SELECT {_COLUMNS}, latest.id, latest.created_at, counted.count
    FROM (
        SELECT newest.id, newest.topic_id, newest.created_at
        FROM notifications AS newest
        WHERE newest.member_id = $1
            AND (newest.created_at, newest.id) < (
                coalesce($2, 'infinity'::timestamptz), coalesce($3, 9223372036854775807)
            )
            AND NOT EXISTS (
                SELECT 1
                FROM notifications AS newer
                WHERE newer.topic_id = newest.topic_id AND newer.member_id = $1
                    AND (newer.created_at, newer.id) > (newest.created_at, newest.id)
            )
        ORDER BY newest.created_at DESC, newest.id DESC
        LIMIT $4
    ) AS latest
    CROSS JOIN LATERAL (
        SELECT count(*) AS count
        FROM notifications AS all_of_topic
        WHERE all_of_topic.topic_id = latest.topic_id AND all_of_topic.member_id = $1
    ) AS counted
    CROSS JOIN LATERAL (
        SELECT notifications.id, notifications.member_id, notifications.kind, notifications.topic_id,
               notifications.post_id, notifications.version_id, notifications.actor_id, notifications.created_at,
               notifications.read_at, notifications.interest_id, notifications.decision
        FROM notifications
        WHERE notifications.topic_id = latest.topic_id AND notifications.member_id = $1
        ORDER BY notifications.created_at DESC, notifications.id DESC
        LIMIT {SHOWN}
    ) AS notifications
    {_READABLE}
    ORDER BY latest.created_at DESC, latest.id DESC, notifications.created_at DESC, notifications.id DESC
    """,
    returns=_Listed,
    card=Card.MANY,
)

_LIST = Query(
    "notifications.list",
    f"""
    SELECT {_COLUMNS}
    FROM (
        SELECT notifications.id, notifications.member_id, notifications.kind, notifications.topic_id,
               notifications.post_id, notifications.version_id, notifications.actor_id, notifications.created_at,
               notifications.read_at, notifications.interest_id, notifications.decision
        FROM notifications
        WHERE notifications.member_id = $1
            AND (notifications.created_at, notifications.id) < (
                coalesce($2, 'infinity'::timestamptz), coalesce($3, 9223372036854775807)
            )
        ORDER BY notifications.created_at DESC, notifications.id DESC
        LIMIT $4
    ) AS notifications
    {_READABLE}
    ORDER BY notifications.created_at DESC, notifications.id DESC
    """,
    returns=Notification,
    card=Card.MANY,
)

_READ_ALL = Statement(
    "notifications.read_all",
    """
    UPDATE notifications
    SET read_at = now(), mail_due_at = NULL
    WHERE notifications.member_id = $1 AND notifications.read_at IS NULL
    """,
    returns=int,
    card=Card.NONE,
)

_READ_SOME = Statement(
    "notifications.read_some",
    """
    UPDATE notifications
    SET read_at = now(), mail_due_at = NULL
    WHERE notifications.member_id = $1 AND notifications.id = ANY ($2::bigint[]) AND notifications.read_at IS NULL
    """,
    returns=int,
    card=Card.NONE,
)

# Which reply answers the question, every page of the topic says.
_READ_TOPIC = Statement(
    "notifications.read_topic",
    """
    UPDATE notifications
    SET read_at = now(), mail_due_at = NULL
    WHERE notifications.member_id = $1 AND notifications.topic_id = $2 AND notifications.read_at IS NULL
        AND (
            notifications.post_id IS NULL
            OR notifications.kind = 'answer'
            OR EXISTS (SELECT 1 FROM posts WHERE posts.id = notifications.post_id AND posts.number <= $3)
        )
    """,
    returns=int,
    card=Card.NONE,
)

_READ_CATEGORY = Statement(
    "notifications.read_category",
    """
    UPDATE notifications
    SET read_at = now(), mail_due_at = NULL
    FROM topics
    WHERE notifications.member_id = $1 AND notifications.read_at IS NULL
        AND topics.id = notifications.topic_id AND topics.category_id = $2
    """,
    returns=int,
    card=Card.NONE,
)

_COUNTS = Query(
    "notifications.counts",
    f"""
    SELECT members.id, {UNREAD_COUNT}
    FROM topics
    JOIN topic_rights ON topic_rights.topic_id = topics.id AND topic_rights.can_read
    JOIN members ON members.id = topic_rights.member_id
    WHERE topics.id = $1 AND topics.deleted_at IS NULL AND topic_rights.member_id = ANY ($2::bigint[])
        AND EXISTS (
            SELECT 1
            FROM notifications
            WHERE notifications.member_id = members.id AND notifications.topic_id = $1
                AND notifications.read_at IS NULL
        )
    """,
    returns=Unread,
    card=Card.MANY,
)

_SWEEP = Statement(
    "notifications.sweep",
    "DELETE FROM notifications WHERE notifications.created_at < now() - $1::interval",
    returns=int,
    card=Card.NONE,
)


async def list_topics(
    conn: Conn, actor: Actor, *, cursor: str | None = None, limit: int = TOPICS
) -> Page[TopicNotifications]:
    """Return the actor's own notifications by topic, the topic that was moved last first."""
    after = pages.decode(cursor, datetime, int) if cursor else (None, None)
    rows = await conn.many(_LIST_TOPICS, actor.member_id, *after, limit + 1)
    return pages.cut(_by_topic(rows), limit, lambda topic: topic.latest)


async def list_notifications(
    conn: Conn, actor: Actor, *, cursor: str | None = None, limit: int = 20
) -> Page[Notification]:
    """Return the actor's own notifications, the newest first."""
    after = pages.decode(cursor, datetime, int) if cursor else (None, None)
    rows = await conn.many(_LIST, actor.member_id, *after, limit + 1)
    return pages.cut(rows, limit, lambda last: (last.created_at, last.id))


async def read_all(tx: Tx, actor: Actor) -> int:
    """Count all of the actor's notifications as seen; return how many were not."""
    return await tx.run(_READ_ALL, actor.member_id)


async def read_some(tx: Tx, actor: Actor, ids: list[int]) -> int:
    """Count some of the actor's notifications as seen; those of others are left alone."""
    return await tx.run(_READ_SOME, actor.member_id, ids)


async def read_topic(once: Once, actor: Actor, topic_id: TopicId, number: int, seen: list[int]) -> None:
    """Count as seen what the actor was told of a topic's posts up to `number`; put into `seen` how many were not."""
    seen.append(await once.run(_READ_TOPIC, actor.member_id, topic_id, number))


async def read_category(tx: Tx, grant: CategoryGrant) -> int:
    """Count as seen what the actor was told of the topics of a category."""
    return await tx.run(_READ_CATEGORY, grant.actor.member_id, grant.category.id)


async def list_counts(conn: Conn, topic_id: TopicId, member_ids: Collection[MemberId]) -> dict[MemberId, int]:
    """Return how many notifications each of these has unread who has one of the topic and may read it; one query."""
    return {found.member_id: found.count for found in await conn.many(_COUNTS, topic_id, list(member_ids))}


async def sweep(tx: Tx) -> int:
    """Forget what was told longer ago than KEPT; return how many."""
    return await tx.run(_SWEEP, KEPT)


def _by_topic(rows: Iterable[_Listed]) -> list[TopicNotifications]:
    groups = ((latest, list(found)) for latest, found in groupby(rows, lambda row: (row.group_at, row.group_id)))
    return [TopicNotifications([*found], found[0].count, latest) for latest, found in groups]
