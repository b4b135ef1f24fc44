"""How far a member has read: marks that only move forward, and the first post they have not seen.

What "unread" means is said in `unread.py`; unread counts belong to the lists that show them.
"""

from __future__ import annotations

from typing import Final

from forum.db import Card, Conn, Once, Query, Statement, Tx
from forum.domain import category_visits, readable, unread
from forum.domain.access import CategoryGrant, ReadGrant
from forum.domain.actors import Actor
from forum.domain.entities import TopicId

_FIRST_UNREAD = Query(
    "reading.first_unread",
    f"""
    SELECT {unread.FIRST}
    FROM topics
    {unread.JOIN}
    WHERE topics.id = $2 AND {unread.IS}
    """,
    returns=int,
    card=Card.ZERO_OR_ONE,
)

# A number beyond the last post would swallow posts still to come.
_MARK_READ = Statement(
    "reading.mark_read",
    f"""
    WITH marked AS (
        INSERT INTO topic_reads (member_id, topic_id, last_number)
        SELECT $1, topics.id, least($3, topics.post_count)
        FROM topics
        WHERE topics.id = $2 AND $3 >= 1
        ON CONFLICT (member_id, topic_id) DO UPDATE
        SET last_number = EXCLUDED.last_number, read_at = now()
        WHERE topic_reads.last_number < EXCLUDED.last_number
        RETURNING topic_reads.topic_id
    )
    {category_visits.recording(source="marked", member="$1", organisation="$4")}
    """,
    returns=int,
    card=Card.NONE,
)

# In the order of topics, so that two of these by one member wait for each other instead of deadlocking.
_MARK_TOPICS_READ = f"""
    WITH {readable.CTE},
    missed AS MATERIALIZED (
        SELECT topics.id, topics.post_count
        FROM topics
        {unread.JOIN}
        WHERE topics.deleted_at IS NULL AND {{which}} AND {unread.MAY_BE}
    )
    INSERT INTO topic_reads (member_id, topic_id, last_number)
    SELECT $1, missed.id, missed.post_count
    FROM missed
    ORDER BY missed.id
    ON CONFLICT (member_id, topic_id) DO UPDATE
    SET last_number = EXCLUDED.last_number, read_at = now()
    WHERE topic_reads.last_number < EXCLUDED.last_number
"""

_MARK_CATEGORY_READ = Statement(
    "reading.mark_category_read",
    _MARK_TOPICS_READ.format(which=f"topics.category_id = $2 AND {readable.IS}"),
    returns=int,
    card=Card.NONE,
)

_MARK_REST_READ = Statement(
    "reading.mark_rest_read",
    _MARK_TOPICS_READ.format(which=readable.IS),
    returns=int,
    card=Card.NONE,
)

SETTLED_AFTER: Final = 60
"""Seconds after which whatever was being written has been committed or has failed: a transaction lasts at most the
five seconds a statement and the fifteen of idleness that `db.py` grants, several times over."""

_MOVE_READ_BEFORE = Statement(
    "reading.move_read_before",
    f"""
    UPDATE members
    SET read_before = now() - interval '{SETTLED_AFTER} seconds'
    WHERE members.id = $1 AND members.read_before < now() - interval '{SETTLED_AFTER} seconds'
    """,
    returns=int,
    card=Card.NONE,
)


async def first_unread(conn: Conn, grant: ReadGrant) -> int | None:
    """Return the number of the topic's first unread post, or None when nothing is unread."""
    return await conn.maybe(_FIRST_UNREAD, grant.actor.member_id, grant.topic.id)


async def mark_read(tx: Once | Tx, actor: Actor, topic_id: TopicId, number: int) -> None:
    """Remember that the posts of a topic up to `number` were shown; never goes back.

    Whoever is shown something new has visited the category this week; marking by the dozen, below, is no visit.
    """
    await tx.run(_MARK_READ, actor.member_id, topic_id, number, actor.organisation_id)


async def mark_category_read(tx: Tx, grant: CategoryGrant) -> None:
    """Count every post that now stands in the category as read."""
    await tx.run(_MARK_CATEGORY_READ, grant.actor.member_id, grant.category.id)


async def mark_all_read(tx: Tx, actor: Actor) -> None:
    """Count every post that now stands where the actor may read as read.

    One instant does it for all that is older than a minute. The last minute is marked by number instead: a post that
    is being written at this moment already has its instant, but nobody has seen it yet.
    """
    await tx.run(_MOVE_READ_BEFORE, actor.member_id)
    await tx.run(_MARK_REST_READ, actor.member_id)
