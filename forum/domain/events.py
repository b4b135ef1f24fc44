"""Live events: what has just happened, told to every process that answers, and who of its listeners may hear of it.

A write announces itself in its own transaction: PostgreSQL hands the message out when that is committed, and never
when it is rolled back. A message holds numbers and what kind of act it was, no word of anybody; who hears of it is
asked when it is sent on. What streams are and which there are is `streams.py`'s.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Final

from forum.db import Card, Conn, Query, Statement, Tx
from forum.domain.entities import MemberId, PostId, TopicId

CHANNEL: Final = "koinon_events"


class Kind(enum.StrEnum):
    """What may have happened."""

    POST_CREATED = "post.created"
    """Number 1 is a new topic's."""
    POST_UPDATED = "post.updated"
    """Edited, deleted or restored."""
    TOPIC_UPDATED = "topic.updated"
    """Renamed, locked, pinned, marked, deleted, or the contrary."""
    NOTIFICATION_CREATED = "notification.created"
    """One message for all who are notified of something in a topic: who they are, the table says."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a topic; `actor_id` did it."""

    kind: Kind
    topic_id: TopicId
    actor_id: MemberId | None = None
    post_id: PostId | None = None
    number: int | None = None
    act: str | None = None
    """How it was changed: `edit`, `delete`, `restore`, `rename`, `lock`, …"""


@dataclass(frozen=True, slots=True)
class Hearer:
    """A member, and a topic of whose events they may hear."""

    member_id: MemberId
    topic_id: TopicId


_ANNOUNCE = Statement(
    "events.announce",
    f"SELECT pg_notify('{CHANNEL}', $1)",
    returns=str,
    card=Card.NONE,
)

# The same as `permissions.can_read_topic`, for many members at once; a test compares them.
_HEARERS = Query(
    "events.hearers",
    """
    SELECT asked.member_id, asked.topic_id
    FROM unnest($1::bigint[], $2::bigint[]) AS asked (member_id, topic_id)
    JOIN topics ON topics.id = asked.topic_id
    JOIN topic_rights AS rights ON rights.topic_id = topics.id AND rights.member_id = asked.member_id
    WHERE rights.can_read
        AND (topics.deleted_at IS NULL OR rights.can_moderate OR topics.author_id = asked.member_id)
    """,
    returns=Hearer,
    card=Card.MANY,
)


def announcing_post(*, topic: str, post: str, number: str, actor: str) -> str:
    """Return SQL that announces a new post, for a statement that writes it; each value is an expression of its own."""
    return (
        f"pg_notify('{CHANNEL}', json_build_object('kind', '{Kind.POST_CREATED}', 'topic_id', {topic}, "
        f"'actor_id', {actor}, 'post_id', {post}, 'number', {number})::text)"
    )


async def announce(tx: Tx, event: Event) -> None:
    """Tell every process, once the transaction is committed."""
    await tx.run(_ANNOUNCE, json.dumps({name: value for name, value in asdict(event).items() if value is not None}))


def heard(message: str) -> Event | None:
    """Return the event of a message; None of one that no version we know has sent."""
    try:
        fields = json.loads(message)
        return Event(Kind(fields.pop("kind")), **fields)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


async def list_hearers(conn: Conn, asked: Collection[Hearer]) -> list[Hearer]:
    """Return who of these may read their topic now: in one query, however many they are."""
    return await conn.many(_HEARERS, [one.member_id for one in asked], [one.topic_id for one in asked])
