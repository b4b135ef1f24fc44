"""What grew out of a proposal: good practices that tell how it was carried out, and the way between the two."""

from __future__ import annotations

from dataclasses import dataclass

from forum.db import Card, Conn, Query, Statement, Tx
from forum.domain.access import ReadGrant
from forum.domain.entities import TopicId
from forum.domain.proposal_access import GrowGrant


@dataclass(frozen=True, slots=True)
class Related:
    """The proposal that a good practice grew out of, or a good practice that grew out of a proposal."""

    id: TopicId
    slug: str
    title: str
    language: str | None
    is_origin: bool


_NOTE = Statement(
    "origins.note",
    "UPDATE topics SET origin_id = $2 WHERE topics.id = $1 AND topics.kind = 'good_practice'",
    returns=int,
    card=Card.NONE,
)

_LIST_RELATED = Query(
    "origins.list_related",
    """
    SELECT found.id, found.slug, found.title, found.language, found.is_origin
    FROM (
        SELECT topics.id, topics.slug, topics.title, topics.language, true AS is_origin
        FROM topics
        WHERE topics.id = $3 AND topics.deleted_at IS NULL
        UNION ALL
        SELECT topics.id, topics.slug, topics.title, topics.language, false
        FROM topics
        WHERE topics.origin_id = $2 AND topics.deleted_at IS NULL
    ) AS found
    JOIN topic_rights AS rights ON rights.topic_id = found.id AND rights.member_id = $1
    WHERE rights.can_read
    ORDER BY found.id
    """,
    returns=Related,
    card=Card.MANY,
)


async def note(tx: Tx, grant: GrowGrant, topic_id: TopicId) -> None:
    """Keep that a good practice, just started, grew out of a proposal."""
    await tx.run(_NOTE, topic_id, grant.topic.id)


async def list_related(conn: Conn, grant: ReadGrant) -> list[Related]:
    """Return what a topic grew out of and what grew out of it, as far as the actor may read it."""
    return await conn.many(_LIST_RELATED, grant.actor.member_id, grant.topic.id, grant.topic.origin_id)
