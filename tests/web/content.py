"""What members have written, made through the domain as the pages make it."""

from __future__ import annotations

from forum.db import RawConnection
from forum.domain import access, posts, topics
from forum.domain.actors import Actor
from forum.domain.entities import Post, PostId, TopicId
from forum.domain.posts import Reply
from forum.domain.topics import Started
from forum.keys import DB, RENDERER
from tests.site import Site


def actor(site: Site, person: str) -> Actor:
    found: Actor = getattr(site.cast, person)
    return found


async def start(
    site: Site,
    person: str = "maria",
    category: str = "questions",
    *,
    title: str = "Φωτισμός λιμανιού",
    body: str = "Ποιος έχει σχετική εμπειρία;",
    language: str | None = None,
    is_internal: bool = False,
    kind: str = "discussion",
) -> Started:
    rendered = await site.app[RENDERER].render(body)
    async with site.app[DB].write() as tx:
        grant = await access.category_to_start(tx, actor(site, person), category)
        return await topics.start(
            tx,
            grant,
            title=title,
            body=body,
            rendered=rendered,
            language=language,
            is_internal=is_internal,
            key=None,
            kind=kind,
        )


async def reply(
    site: Site, person: str, topic_id: TopicId, body: str = "Εμείς.", *, reply_to: PostId | None = None
) -> Post:
    rendered = await site.app[RENDERER].render(body)
    async with site.app[DB].write() as tx:
        grant = await access.topic_to_reply(tx, actor(site, person), topic_id)
        reply = await posts.reply(tx, grant, Reply(body, rendered, reply_to))
        return await posts.replied(tx, grant.actor, reply)


async def lock(site: Site, topic_id: TopicId, reason: str = "Περιμένουμε τη Νομική Υπηρεσία") -> None:
    async with site.app[DB].write() as tx:
        await topics.lock(tx, await access.topic_to_moderate(tx, site.cast.moderator, topic_id), reason)


async def pin(site: Site, topic_id: TopicId) -> None:
    async with site.app[DB].write() as tx:
        await topics.pin(tx, await access.topic_to_moderate(tx, site.cast.moderator, topic_id))


async def delete_topic(site: Site, person: str, topic_id: TopicId) -> None:
    async with site.app[DB].write() as tx:
        await topics.delete(tx, await access.topic_to_delete(tx, actor(site, person), topic_id))


async def delete_post(site: Site, person: str, post_id: PostId) -> None:
    async with site.app[DB].write() as tx:
        await posts.delete(tx, await access.post_to_delete(tx, actor(site, person), post_id))


async def let_stranger_see(owner: RawConnection, category: str) -> None:
    """Give the stranger's organisation the right to see a category, and no other."""
    await owner.execute(
        "INSERT INTO grants (category_id, group_id, can_see, can_read, can_start, can_reply, can_vote, can_attach,"
        " can_moderate) SELECT categories.id, groups.id, true, false, false, false, false, false, false"
        " FROM categories, groups WHERE categories.slug = $1 AND groups.slug = 'organisation-adriatic-cities'",
        category,
    )


async def acts(owner: RawConnection) -> list[str]:
    """Return the acts of the audit log, oldest first."""
    return [row["act"] for row in await owner.fetch("SELECT act FROM audit_entries ORDER BY id")]
