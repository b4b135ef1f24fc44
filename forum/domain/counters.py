"""The counters that stand beside the rows they count: whether they are exact, and counting them anew.

The write path keeps them, in the transaction of the row; what is found here was made by a defect or by hand. The rows
are always right: nothing but counters is ever changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from forum.db import Card, Conn, Query, Statement, Tx


@dataclass(frozen=True, slots=True)
class Wrong:
    """A `category`, `topic` or `post`, or the `storage` (1), whose counters are not what its rows add up to."""

    kind: str
    id: int


_CATEGORY: Final = """
    SELECT count(*) AS topic_count
    FROM topics
    WHERE topics.category_id = categories.id AND topics.deleted_at IS NULL
"""

_TOPIC: Final = """
    SELECT max(posts.number) AS post_count,
           (count(*) FILTER (WHERE posts.number > 1 AND posts.deleted_at IS NULL))::integer AS reply_count,
           max(posts.number) FILTER (WHERE posts.deleted_at IS NULL) AS last_post_number
    FROM posts
    WHERE posts.topic_id = topics.id
"""

_LAST: Final = "posts AS last ON last.topic_id = topics.id AND last.number = counted.last_post_number"

_REVISIONS: Final = """
    SELECT count(*)::integer AS revision_count
    FROM post_revisions
    WHERE post_revisions.post_id = posts.id
"""

_ROOM: Final = """
    SELECT coalesce(sum(attachments.size + coalesce(attachments.preview_size, 0)), 0)::bigint AS taken
    FROM attachments
"""

# Posts that were never edited have no revisions: those with any, and those that claim to, are all there is to look at.
_LIST_WRONG = Query(
    "counters.list_wrong",
    f"""
    SELECT 'category', categories.id
    FROM categories
    CROSS JOIN LATERAL ({_CATEGORY}) AS counted
    WHERE categories.topic_count <> counted.topic_count
    UNION ALL
    SELECT 'topic', topics.id
    FROM topics
    CROSS JOIN LATERAL ({_TOPIC}) AS counted
    LEFT JOIN {_LAST}
    WHERE
        (
            topics.post_count, topics.reply_count, topics.last_post_number, topics.last_post_at, topics.last_author_id,
            topics.last_organisation_id
        ) IS DISTINCT FROM (
            counted.post_count, counted.reply_count, counted.last_post_number, last.created_at, last.author_id,
            last.organisation_id
        )
    UNION ALL
    SELECT 'post', posts.id
    FROM posts
    CROSS JOIN LATERAL ({_REVISIONS}) AS counted
    WHERE
        (
            posts.revision_count > 0
            OR posts.id IN (SELECT post_revisions.post_id FROM post_revisions)
        )
        AND posts.revision_count <> counted.revision_count
    UNION ALL
    SELECT 'storage', 1
    FROM storage_room
    CROSS JOIN ({_ROOM}) AS counted
    WHERE storage_room.taken <> counted.taken
    """,
    returns=Wrong,
    card=Card.MANY,
)

# Those who write lock the topic or the category first: what is counted under the same lock stays so.
_LOCK_CATEGORIES = Statement(
    "counters.lock_categories",
    "SELECT id FROM categories WHERE id = ANY ($1::bigint[]) ORDER BY id FOR NO KEY UPDATE",
    returns=int,
    card=Card.MANY,
)

_LOCK_TOPICS = Statement(
    "counters.lock_topics",
    """
    SELECT topics.id
    FROM topics
    WHERE topics.id = ANY ($1::bigint[])
        OR topics.id IN (SELECT posts.topic_id FROM posts WHERE posts.id = ANY ($2::bigint[]))
    ORDER BY topics.id
    FOR NO KEY UPDATE
    """,
    returns=int,
    card=Card.MANY,
)

_COUNT_CATEGORIES = Statement(
    "counters.count_categories",
    f"UPDATE categories SET topic_count = ({_CATEGORY}) WHERE categories.id = ANY ($1::bigint[])",
    returns=int,
    card=Card.NONE,
)

_COUNT_TOPICS = Statement(
    "counters.count_topics",
    f"""
    UPDATE topics
    SET post_count = found.post_count,
        reply_count = found.reply_count,
        last_post_number = found.last_post_number,
        last_post_at = found.created_at,
        last_author_id = found.author_id,
        last_organisation_id = found.organisation_id
    FROM (
        SELECT topics.id, counted.post_count, counted.reply_count, counted.last_post_number,
               last.created_at, last.author_id, last.organisation_id
        FROM topics
        CROSS JOIN LATERAL ({_TOPIC}) AS counted
        JOIN {_LAST}
        WHERE topics.id = ANY ($1::bigint[])
    ) AS found
    WHERE topics.id = found.id
    """,
    returns=int,
    card=Card.NONE,
)

_COUNT_POSTS = Statement(
    "counters.count_posts",
    f"""
    UPDATE posts
    SET revision_count = found.revision_count, edited_at = found.replaced_at
    FROM (
        SELECT posts.id, counted.revision_count, last.replaced_at
        FROM posts
        CROSS JOIN LATERAL ({_REVISIONS}) AS counted
        CROSS JOIN LATERAL (
            SELECT max(post_revisions.replaced_at) AS replaced_at
            FROM post_revisions
            WHERE post_revisions.post_id = posts.id
        ) AS last
        WHERE posts.id = ANY ($1::bigint[])
    ) AS found
    WHERE posts.id = found.id
    """,
    returns=int,
    card=Card.NONE,
)


_LOCK_ROOM = Statement(
    "counters.lock_room",
    "SELECT storage_room.taken FROM storage_room FOR NO KEY UPDATE",
    returns=int,
    card=Card.ONE,
)

_COUNT_ROOM = Statement(
    "counters.count_room",
    f"UPDATE storage_room SET taken = ({_ROOM})",
    returns=int,
    card=Card.NONE,
)


async def list_wrong(conn: Conn) -> list[Wrong]:
    """Return every row whose counters are wrong, as one moment has them; reads every topic and its posts."""
    return await conn.many(_LIST_WRONG)


async def repair(tx: Tx, wrong: list[Wrong]) -> None:
    """Count anew what was found wrong; those who write there wait meanwhile."""
    categories, topics, posts = (_ids(wrong, kind) for kind in ("category", "topic", "post"))
    await tx.many(_LOCK_CATEGORIES, categories)
    await tx.many(_LOCK_TOPICS, topics, posts)
    await tx.run(_COUNT_CATEGORIES, categories)
    await tx.run(_COUNT_TOPICS, topics)
    await tx.run(_COUNT_POSTS, posts)
    if _ids(wrong, "storage"):
        await tx.one(_LOCK_ROOM)
        await tx.run(_COUNT_ROOM)


def _ids(wrong: list[Wrong], kind: str) -> list[int]:
    return [found.id for found in wrong if found.kind == kind]
