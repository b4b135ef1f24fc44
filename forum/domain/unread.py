"""What counts as unread, said once, as pieces of SQL for lists, counts and marks.

A post is unread for a member when it is not theirs, is not deleted, is newer than `members.read_before`, and stands
beyond `topic_reads.last_number` of its topic (no row: beyond 0). Within a topic later numbers carry later instants
(`posts.reply` sees to that under the topic's lock), so the posts that are new are always the last ones: counting goes
backwards and stops early, and a topic whose last post is not newer than `read_before` holds nothing unread.

Each piece speaks of member `$1`, of `topics`, and of `reads`, which JOIN brings in: how far the member read them.
"""

from __future__ import annotations

from typing import Final

COUNT_LIMIT: Final = 100
"""Unread posts of one topic are counted up to here, so that a list costs the same whatever was missed."""

# Each topic's own row is looked up (LIMIT keeps it so): few topics are asked about, and members have read thousands.
JOIN: Final = """
    LEFT JOIN LATERAL (
        SELECT topic_reads.last_number, topic_reads.version
        FROM topic_reads
        WHERE topic_reads.member_id = $1 AND topic_reads.topic_id = topics.id
        LIMIT 1
    ) AS reads ON true
"""

# Asked for by itself and not joined, so that an index on last_post_at can start from it.
_READ_BEFORE: Final = "(SELECT members.read_before FROM members WHERE members.id = $1)"

# The upper bound is always true: a range, unlike an open end, tells the planner to expect few topics.
MAY_BE: Final = f"""(
    topics.last_post_at > {_READ_BEFORE} AND topics.last_post_at < 'infinity'
    AND topics.last_post_number > coalesce(reads.last_number, 0)
)"""
"""What the counters tell without looking at posts: false means that nothing is unread."""

_OTHERS: Final = """
    FROM posts
    WHERE posts.topic_id = topics.id
        AND posts.number > coalesce(reads.last_number, 0)
        AND posts.author_id <> $1
        AND posts.deleted_at IS NULL
"""

IS: Final = f"""(
    {MAY_BE}
    AND (
        topics.last_author_id <> $1
        OR coalesce(
            (SELECT posts.created_at {_OTHERS} ORDER BY posts.number DESC LIMIT 1) > {_READ_BEFORE},
            false
        )
    )
)"""
"""Whether a topic holds an unread post. The last post is one when another's; else the last other's decides."""

COUNT: Final = f"""
    CASE WHEN {MAY_BE} THEN (
        SELECT count(*)
        FROM (SELECT posts.created_at {_OTHERS} ORDER BY posts.number DESC LIMIT {COUNT_LIMIT}) AS others
        WHERE others.created_at > {_READ_BEFORE}
    ) ELSE 0 END
"""
"""How many posts of a topic are unread, at most COUNT_LIMIT."""

FIRST: Final = f"""(
    SELECT posts.number {_OTHERS} AND posts.created_at > {_READ_BEFORE} ORDER BY posts.number LIMIT 1
)"""
"""The number of the first unread post of a topic, NULL when there is none."""

HAS_NEWS: Final = """EXISTS (
    SELECT 1
    FROM notifications
    WHERE notifications.member_id = $1 AND notifications.topic_id = topics.id AND notifications.read_at IS NULL
)"""
"""Whether the member was told something of a topic that they have not seen."""
