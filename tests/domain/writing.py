"""What the tests of topics and posts write and ask, in a line each; every act goes through the door as in real life."""

from __future__ import annotations

from typing import Any, Final

from forum.db import Database, RawConnection
from forum.domain import access, categories, posts, reading, topic_lists, topics
from forum.domain.actors import Actor
from forum.domain.entities import Post, PostId, TopicId, TopicRow
from forum.domain.idempotency import Key
from forum.domain.posts import Reply
from forum.domain.topics import Started
from forum.markup import Rendered


def rendered(text: str) -> Rendered:
    """Return a text as it would be rendered, one paragraph."""
    return Rendered(html=f"<p>{text}</p>", text=text, is_plain=False)


async def start(
    db: Database,
    actor: Actor,
    *,
    category: str = "questions",
    title: str = "Δίκτυα ύδρευσης",
    body: str = "Πώς βρίσκετε τις διαρροές;",
    **options: Any,
) -> Started:
    """Start a topic."""
    async with db.write() as tx:
        grant = await access.category_to_start(tx, actor, category)
        options.setdefault("key", None)
        return await topics.start(tx, grant, title=title, body=body, rendered=rendered(body), **options)


async def reply(
    db: Database,
    actor: Actor,
    topic_id: TopicId,
    body: str = "Με ακουστικά όργανα.",
    *,
    reply_to: PostId | None = None,
    key: Key | None = None,
) -> Post:
    """Reply in a topic."""
    async with db.write() as tx:
        grant = await access.topic_to_reply(tx, actor, topic_id)
        reply = await posts.reply(tx, grant, Reply(body, rendered(body), reply_to, key))
        return await posts.replied(tx, grant.actor, reply)


async def edit(db: Database, actor: Actor, post_id: PostId, body: str, title: str | None = None) -> Post:
    """Change a post."""
    async with db.write() as tx:
        grant = await access.post_to_edit(tx, actor, post_id)
        return await posts.edit(tx, grant, body=body, rendered=rendered(body), title=title)


async def delete(db: Database, actor: Actor, post_id: PostId) -> None:
    """Delete a reply."""
    async with db.write() as tx:
        await posts.delete(tx, await access.post_to_delete(tx, actor, post_id))


async def restore(db: Database, actor: Actor, post_id: PostId) -> None:
    """Bring a reply back."""
    async with db.write() as tx:
        await posts.restore(tx, await access.post_to_restore(tx, actor, post_id))


async def lock(db: Database, actor: Actor, topic_id: TopicId, reason: str = "Απαντήθηκε") -> None:
    """Lock a topic."""
    async with db.write() as tx:
        await topics.lock(tx, await access.topic_to_moderate(tx, actor, topic_id), reason)


async def pin(db: Database, actor: Actor, topic_id: TopicId) -> None:
    """Pin a topic."""
    async with db.write() as tx:
        await topics.pin(tx, await access.topic_to_moderate(tx, actor, topic_id))


async def delete_topic(db: Database, actor: Actor, topic_id: TopicId) -> None:
    """Delete a topic."""
    async with db.write() as tx:
        await topics.delete(tx, await access.topic_to_delete(tx, actor, topic_id))


async def restore_topic(db: Database, actor: Actor, topic_id: TopicId) -> None:
    """Bring a topic back."""
    async with db.write() as tx:
        await topics.restore(tx, await access.topic_to_restore(tx, actor, topic_id))


async def mark_read(db: Database, actor: Actor, topic_id: TopicId, number: int) -> None:
    """Say that posts up to a number were shown."""
    async with db.write() as tx:
        await reading.mark_read(tx, actor, topic_id, number)


async def listed(db: Database, actor: Actor, category: str = "questions", **options: Any) -> list[TopicRow]:
    """Return the first page of a category."""
    async with db.read() as conn:
        grant = await access.category_to_read(conn, actor, category)
        return (await topic_lists.list_topics(conn, grant, **options)).items


async def unread(db: Database, actor: Actor, topic_id: TopicId) -> int:
    """Return how many posts of a topic are unread, having seen that the list, the categories and the topic agree."""
    async with db.read() as conn:
        row = next(row for row in await topic_lists.list_latest(conn, actor, limit=100) if row.id == topic_id)
        first = await reading.first_unread(conn, await access.topic_to_read(conn, actor, topic_id))
        of_category = [row for row in await topic_lists.list_latest(conn, actor, limit=100) if row.unread_count]
        counts = {found.slug: found.unread_count for found in await categories.list_categories(conn, actor)}
    assert (row.unread_count > 0) is (first is not None)
    for slug, count in counts.items():
        assert count == sum(found.category_slug == slug for found in of_category)
    return row.unread_count


async def first_unread(db: Database, actor: Actor, topic_id: TopicId) -> int | None:
    """Return the number of the first unread post."""
    async with db.read() as conn:
        return await reading.first_unread(conn, await access.topic_to_read(conn, actor, topic_id))


COUNTERS: Final = """
SELECT 'topic ' || topics.id
FROM topics
CROSS JOIN LATERAL (
    SELECT count(*) AS posts, max(posts.number) AS highest,
           count(*) FILTER (WHERE posts.number > 1 AND posts.deleted_at IS NULL) AS replies,
           count(DISTINCT posts.number) AS numbers
    FROM posts
    WHERE posts.topic_id = topics.id
) AS counted
JOIN LATERAL (
    SELECT posts.number, posts.created_at, posts.author_id
    FROM posts
    WHERE posts.topic_id = topics.id AND posts.deleted_at IS NULL
    ORDER BY posts.number DESC
    LIMIT 1
) AS last ON true
WHERE (topics.post_count, topics.reply_count, topics.last_post_number, topics.last_post_at, topics.last_author_id)
    IS DISTINCT FROM (counted.highest, counted.replies, last.number, last.created_at, last.author_id)
    OR counted.posts <> counted.numbers OR counted.highest <> counted.posts
UNION ALL
SELECT 'order of topic ' || posts.topic_id
FROM posts
JOIN posts AS later ON later.topic_id = posts.topic_id AND later.number = posts.number + 1
WHERE later.created_at < posts.created_at
UNION ALL
SELECT 'category ' || categories.slug
FROM categories
WHERE categories.topic_count <> (
    SELECT count(*) FROM topics WHERE topics.category_id = categories.id AND topics.deleted_at IS NULL
)
"""


async def assert_counters_are_rows(owner: RawConnection) -> None:
    """See that every counter is what the rows add up to, and that later numbers carry later instants."""
    assert [row[0] for row in await owner.fetch(COUNTERS)] == []
