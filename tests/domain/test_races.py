"""Many at once: no deadlock, no number given twice, no counter lost, and a key that works once."""

from __future__ import annotations

import asyncio
import random

from forum.db import Database, RawConnection
from forum.domain import access, catalogue, category_mergers, idempotency, reading, topics
from forum.domain.entities import TopicId
from forum.errors import Conflict, Forbidden, NotFound
from tests.cast import Cast
from tests.domain import writing


async def test_twenty_replies_at_once_get_twenty_numbers(db: Database, cast: Cast, owner: RawConnection) -> None:
    started = await writing.start(db, cast.maria)
    people = [cast.maria, cast.nikos, cast.sophie, cast.moderator, cast.administrator] * 4
    made = await asyncio.gather(*(writing.reply(db, person, started.topic_id) for person in people))
    assert sorted(post.number for post in made) == list(range(2, 22))
    async with db.read() as conn:
        topic = (await access.topic_to_read(conn, cast.maria, started.topic_id)).topic
    assert (topic.post_count, topic.reply_count, topic.last_post_number) == (21, 20, 21)
    await writing.assert_counters_are_rows(owner)


async def test_replies_that_answer_each_other_at_once_do_not_deadlock(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    started = [await writing.start(db, cast.maria) for _ in range(3)]
    first = [await writing.reply(db, cast.nikos, topic.topic_id) for topic in started]
    await asyncio.gather(
        *(
            writing.reply(db, person, post.topic_id, reply_to=post.id)
            for person in (cast.maria, cast.nikos, cast.sophie)
            for post in (*first, *reversed(first))
        )
    )
    await writing.assert_counters_are_rows(owner)


async def test_one_key_eight_times_at_once_posts_once(db: Database, cast: Cast, owner: RawConnection) -> None:
    started = await writing.start(db, cast.maria)
    key = idempotency.make("δις", "posts.reply", "Ναι")
    made = await asyncio.gather(*(writing.reply(db, cast.nikos, started.topic_id, "Ναι", key=key) for _ in range(8)))
    assert len({post.id for post in made}) == 1
    assert await owner.fetchval("SELECT count(*) FROM posts WHERE topic_id = $1", started.topic_id) == 2
    await writing.assert_counters_are_rows(owner)


async def test_one_key_eight_times_at_once_starts_one_topic(db: Database, cast: Cast, owner: RawConnection) -> None:
    key = idempotency.make("δις", "topics.start", "Τίτλος")
    made = await asyncio.gather(*(writing.start(db, cast.maria, key=key) for _ in range(8)))
    assert len(set(made)) == 1
    assert await owner.fetchval("SELECT count(*) FROM topics") == 1
    await writing.assert_counters_are_rows(owner)


async def test_after_a_lock_is_acknowledged_no_member_posts(db: Database, cast: Cast, owner: RawConnection) -> None:
    started = await writing.start(db, cast.maria)
    locked = asyncio.Event()

    async def lock() -> None:
        await writing.lock(db, cast.moderator, started.topic_id)
        locked.set()

    async def reply() -> bool:
        late = locked.is_set()
        try:
            await writing.reply(db, cast.nikos, started.topic_id)
        except Forbidden as refused:
            assert refused.code == "topic_locked"  # noqa: PT017 - either outcome is right, the reason must be this
            return False
        assert not late
        return True

    outcomes = await asyncio.gather(*(reply() for _ in range(6)), lock(), *(reply() for _ in range(6)))
    posted = sum(outcome is True for outcome in outcomes)
    assert await owner.fetchval("SELECT reply_count FROM topics WHERE id = $1", started.topic_id) == posted
    assert (
        await owner.fetchval(
            "SELECT count(*) FROM posts JOIN topics ON topics.id = posts.topic_id "
            "WHERE posts.number > (SELECT after_number FROM topic_notices WHERE topic_id = topics.id)"
        )
        == 0
    ), "the notice stands after the last post that came before it"
    await writing.assert_counters_are_rows(owner)


async def test_locking_at_once_locks_once(db: Database, cast: Cast, owner: RawConnection) -> None:
    started = await writing.start(db, cast.maria)
    await asyncio.gather(
        *(writing.lock(db, person, started.topic_id) for person in (cast.moderator, cast.administrator) * 3)
    )
    assert await owner.fetchval("SELECT count(*) FROM topic_notices") == 1
    assert await owner.fetchval("SELECT count(*) FROM audit_entries WHERE act = 'topic.lock'") == 1


async def test_deleting_restoring_and_replying_at_once_lose_no_count(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    started = await writing.start(db, cast.maria)
    own = [await writing.reply(db, cast.nikos, started.topic_id) for _ in range(6)]

    async def delete_and_restore(number: int) -> None:
        await writing.delete(db, cast.nikos, own[number].id)
        if number % 2:
            await writing.restore(db, cast.nikos, own[number].id)

    await asyncio.gather(
        *(delete_and_restore(number) for number in range(6)),
        *(writing.reply(db, person, started.topic_id) for person in (cast.maria, cast.sophie) * 5),
        *(writing.edit(db, cast.maria, started.first_post_id, f"Νέο {number}") for number in range(3)),
    )
    async with db.read() as conn:
        topic = (await access.topic_to_read(conn, cast.maria, started.topic_id)).topic
    assert (topic.post_count, topic.reply_count) == (17, 13)
    assert await owner.fetchval("SELECT revision_count FROM posts WHERE id = $1", started.first_post_id) == 3
    await writing.assert_counters_are_rows(owner)


async def test_a_post_deleted_twice_at_once_is_deleted_once(db: Database, cast: Cast, owner: RawConnection) -> None:
    started = await writing.start(db, cast.maria)
    post = await writing.reply(db, cast.nikos, started.topic_id)
    outcomes = await asyncio.gather(
        *(writing.delete(db, cast.nikos, post.id) for _ in range(4)), return_exceptions=True
    )
    assert sum(outcome is None for outcome in outcomes) == 1
    assert {outcome.code for outcome in outcomes if isinstance(outcome, Forbidden)} == {"post_deleted"}
    await writing.assert_counters_are_rows(owner)


async def test_a_topic_is_deleted_or_answered_but_never_both(db: Database, cast: Cast, owner: RawConnection) -> None:
    for _ in range(4):
        started = await writing.start(db, cast.maria)
        outcomes = await asyncio.gather(
            writing.delete_topic(db, cast.maria, started.topic_id),
            writing.reply(db, cast.nikos, started.topic_id),
            return_exceptions=True,
        )
        refused = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        assert len(refused) == 1
        assert isinstance(refused[0], Forbidden | NotFound)
    await writing.assert_counters_are_rows(owner)


async def test_starting_and_deleting_at_once_keep_the_categorys_count(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    started = [await writing.start(db, cast.maria) for _ in range(6)]
    await asyncio.gather(
        *(writing.delete_topic(db, cast.maria, topic.topic_id) for topic in started),
        *(writing.start(db, person) for person in (cast.nikos, cast.sophie) * 4),
    )
    assert await owner.fetchval("SELECT topic_count FROM categories WHERE slug = 'questions'") == 8
    await writing.assert_counters_are_rows(owner)


async def test_marks_of_one_member_at_once_do_not_deadlock(db: Database, cast: Cast) -> None:
    started = [await writing.start(db, cast.maria) for _ in range(8)]

    async def mark_all() -> None:
        async with db.write() as tx:
            await reading.mark_all_read(tx, cast.nikos)

    async def mark_category() -> None:
        async with db.write() as tx:
            await reading.mark_category_read(tx, await access.category_to_read(tx, cast.nikos, "questions"))

    for _ in range(3):
        await asyncio.gather(
            *(mark_all() for _ in range(3)),
            *(mark_category() for _ in range(3)),
            *(writing.mark_read(db, cast.nikos, topic.topic_id, 1) for topic in reversed(started)),
            *(writing.reply(db, cast.nikos, topic.topic_id) for topic in started),
        )
    for topic in started:
        assert await writing.unread(db, cast.nikos, topic.topic_id) == 0


async def test_everything_at_once_in_any_order_ends_exact(db: Database, cast: Cast, owner: RawConnection) -> None:
    chance = random.Random(20261123)  # noqa: S311 - the same disorder every time
    started = [await writing.start(db, cast.maria) for _ in range(3)]
    own = [await writing.reply(db, cast.nikos, topic.topic_id) for topic in started for _ in range(2)]

    async def toggle_pin(topic: topics.Started) -> None:
        async with db.write() as tx:
            grant = await access.topic_to_moderate(tx, cast.moderator, topic.topic_id)
            await (topics.unpin if grant.topic.is_pinned else topics.pin)(tx, grant)

    acts = [
        *(writing.reply(db, person, topic.topic_id) for person in (cast.maria, cast.sophie) for topic in started * 2),
        *(writing.delete(db, cast.nikos, post.id) for post in own),
        *(writing.mark_read(db, cast.sophie, topic.topic_id, 3) for topic in started),
        *(toggle_pin(topic) for topic in started * 2),
        *(writing.start(db, cast.nikos) for _ in range(3)),
    ]
    chance.shuffle(acts)
    await asyncio.gather(*acts)
    await writing.assert_counters_are_rows(owner)
    for topic in started:
        assert await writing.unread(db, cast.administrator, topic.topic_id) == 5


async def test_what_is_written_while_a_category_merges_is_in_the_other_or_refused(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    grant = access.to_administer(cast.administrator)
    started = await writing.start(db, cast.maria)
    written: list[TopicId] = []
    refused = 0

    async def write() -> None:
        nonlocal refused
        for _ in range(6):
            try:
                written.append((await writing.start(db, cast.nikos)).topic_id)
            except (Forbidden, NotFound, Conflict):
                refused += 1
            await writing.reply(db, cast.sophie, started.topic_id)

    async def merge() -> None:
        while True:
            async with db.read() as conn:
                gone = await catalogue.category(conn, grant, "questions")
                into = await catalogue.category(conn, grant, "good-practices")
                shown = await category_mergers.preview_merger(conn, grant, gone, into)
            try:
                async with db.write() as tx:
                    await category_mergers.merge(tx, grant, gone, into, digest=shown.digest)
            except Conflict:
                continue
            return

    await asyncio.gather(write(), merge(), write())
    where = await owner.fetch("SELECT slug FROM categories WHERE id IN (SELECT category_id FROM topics)")
    assert [row["slug"] for row in where] == ["good-practices"]
    assert await owner.fetchval("SELECT count(*) FROM topics") == len(written) + 1
    assert len(written) + refused == 12
    await writing.assert_counters_are_rows(owner)


async def test_nothing_is_written_once_a_category_is_archived(db: Database, cast: Cast, owner: RawConnection) -> None:
    grant = access.to_administer(cast.administrator)
    started = await writing.start(db, cast.maria)
    done = asyncio.Event()
    late = 0

    async def reply() -> None:
        nonlocal late
        for _ in range(8):
            is_late = done.is_set()
            try:
                await writing.reply(db, cast.nikos, started.topic_id)
            except Forbidden:
                continue
            late += is_late

    async def archive() -> None:
        async with db.write() as tx:
            await catalogue.archive(tx, grant, "questions")
        done.set()

    await asyncio.gather(reply(), reply(), archive())
    assert late == 0
    await writing.assert_counters_are_rows(owner)
