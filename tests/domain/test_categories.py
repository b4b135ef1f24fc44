"""The list of categories: what may be seen of each, what is unread, what moved last."""

from __future__ import annotations

from forum.db import Database, RawConnection
from forum.domain import categories
from forum.domain.actors import Actor
from forum.domain.categories import UNREAD_LIMIT, CategoryRow
from tests.cast import Cast
from tests.domain import writing

ORDER = ["questions", "proposals", "good-practices", "guides", "announcements"]


async def _list(db: Database, actor: Actor) -> list[CategoryRow]:
    async with db.read() as conn:
        return await categories.list_categories(conn, actor)


async def _one(db: Database, actor: Actor, slug: str = "questions") -> CategoryRow:
    return next(row for row in await _list(db, actor) if row.slug == slug)


async def test_categories_stand_in_their_order_with_the_rights_of_who_asks(db: Database, cast: Cast) -> None:
    rows = await _list(db, cast.maria)
    assert [row.slug for row in rows] == ORDER
    assert rows[0].rights.names() == ("see", "read", "start", "reply", "vote", "attach")
    assert rows[1].rights.names() == ("see", "read", "reply")
    assert rows[4].rights.names() == ("see", "read")
    assert rows[0].kinds == ["discussion", "question", "consultation"]
    assert [row.slug for row in await _list(db, cast.administrator)] == ORDER


async def test_who_holds_no_right_sees_no_category(db: Database, cast: Cast) -> None:
    await writing.start(db, cast.maria)
    assert await _list(db, cast.stranger) == []
    assert await _list(db, cast.suspended) == []


async def test_an_empty_category_has_nothing_unread_and_no_last_post(db: Database, cast: Cast) -> None:
    row = await _one(db, cast.maria)
    assert (row.topic_count, row.unread_count, row.latest_at) == (0, 0, None)


async def test_the_last_post_is_the_latest_of_pinned_and_other_topics(db: Database, cast: Cast) -> None:
    pinned = await writing.start(db, cast.maria, title="Καρφιτσωμένο")
    await writing.pin(db, cast.moderator, pinned.topic_id)
    first = (await _one(db, cast.maria)).latest_at
    await writing.start(db, cast.sophie, title="Νεότερο")
    second = (await _one(db, cast.maria)).latest_at
    post = await writing.reply(db, cast.nikos, pinned.topic_id)
    assert first is not None
    assert second is not None
    assert first < second < post.created_at
    assert (await _one(db, cast.maria)).latest_at == post.created_at


async def test_deleted_topics_are_neither_counted_nor_latest_nor_unread(db: Database, cast: Cast) -> None:
    await writing.start(db, cast.maria)
    kept = await _one(db, cast.nikos)
    gone = await writing.start(db, cast.maria)
    before = await _one(db, cast.nikos)
    assert (before.topic_count, before.unread_count) == (2, 2)
    assert before.latest_at != kept.latest_at
    await writing.delete_topic(db, cast.maria, gone.topic_id)
    after = await _one(db, cast.nikos)
    assert (after.topic_count, after.unread_count, after.latest_at) == (1, 1, kept.latest_at)


async def test_unread_topics_are_counted_each_once_and_by_category(db: Database, cast: Cast) -> None:
    busy = await writing.start(db, cast.maria)
    for _ in range(3):
        await writing.reply(db, cast.maria, busy.topic_id)
    await writing.start(db, cast.sophie, category="proposals")
    counts = {row.slug: row.unread_count for row in await _list(db, cast.nikos)}
    assert counts == {"questions": 1, "proposals": 1, "good-practices": 0, "guides": 0, "announcements": 0}
    assert (await _one(db, cast.maria)).unread_count == 0, "one's own posts are read"


async def test_of_a_category_that_may_not_be_read_only_the_description_is_told(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    await writing.start(db, cast.maria)
    await owner.execute(
        "UPDATE grants SET can_read = false, can_start = false, can_reply = false, can_vote = false, "
        "can_attach = false FROM groups, categories "
        "WHERE groups.id = grants.group_id AND categories.id = grants.category_id "
        "AND groups.slug = 'region-north-aegean' AND categories.slug = 'questions'"
    )
    row = await _one(db, cast.nikos)
    assert row.rights.names() == ("see",)
    assert row.description_en == "Everyday matters, questions and consultations of the municipalities."
    assert (row.topic_count, row.unread_count, row.latest_at) == (0, 0, None)


async def test_unread_topics_are_counted_up_to_the_limit(db: Database, cast: Cast, owner: RawConnection) -> None:
    await owner.execute(
        """
        WITH made AS (
            INSERT INTO topics (category_id, author_id, title, slug, last_author_id)
            SELECT categories.id, $1, 'Θέμα', 'thema', $1
            FROM categories, generate_series(1, $2) WHERE categories.slug = 'guides'
            RETURNING id, created_at
        )
        INSERT INTO posts (topic_id, number, author_id, body, html, search, created_at)
        SELECT made.id, 1, $1, 'x', '<p>x</p>', '', made.created_at FROM made
        """,
        cast.sophie.member_id,
        UNREAD_LIMIT + 5,
    )
    assert (await _one(db, cast.maria, "guides")).unread_count == UNREAD_LIMIT
    await owner.execute(
        "DELETE FROM posts WHERE id IN (SELECT id FROM posts ORDER BY id LIMIT 6);"
        "DELETE FROM topics WHERE id IN (SELECT id FROM topics ORDER BY id LIMIT 6)"
    )
    assert (await _one(db, cast.maria, "guides")).unread_count == UNREAD_LIMIT - 1
