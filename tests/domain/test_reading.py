"""Unread marks, exactly: what is another's, not deleted, newer than joining and beyond what was shown."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from forum.db import Database, RawConnection
from forum.domain import access, category_visits, posts, reading
from forum.domain.actors import Actor
from forum.domain.entities import TopicId
from forum.domain.posts import Reply
from forum.domain.unread import COUNT_LIMIT
from tests.cast import Cast
from tests.domain import writing
from tests.domain.writing import first_unread, mark_read, unread


async def _mark_all(db: Database, actor: Actor) -> None:
    async with db.write() as tx:
        await reading.mark_all_read(tx, actor)


async def _mark_category(db: Database, actor: Actor, slug: str) -> None:
    async with db.write() as tx:
        await reading.mark_category_read(tx, await access.category_to_read(tx, actor, slug))


async def _age(owner: RawConnection, topic_id: TopicId, days: int) -> None:
    """Make a topic and its posts as old as that, the order kept."""
    await owner.execute(
        "UPDATE posts SET created_at = created_at - $2 * interval '1 day' WHERE topic_id = $1", topic_id, days
    )
    await owner.execute(
        "UPDATE topics SET created_at = created_at - $2 * interval '1 day', "
        "last_post_at = last_post_at - $2 * interval '1 day' WHERE id = $1",
        topic_id,
        days,
    )


async def test_a_new_topic_is_unread_for_everyone_but_its_author(db: Database, cast: Cast) -> None:
    started = await writing.start(db, cast.maria)
    assert await unread(db, cast.maria, started.topic_id) == 0
    for person in (cast.nikos, cast.sophie, cast.moderator):
        assert await unread(db, person, started.topic_id) == 1
        assert await first_unread(db, person, started.topic_id) == 1


async def test_reading_moves_forward_only(db: Database, cast: Cast) -> None:
    started = await writing.start(db, cast.maria)
    for _ in range(4):
        await writing.reply(db, cast.maria, started.topic_id)
    await mark_read(db, cast.nikos, started.topic_id, 3)
    assert (await unread(db, cast.nikos, started.topic_id), await first_unread(db, cast.nikos, started.topic_id)) == (
        2,
        4,
    )
    for earlier in (1, 2, 3, 0, -5):
        await mark_read(db, cast.nikos, started.topic_id, earlier)
        assert await unread(db, cast.nikos, started.topic_id) == 2
    await mark_read(db, cast.nikos, started.topic_id, 5)
    assert await unread(db, cast.nikos, started.topic_id) == 0


async def test_marking_beyond_the_end_does_not_swallow_what_comes(db: Database, cast: Cast) -> None:
    started = await writing.start(db, cast.maria)
    await mark_read(db, cast.nikos, started.topic_id, 1000)
    await mark_read(db, cast.nikos, TopicId(999_999_999), 1)
    assert await unread(db, cast.nikos, started.topic_id) == 0
    await writing.reply(db, cast.maria, started.topic_id)
    assert await unread(db, cast.nikos, started.topic_id) == 1


async def test_ones_own_posts_are_never_unread(db: Database, cast: Cast) -> None:
    started = await writing.start(db, cast.maria)
    await mark_read(db, cast.nikos, started.topic_id, 1)
    await writing.reply(db, cast.nikos, started.topic_id)
    assert await unread(db, cast.nikos, started.topic_id) == 0
    assert await unread(db, cast.maria, started.topic_id) == 1
    await writing.reply(db, cast.maria, started.topic_id)
    assert await unread(db, cast.maria, started.topic_id) == 1, "answering marks nothing that was not shown"
    assert await first_unread(db, cast.maria, started.topic_id) == 2


async def test_a_reply_after_unread_posts_leaves_them_unread(db: Database, cast: Cast) -> None:
    started = await writing.start(db, cast.maria)
    await writing.reply(db, cast.sophie, started.topic_id)
    await writing.reply(db, cast.nikos, started.topic_id)
    assert await unread(db, cast.nikos, started.topic_id) == 2
    assert await first_unread(db, cast.nikos, started.topic_id) == 1


async def test_posts_by_others_after_ones_own_are_unread(db: Database, cast: Cast) -> None:
    started = await writing.start(db, cast.maria)
    await mark_read(db, cast.nikos, started.topic_id, 1)
    await writing.reply(db, cast.nikos, started.topic_id)
    await writing.reply(db, cast.maria, started.topic_id)
    await writing.reply(db, cast.nikos, started.topic_id)
    assert await unread(db, cast.nikos, started.topic_id) == 1
    assert await first_unread(db, cast.nikos, started.topic_id) == 3
    await writing.reply(db, cast.sophie, started.topic_id)
    assert await unread(db, cast.nikos, started.topic_id) == 2


async def test_a_deleted_post_is_not_unread_and_a_restored_one_is_again(db: Database, cast: Cast) -> None:
    started = await writing.start(db, cast.maria)
    await mark_read(db, cast.maria, started.topic_id, 1)
    post = await writing.reply(db, cast.nikos, started.topic_id)
    assert await unread(db, cast.maria, started.topic_id) == 1
    await writing.delete(db, cast.nikos, post.id)
    assert await unread(db, cast.maria, started.topic_id) == 0
    await writing.restore(db, cast.nikos, post.id)
    assert await unread(db, cast.maria, started.topic_id) == 1
    assert await first_unread(db, cast.maria, started.topic_id) == 2


async def test_a_post_deleted_amid_others_takes_one_off(db: Database, cast: Cast) -> None:
    started = await writing.start(db, cast.maria)
    middle = await writing.reply(db, cast.nikos, started.topic_id)
    last = await writing.reply(db, cast.nikos, started.topic_id)
    await writing.delete(db, cast.nikos, middle.id)
    assert await unread(db, cast.maria, started.topic_id) == 1
    assert await first_unread(db, cast.maria, started.topic_id) == 3
    await mark_read(db, cast.maria, started.topic_id, 3)
    await writing.delete(db, cast.nikos, last.id)
    await writing.restore(db, cast.nikos, last.id)
    assert await unread(db, cast.maria, started.topic_id) == 0, "it was shown before it was deleted"
    await writing.restore(db, cast.nikos, middle.id)
    assert await unread(db, cast.maria, started.topic_id) == 0


async def test_a_new_member_has_nothing_old_to_read(db: Database, cast: Cast, owner: RawConnection) -> None:
    started = await writing.start(db, cast.maria)
    for _ in range(3):
        await writing.reply(db, cast.sophie, started.topic_id)
    await _age(owner, started.topic_id, 30)
    assert await unread(db, cast.nikos, started.topic_id) == 0
    await mark_read(db, cast.nikos, started.topic_id, 1)
    assert await unread(db, cast.nikos, started.topic_id) == 0, "opening an old topic makes nothing of it unread"
    await writing.reply(db, cast.maria, started.topic_id)
    assert await unread(db, cast.nikos, started.topic_id) == 1
    assert await first_unread(db, cast.nikos, started.topic_id) == 5


async def test_a_new_members_first_reply_in_an_old_topic_leaves_it_read(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    started = await writing.start(db, cast.maria)
    await _age(owner, started.topic_id, 30)
    await writing.reply(db, cast.nikos, started.topic_id)
    assert await unread(db, cast.nikos, started.topic_id) == 0
    await writing.reply(db, cast.maria, started.topic_id)
    assert await first_unread(db, cast.nikos, started.topic_id) == 3


async def test_members_read_independently(db: Database, cast: Cast) -> None:
    started = await writing.start(db, cast.maria)
    for _ in range(2):
        await writing.reply(db, cast.maria, started.topic_id)
    await mark_read(db, cast.nikos, started.topic_id, 2)
    assert await unread(db, cast.nikos, started.topic_id) == 1
    assert await unread(db, cast.sophie, started.topic_id) == 3
    await mark_read(db, cast.sophie, started.topic_id, 3)
    assert (await unread(db, cast.nikos, started.topic_id), await unread(db, cast.sophie, started.topic_id)) == (1, 0)


async def test_marking_a_category_read_touches_no_other(db: Database, cast: Cast) -> None:
    questions = await writing.start(db, cast.maria)
    half = await writing.start(db, cast.maria)
    await writing.reply(db, cast.maria, half.topic_id)
    await mark_read(db, cast.nikos, half.topic_id, 1)
    practices = await writing.start(db, cast.maria, category="good-practices")
    await _mark_category(db, cast.nikos, "questions")
    await _mark_category(db, cast.nikos, "questions")
    assert await unread(db, cast.nikos, questions.topic_id) == 0
    assert await unread(db, cast.nikos, half.topic_id) == 0
    assert await unread(db, cast.nikos, practices.topic_id) == 1
    assert await unread(db, cast.sophie, questions.topic_id) == 1
    await writing.reply(db, cast.maria, questions.topic_id)
    assert await unread(db, cast.nikos, questions.topic_id) == 1


async def test_marking_all_read_covers_the_old_the_half_read_and_the_newest(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    old, half, new = [await writing.start(db, cast.maria, category="good-practices") for _ in range(3)]
    for topic in (old, half):
        await writing.reply(db, cast.maria, topic.topic_id)
    await mark_read(db, cast.nikos, half.topic_id, 1)
    await owner.execute("UPDATE members SET read_before = now() - interval '60 days'")
    for topic in (old, half):
        await _age(owner, topic.topic_id, 30)
    assert [await unread(db, cast.nikos, topic.topic_id) for topic in (old, half, new)] == [2, 1, 1]
    await _mark_all(db, cast.nikos)
    assert [await unread(db, cast.nikos, topic.topic_id) for topic in (old, half, new)] == [0, 0, 0]
    assert [await unread(db, cast.sophie, topic.topic_id) for topic in (old, half, new)] == [2, 2, 1]
    for topic in (old, half, new):
        await writing.reply(db, cast.maria, topic.topic_id)
    assert [await unread(db, cast.nikos, topic.topic_id) for topic in (old, half, new)] == [1, 1, 1]


async def test_marking_all_read_swallows_nothing_that_is_just_being_written(db: Database, cast: Cast) -> None:
    started = await writing.start(db, cast.maria)
    async with db.write() as tx:
        grant = await access.topic_to_reply(tx, cast.sophie, started.topic_id)
        await posts.reply(tx, grant, Reply("Ναι", writing.rendered("Ναι")))
        await _mark_all(db, cast.nikos)
        await _mark_category(db, cast.moderator, "questions")
    for person in (cast.nikos, cast.moderator):
        assert await unread(db, person, started.topic_id) == 1
        assert await first_unread(db, person, started.topic_id) == 2


async def test_marking_all_read_never_takes_a_mark_back(db: Database, cast: Cast, owner: RawConnection) -> None:
    await owner.execute("UPDATE members SET read_before = now() + interval '1 hour'")
    before = await owner.fetchval("SELECT read_before FROM members WHERE id = $1", cast.nikos.member_id)
    await _mark_all(db, cast.nikos)
    assert await owner.fetchval("SELECT read_before FROM members WHERE id = $1", cast.nikos.member_id) == before


async def test_unread_posts_of_a_topic_are_counted_up_to_the_limit(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    started = await writing.start(db, cast.maria)
    await owner.execute(
        """
        INSERT INTO posts (topic_id, number, author_id, body, html, search, created_at)
        SELECT $1, n, $2, 'x', '<p>x</p>', '', clock_timestamp() FROM generate_series(2, $3) AS n
        """,
        started.topic_id,
        cast.maria.member_id,
        COUNT_LIMIT + 20,
    )
    await owner.execute(
        "UPDATE topics SET post_count = $2, reply_count = $2 - 1, last_post_number = $2, "
        "last_post_at = (SELECT created_at FROM posts WHERE topic_id = $1 AND number = $2) WHERE id = $1",
        started.topic_id,
        COUNT_LIMIT + 20,
    )
    await writing.assert_counters_are_rows(owner)
    assert await unread(db, cast.nikos, started.topic_id) == COUNT_LIMIT
    await mark_read(db, cast.nikos, started.topic_id, 19)
    assert await unread(db, cast.nikos, started.topic_id) == COUNT_LIMIT
    await mark_read(db, cast.nikos, started.topic_id, 21)
    assert await unread(db, cast.nikos, started.topic_id) == COUNT_LIMIT - 1
    assert await first_unread(db, cast.nikos, started.topic_id) == 22


async def _visits(owner: RawConnection) -> list[tuple[str, str, int]]:
    """Return who came to which category, how many weeks, as what they belonged to."""
    rows = await owner.fetch(
        "SELECT categories.slug, organisations.slug, count(*) FROM category_visits "
        "JOIN categories ON categories.id = category_id JOIN organisations ON organisations.id = organisation_id "
        "GROUP BY 1, 2 ORDER BY 1, 2"
    )
    return [tuple(row) for row in rows]


async def test_a_visit_is_noted_once_a_week_and_category(db: Database, cast: Cast, owner: RawConnection) -> None:
    first, second = [await writing.start(db, cast.maria) for _ in range(2)]
    practice = await writing.start(db, cast.maria, category="good-practices")
    for topic in (first, second, first, practice):
        await mark_read(db, cast.nikos, topic.topic_id, 1)
    assert await _visits(owner) == [("good-practices", "mytilene", 1), ("questions", "mytilene", 1)]
    await owner.execute("UPDATE category_visits SET week = week - 7, organisation_id = $1", cast.maria.organisation_id)
    await writing.reply(db, cast.maria, first.topic_id)
    await mark_read(db, cast.nikos, first.topic_id, 2)
    assert ("questions", "mytilene", 1) in await _visits(owner), "the week after"
    assert ("questions", "larnaca", 1) in await _visits(owner), "as they belonged then"


async def test_who_is_shown_nothing_new_makes_no_visit(db: Database, cast: Cast, owner: RawConnection) -> None:
    started = await writing.start(db, cast.maria)
    await mark_read(db, cast.nikos, started.topic_id, 0)
    await mark_read(db, cast.nikos, TopicId(999_999_999), 1)
    await _mark_category(db, cast.nikos, "questions")
    await _mark_all(db, cast.sophie)
    await mark_read(db, cast.nikos, started.topic_id, 1)
    assert await _visits(owner) == []


async def test_a_visit_stands_or_falls_with_the_mark(db: Database, cast: Cast, owner: RawConnection) -> None:
    started = await writing.start(db, cast.maria)

    async def mark_and_fail() -> None:
        async with db.write() as tx:
            await reading.mark_read(tx, cast.nikos, started.topic_id, 1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await mark_and_fail()
    assert await _visits(owner) == []
    assert await unread(db, cast.nikos, started.topic_id) == 1


@pytest.mark.parametrize(
    ("instant", "monday"),
    [
        (datetime(2027, 3, 21, 21, 59, 59, tzinfo=UTC), "2027-03-15"),
        (datetime(2027, 3, 21, 22, 0, tzinfo=UTC), "2027-03-22"),
        # Clocks go forward on Sunday 28 March and back on 31 October, at 01:00 by UTC.
        (datetime(2027, 3, 28, 20, 59, 59, tzinfo=UTC), "2027-03-22"),
        (datetime(2027, 3, 28, 21, 0, tzinfo=UTC), "2027-03-29"),
        (datetime(2027, 10, 31, 21, 59, 59, tzinfo=UTC), "2027-10-25"),
        (datetime(2027, 10, 31, 22, 0, tzinfo=UTC), "2027-11-01"),
        (datetime(2027, 1, 1, 12, 0, tzinfo=UTC), "2026-12-28"),
    ],
)
async def test_a_week_begins_on_monday_by_the_clocks_of_athens(
    owner: RawConnection, instant: datetime, monday: str
) -> None:
    assert category_visits.week_of(instant).isoformat() == monday
    assert (await owner.fetchval(f"SELECT {category_visits.week('$1::timestamptz')}", instant)).isoformat() == monday
    begins = await owner.fetchval(f"SELECT {category_visits.beginning('$1::date')}", category_visits.week_of(instant))
    assert begins <= instant
    assert category_visits.week_of(begins).isoformat() == monday


async def test_visits_are_forgotten_after_two_years(db: Database, cast: Cast, owner: RawConnection) -> None:
    started = await writing.start(db, cast.maria)
    await mark_read(db, cast.nikos, started.topic_id, 1)
    for weeks, left in ((104, 1), (1, 0)):
        await owner.execute("UPDATE category_visits SET week = week - 7 * $1::integer", weeks)
        async with db.write() as tx:
            await category_visits.sweep(tx)
        assert await owner.fetchval("SELECT count(*) FROM category_visits") == left
