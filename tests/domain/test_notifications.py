"""A member's list of what they were told: by topic, in pages, and nothing of what they may not read any more."""

from __future__ import annotations

from forum.db import Database, RawConnection
from forum.domain import access, notifications, sessions
from forum.domain.actors import Actor
from forum.domain.notifications import Notification, TopicNotifications
from tests.cast import Cast
from tests.domain import telling, writing


async def _listed(db: Database, actor: Actor, **options: int) -> list[TopicNotifications]:
    """Return the whole list, page by page."""
    found: list[TopicNotifications] = []
    cursor: str | None = None
    async with db.read() as conn:
        while True:
            page = await notifications.list_topics(conn, actor, cursor=cursor, **options)
            found += page.items
            cursor = page.next
            if cursor is None:
                return found


async def _unread(db: Database, actor: Actor) -> int:
    async with db.write() as tx:
        key = await sessions.open(tx, actor.member_id, address="127.0.0.1", agent="")
    async with db.read() as conn:
        found = await sessions.actor(conn, key)
    assert found is not None
    return found.unread_count


async def test_the_list_is_by_topic_the_last_moved_first_and_whole_in_pages_of_any_size(
    db: Database, cast: Cast
) -> None:
    topics = [(await telling.start(db, cast.maria)).topic_id for _ in range(5)]
    for place in (0, 1, 2, 3, 4, 2, 0, 0):
        await telling.reply(db, cast.nikos, topics[place])
        await telling.fan_out(db)
    for limit in (1, 2, 20):
        listed = await _listed(db, cast.maria, limit=limit)
        assert [topic.items[0].topic_id for topic in listed] == [topics[place] for place in (0, 2, 4, 3, 1)]
        assert [topic.count for topic in listed] == [3, 2, 1, 1, 1]
        assert [item.post_number for item in listed[0].items] == [4, 3, 2]
        assert listed[0].way == listed[0].items[-1].post_id, "to the first that is new"
    assert await _listed(db, cast.nikos) == []


async def test_of_a_busy_topic_the_newest_are_shown_and_all_counted(db: Database, cast: Cast) -> None:
    started = await telling.start(db, cast.maria)
    for _ in range(notifications.SHOWN + 3):
        await telling.reply(db, cast.nikos, started.topic_id)
    await telling.fan_out(db)
    (topic,) = await _listed(db, cast.maria)
    assert (len(topic.items), topic.count) == (notifications.SHOWN, notifications.SHOWN + 3)


async def test_seeing_a_topic_counts_what_was_told_up_to_there_as_seen(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    first, second = await telling.start(db, cast.maria), await telling.start(db, cast.maria)
    for _ in range(3):
        await telling.reply(db, cast.nikos, first.topic_id)
    await telling.reply(db, cast.nikos, second.topic_id)
    await telling.fan_out(db)
    assert await _unread(db, cast.maria) == 4
    seen: list[int] = []
    async with db.once() as once:
        await notifications.read_topic(once, cast.maria, first.topic_id, 3, seen)
    assert seen == [2]
    assert await _unread(db, cast.maria) == 2
    async with db.write() as tx:
        assert await notifications.read_some(tx, cast.nikos, [1, 2, 3, 4]) == 0, "another's are left alone"
        grant = await access.category_to_read(tx, cast.maria, "questions")
        assert await notifications.read_category(tx, grant) == 2
        assert await notifications.read_all(tx, cast.maria) == 0
    assert await _unread(db, cast.maria) == 0


async def test_what_was_shown_before_it_could_be_told_is_told_as_seen(db: Database, cast: Cast) -> None:
    started = await telling.start(db, cast.maria)
    reply = await telling.reply(db, cast.nikos, started.topic_id)
    await writing.mark_read(db, cast.maria, started.topic_id, reply.number)
    await telling.fan_out(db)
    (topic,) = await _listed(db, cast.maria)
    assert not topic.is_unread
    assert await _unread(db, cast.maria) == 0


async def test_the_count_ends_where_nobody_counts_any_more(db: Database, cast: Cast, owner: RawConnection) -> None:
    started = await telling.start(db, cast.maria)
    await owner.execute(
        "INSERT INTO posts (topic_id, number, author_id, body, html, search) "
        "SELECT $1, n, $2, 'Α', '', '' FROM generate_series(2, 200) AS n",
        started.topic_id,
        cast.nikos.member_id,
    )
    await owner.execute(
        "INSERT INTO notifications (member_id, kind, topic_id, post_id, actor_id) "
        "SELECT $1, 'reply', topic_id, id, author_id FROM posts WHERE number > 1",
        cast.maria.member_id,
    )
    assert await _unread(db, cast.maria) == sessions.UNREAD_LIMIT


async def test_what_one_may_not_read_any_more_keeps_its_place_and_nothing_else(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    started = await telling.start(db, cast.maria)
    kept = await telling.reply(db, cast.nikos, started.topic_id)
    gone = await telling.reply(db, cast.nikos, started.topic_id)
    await telling.fan_out(db)
    await writing.delete(db, cast.nikos, gone.id)
    (topic,) = await _listed(db, cast.maria)
    assert [item.post_id for item in topic.items] == [None, kept.id]
    assert topic.way == kept.id
    await owner.execute("DELETE FROM grants")
    (topic,) = await _listed(db, cast.maria)
    async with db.read() as conn:
        flat = (await notifications.list_notifications(conn, cast.maria)).items
    for item in (*topic.items, *flat):
        assert _told(item) == set()
    assert topic.way is None
    assert topic.readable == []


def _told(item: Notification) -> set[str]:
    """Return the fields that say something of what it is about."""
    own = {"id", "kind", "created_at", "read_at", "group_id", "group_at", "count"}
    return {name for name in Notification.__slots__ if name not in own and getattr(item, name) is not None}


async def test_the_plain_list_has_every_notification_once_in_pages(db: Database, cast: Cast) -> None:
    started = await telling.start(db, cast.maria)
    for _ in range(5):
        await telling.reply(db, cast.nikos, started.topic_id)
    await telling.fan_out(db)
    numbers: list[int | None] = []
    cursor: str | None = None
    async with db.read() as conn:
        while True:
            page = await notifications.list_notifications(conn, cast.maria, cursor=cursor, limit=2)
            numbers += [item.post_number for item in page.items]
            cursor = page.next
            if cursor is None:
                break
    assert sorted(filter(None, numbers), reverse=True) == numbers == [6, 5, 4, 3, 2]


async def test_what_was_told_ninety_days_ago_is_forgotten(db: Database, cast: Cast, owner: RawConnection) -> None:
    started = await telling.start(db, cast.maria)
    for _ in range(2):
        await telling.reply(db, cast.nikos, started.topic_id)
    await telling.fan_out(db)
    await owner.execute(
        "UPDATE notifications SET created_at = now() - interval '91 days' "
        "WHERE id = (SELECT min(id) FROM notifications WHERE member_id = $1)",
        cast.maria.member_id,
    )
    async with db.write() as tx:
        assert await notifications.sweep(tx) == 1
    (topic,) = await _listed(db, cast.maria)
    assert topic.count == 1
