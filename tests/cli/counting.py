"""What the forum keeps counted, counted again: for commands that write rows without going through the domain."""

from __future__ import annotations

from typing import Final

from forum.db import RawConnection

_QUERIES: Final = {
    "topics": """
        SELECT topics.id
        FROM topics
        CROSS JOIN LATERAL (
            SELECT count(*) AS everything, max(posts.number) AS highest,
                   count(*) FILTER (WHERE posts.deleted_at IS NULL AND posts.number > 1) AS replies
            FROM posts
            WHERE posts.topic_id = topics.id
        ) AS counted
        CROSS JOIN LATERAL (
            SELECT posts.number, posts.created_at, posts.author_id
            FROM posts
            WHERE posts.topic_id = topics.id AND posts.deleted_at IS NULL
            ORDER BY posts.number DESC
            LIMIT 1
        ) AS last
        WHERE (topics.post_count, topics.post_count, topics.reply_count, topics.last_post_number,
               topics.last_post_at, topics.last_author_id)
            <> (counted.everything, counted.highest, counted.replies, last.number, last.created_at, last.author_id)
    """,
    "categories": """
        SELECT id FROM categories
        WHERE topic_count <> (SELECT count(*) FROM topics WHERE category_id = categories.id)
    """,
    "posts": """
        SELECT id FROM posts
        WHERE revision_count <> (SELECT count(*) FROM post_revisions WHERE post_id = posts.id)
    """,
}


async def miscounted(connection: RawConnection) -> dict[str, list[int]]:
    """Return the ids of the rows, by their tables, that say another number than there is."""
    return {table: [row["id"] for row in await connection.fetch(query)] for table, query in _QUERIES.items()}


NONE: Final[dict[str, list[int]]] = {table: [] for table in _QUERIES}
