"""What the tests of notifications do and ask, in a line each."""

from __future__ import annotations

from typing import Any

from forum.db import Database, RawConnection
from forum.domain import access, fanouts, posts, subscriptions, topics
from forum.domain.actors import Actor
from forum.domain.entities import PostId, TopicId
from forum.domain.levels import Level
from forum.domain.posts import Replied, Reply
from forum.domain.topics import Started
from forum.markup import Known, Rendered, render


def known(*people: Actor, groups: tuple[str, ...] = ()) -> Known:
    """Return what is known of names: each person by the name with dots for its blanks."""
    mentions = {person.name.replace(" ", "."): (int(person.member_id), person.name) for person in people}
    return Known(mentions, {}, frozenset(groups))


def mention(person: Actor) -> str:
    return f"@{person.name.replace(' ', '.')}"


def _rendered(body: str, names: Known) -> Rendered:
    return render(body, names)


async def start(db: Database, actor: Actor, body: str = "Πώς;", names: Known | None = None) -> Started:
    """Start a topic in `questions` with a text that is rendered as in real life."""
    async with db.write() as tx:
        grant = await access.category_to_start(tx, actor, "questions")
        rendered = _rendered(body, names or Known())
        return await topics.start(tx, grant, title="Δίκτυα", body=body, rendered=rendered, key=None)


async def reply(
    db: Database,
    actor: Actor,
    topic_id: TopicId,
    body: str = "Έτσι.",
    names: Known | None = None,
    *,
    reply_to: PostId | None = None,
) -> Replied:
    async with db.write() as tx:
        grant = await access.topic_to_reply(tx, actor, topic_id)
        return await posts.reply(tx, grant, Reply(body, _rendered(body, names or Known()), reply_to))


async def edit(db: Database, actor: Actor, post_id: PostId, body: str, names: Known | None = None) -> None:
    async with db.write() as tx:
        grant = await access.post_to_edit(tx, actor, post_id)
        await posts.edit(tx, grant, body=body, rendered=_rendered(body, names or Known()), title=None)


async def choose(db: Database, actor: Actor, topic_id: TopicId, level: Level | None) -> None:
    async with db.write() as tx:
        await subscriptions.choose_topic(tx, await access.topic_to_read(tx, actor, topic_id), level)


async def choose_category(db: Database, actor: Actor, level: Level | None, slug: str = "questions") -> None:
    async with db.write() as tx:
        await subscriptions.choose_category(tx, await access.category_to_read(tx, actor, slug), level)


async def fan_out(db: Database) -> int:
    """Tell whom the waiting posts reach; return how many posts waited."""
    count = 0
    while True:
        async with db.write() as tx:
            if await fanouts.fan_out(tx) is None:
                return count
        count += 1


async def told(owner: RawConnection, post_id: int) -> dict[int, str]:
    """Return who was told of a post, and why."""
    rows: list[Any] = await owner.fetch("SELECT member_id, kind FROM notifications WHERE post_id = $1", post_id)
    return {row["member_id"]: row["kind"] for row in rows}
