"""Topics: starting, listing, and every act on a whole topic with its entry in the log and its notice."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from forum.db import Database, RawConnection
from forum.domain import access, idempotency, pages, topic_lists, topics
from forum.domain.entities import TopicId, TopicNotice, TopicRow
from forum.errors import BadRequest, Forbidden, Invalid
from forum.logs import REQUEST_ID
from tests.cast import Cast
from tests.domain import writing

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
SORTS: Final[tuple[topic_lists.Sort, ...]] = ("activity", "created", "deadline")
LARNACA, MYTILENE, ATLANTIS = (topic_lists.Sieve(municipality=slug) for slug in ("larnaca", "mytilene", "atlantis"))


async def _acts(owner: RawConnection) -> list[tuple[Any, ...]]:
    rows = await owner.fetch(
        "SELECT actor_id, act, subject, subject_id, before::text, after::text FROM audit_entries ORDER BY id"
    )
    return [(*row[:4], json.loads(row[4]), json.loads(row[5])) for row in rows]


async def _notices(db: Database, cast: Cast, topic_id: TopicId) -> list[TopicNotice]:
    async with db.read() as conn:
        return await topics.list_notices(conn, await access.topic_to_read(conn, cast.maria, topic_id), first=1, last=20)


async def _walk(db: Database, cast: Cast, limit: int, **options: Any) -> list[TopicRow]:
    """Return all topics of a category, page after page."""
    rows: list[TopicRow] = []
    cursor = None
    async with db.read() as conn:
        grant = await access.category_to_read(conn, cast.maria, "questions")
        for _ in range(20):
            page = await topic_lists.list_topics(conn, grant, cursor=cursor, limit=limit, **options)
            assert len(page.items) <= limit
            rows += page.items
            if page.next is None:
                return rows
            cursor = page.next
    raise AssertionError("the pages do not end")


async def _spread(owner: RawConnection, cast: Cast, count: int) -> None:
    """Put topics with equal and different instants into a category, some pinned, some deleted."""
    await owner.execute(
        """
        WITH made AS (
            INSERT INTO topics (category_id, author_id, title, slug, last_author_id, created_at, last_post_at,
                                pinned_at, deleted_at, deleted_by_id)
            SELECT categories.id, CASE WHEN n % 3 = 0 THEN $1::bigint ELSE $2 END, 'Θέμα ' || n, 'thema', $1,
                   now() - interval '1 minute' * (n % 4), now() - interval '1 minute' * (n % 5),
                   CASE WHEN n % 6 = 0 THEN now() END,
                   CASE WHEN n % 11 = 0 THEN now() END, CASE WHEN n % 11 = 0 THEN $1 END
            FROM categories, generate_series(1, $3) AS n
            WHERE categories.slug = 'questions'
            RETURNING id, author_id, created_at
        )
        INSERT INTO posts (topic_id, number, author_id, body, html, search, created_at)
        SELECT made.id, 1, made.author_id, 'x', '<p>x</p>', '', made.created_at FROM made
        """,
        cast.nikos.member_id,
        cast.sophie.member_id,
        count,
    )


async def test_starting_makes_the_topic_its_first_post_and_the_count(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    started = await writing.start(
        db, cast.maria, title="Πρόταση αδελφοποίησης", body="Ποιος ενδιαφέρεται;", language="el", is_internal=True
    )
    assert started.slug == "protasi-adelfopoiisis"
    async with db.read() as conn:
        topic = (await access.topic_to_read(conn, cast.nikos, started.topic_id)).topic
        post = (await access.post_to_read(conn, cast.nikos, started.first_post_id)).post
        category = await access.category_to_see(conn, cast.nikos, "questions")
    assert (topic.title, topic.kind, topic.language, topic.is_internal) == (
        "Πρόταση αδελφοποίησης",
        "discussion",
        "el",
        True,
    )
    assert (topic.author_id, topic.author_organisation_slug) == (cast.maria.member_id, "larnaca")
    assert (topic.post_count, topic.reply_count, topic.last_post_number) == (1, 0, 1)
    assert topic.created_at == topic.last_post_at == post.created_at
    assert (post.number, post.body, post.html) == (1, "Ποιος ενδιαφέρεται;", "<p>Ποιος ενδιαφέρεται;</p>")
    assert category.topic_count == 1
    await writing.assert_counters_are_rows(owner)


async def test_the_same_key_starts_one_topic(db: Database, cast: Cast, owner: RawConnection) -> None:
    key = idempotency.make("a", "topics.start", "questions", "Τίτλος")
    first = await writing.start(db, cast.maria, key=key)
    assert await writing.start(db, cast.maria, key=key) == first
    with pytest.raises(Invalid) as refused:
        await writing.start(db, cast.maria, key=idempotency.make("a", "topics.start", "questions", "Άλλος"))
    assert refused.value.code == "idempotency_mismatch"
    other = await writing.start(db, cast.nikos, key=key)
    assert other.topic_id != first.topic_id, "keys are each member's own"
    assert await owner.fetchval("SELECT count(*) FROM topics") == 2
    await writing.assert_counters_are_rows(owner)


async def test_a_title_without_letters_gets_a_slug_all_the_same(db: Database, cast: Cast) -> None:
    assert (await writing.start(db, cast.maria, title="???")).slug == "topic"
    assert len((await writing.start(db, cast.maria, title="Ω" * 200)).slug) <= topics.SLUG_LIMIT


async def test_pinned_topics_lead_and_the_rest_follow_by_last_post(db: Database, cast: Cast) -> None:
    first = await writing.start(db, cast.maria)
    second = await writing.start(db, cast.maria)
    third = await writing.start(db, cast.maria)
    await writing.pin(db, cast.moderator, second.topic_id)
    assert [row.id for row in await writing.listed(db, cast.nikos)] == [
        second.topic_id,
        third.topic_id,
        first.topic_id,
    ]
    await writing.reply(db, cast.nikos, first.topic_id)
    rows = await writing.listed(db, cast.maria)
    assert [row.id for row in rows] == [second.topic_id, first.topic_id, third.topic_id]
    assert [row.is_pinned for row in rows] == [True, False, False]
    by_created = await writing.listed(db, cast.maria, sort="created")
    assert [row.id for row in by_created] == [third.topic_id, second.topic_id, first.topic_id]


async def test_a_row_says_who_started_who_spoke_last_and_where(db: Database, cast: Cast) -> None:
    started = await writing.start(db, cast.maria, title="Νερό", language="el", is_internal=True)
    await writing.reply(db, cast.nikos, started.topic_id)
    await writing.lock(db, cast.moderator, started.topic_id)
    (row,) = await writing.listed(db, cast.maria)
    assert (row.id, row.title, row.slug, row.kind, row.language) == (
        started.topic_id,
        "Νερό",
        "nero",
        "discussion",
        "el",
    )
    assert (row.category_slug, row.category_en) == ("questions", "Questions and discussion")
    assert (row.author_id, row.author_name, row.author_organisation_slug) == (
        cast.maria.member_id,
        "Μαρία Χατζηγιάννη",
        "larnaca",
    )
    assert (row.last_author_id, row.last_author_name, row.last_author_organisation_en) == (
        cast.nikos.member_id,
        "Νίκος Καραντώνης",
        cast.nikos.organisation_en,
    )
    assert (row.is_internal, row.is_locked, row.is_pinned, row.reply_count, row.unread_count) == (
        True,
        True,
        False,
        1,
        1,
    )


@pytest.mark.parametrize("sort", SORTS)
async def test_pages_show_every_topic_once_and_in_order(
    db: Database, cast: Cast, owner: RawConnection, sort: str
) -> None:
    await _spread(owner, cast, 60)
    whole = await _walk(db, cast, 100, sort=sort)
    assert len(whole) == 60 - 60 // 11
    for limit in (7, 20):
        assert [row.id for row in await _walk(db, cast, limit, sort=sort)] == [row.id for row in whole]
    if sort == "activity":
        expected = sorted(whole, key=lambda row: (row.is_pinned, row.last_post_at, row.id), reverse=True)
    elif sort == "created":
        expected = sorted(whole, key=lambda row: (row.created_at, row.id), reverse=True)
    else:
        expected = sorted(whole, key=lambda row: row.id, reverse=True)
    assert whole == expected


async def test_a_page_stays_right_while_topics_move(db: Database, cast: Cast) -> None:
    started = [await writing.start(db, cast.maria) for _ in range(4)]
    async with db.read() as conn:
        grant = await access.category_to_read(conn, cast.maria, "questions")
        page = await topic_lists.list_topics(conn, grant, limit=2)
        assert [row.id for row in page.items] == [started[3].topic_id, started[2].topic_id]
        await writing.reply(db, cast.nikos, started[3].topic_id)
        await writing.start(db, cast.nikos)
        rest = await topic_lists.list_topics(conn, grant, limit=2, cursor=page.next)
    assert [row.id for row in rest.items] == [started[1].topic_id, started[0].topic_id]
    assert rest.next is None


async def test_a_forged_cursor_is_refused_or_only_starts_elsewhere(db: Database, cast: Cast) -> None:
    await writing.start(db, cast.maria)
    async with db.read() as conn:
        grant = await access.category_to_read(conn, cast.maria, "questions")
        for cursor in ("x", pages.encode(1, 2, 3, 4), pages.encode(True), "%00"):
            for sort in SORTS:
                with pytest.raises(BadRequest):
                    await topic_lists.list_topics(conn, grant, cursor=cursor, sort=sort)
        page = await topic_lists.list_topics(conn, grant, cursor=pages.encode(False, EPOCH, 0))
    assert page.items == []


async def test_topics_can_be_narrowed_to_a_municipality(db: Database, cast: Cast) -> None:
    larnaca = await writing.start(db, cast.maria)
    mytilene = await writing.start(db, cast.nikos)
    for sort in SORTS:
        assert [row.id for row in await writing.listed(db, cast.sophie, sieve=LARNACA, sort=sort)] == [larnaca.topic_id]
        assert [row.id for row in await writing.listed(db, cast.sophie, sieve=MYTILENE, sort=sort)] == [
            mytilene.topic_id
        ]
        assert await writing.listed(db, cast.sophie, sieve=ATLANTIS, sort=sort) == []


async def test_the_latest_topics_come_from_every_category_one_may_read_and_no_other(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    questions = await writing.start(db, cast.maria)
    guides = await writing.start(db, cast.sophie, category="guides")
    gone = await writing.start(db, cast.maria)
    await writing.delete_topic(db, cast.maria, gone.topic_id)
    await writing.reply(db, cast.nikos, questions.topic_id)
    async with db.read() as conn:
        assert [row.id for row in await topic_lists.list_latest(conn, cast.maria)] == [
            questions.topic_id,
            guides.topic_id,
        ]
        assert [row.id for row in await topic_lists.list_latest(conn, cast.maria, limit=1)] == [questions.topic_id]
        assert await topic_lists.list_latest(conn, cast.stranger) == []
        assert await topic_lists.list_latest(conn, cast.suspended) == []
    await owner.execute(
        "DELETE FROM grants USING groups, categories WHERE groups.id = grants.group_id "
        "AND categories.id = grants.category_id AND groups.slug = 'region-cyprus' AND categories.slug = 'questions'"
    )
    async with db.read() as conn:
        assert [row.id for row in await topic_lists.list_latest(conn, cast.maria)] == [guides.topic_id]


async def test_an_organisations_topics_are_those_its_members_started(db: Database, cast: Cast) -> None:
    first = await writing.start(db, cast.sophie, category="guides")
    second = await writing.start(db, cast.administrator)
    await writing.start(db, cast.maria)
    gone = await writing.start(db, cast.sophie)
    await writing.delete_topic(db, cast.sophie, gone.topic_id)
    async with db.read() as conn:
        union = "union-of-cyprus-municipalities"
        found = await topic_lists.list_of_organisation(conn, cast.maria, union)
        assert [row.id for row in found] == [second.topic_id, first.topic_id]
        assert [row.id for row in await topic_lists.list_of_organisation(conn, cast.maria, union, limit=1)] == [
            second.topic_id
        ]
        assert await topic_lists.list_of_organisation(conn, cast.stranger, union) == []
        assert await topic_lists.list_of_organisation(conn, cast.maria, "atlantis") == []


async def test_a_lock_shows_who_why_and_when_and_is_undone(db: Database, cast: Cast) -> None:
    started = await writing.start(db, cast.maria)
    await writing.lock(db, cast.moderator, started.topic_id, "Απαντήθηκε")
    async with db.read() as conn:
        topic = (await access.topic_to_read(conn, cast.maria, started.topic_id)).topic
    assert (topic.is_locked, topic.locked_by_name, topic.lock_reason) == (True, "Στέλιος Βουρνάζος", "Απαντήθηκε")
    async with db.write() as tx:
        await topics.unlock(tx, await access.topic_to_moderate(tx, cast.administrator, started.topic_id))
    async with db.read() as conn:
        topic = (await access.topic_to_read(conn, cast.maria, started.topic_id)).topic
    assert (topic.is_locked, topic.locked_by_name, topic.lock_reason) == (False, None, None)
    assert await writing.reply(db, cast.nikos, started.topic_id)


async def test_every_act_writes_one_entry_and_a_notice_and_repeating_it_writes_nothing(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    started = await writing.start(db, cast.maria)
    topic_id = started.topic_id
    await writing.reply(db, cast.nikos, topic_id)
    token = REQUEST_ID.set("r-1")
    async with db.write() as tx:
        grant = await access.topic_to_moderate(tx, cast.moderator, topic_id)
        internal = await access.topic_to_mark_internal(tx, cast.maria, topic_id)
        for _ in range(2):
            await topics.lock(tx, grant, "Απαντήθηκε")
        await topics.lock(tx, grant, "Άλλος λόγος")
        for _ in range(2):
            await topics.pin(tx, grant)
        for _ in range(2):
            await topics.mark_internal(tx, internal, True)
        for _ in range(2):
            await topics.unlock(tx, grant)
        for _ in range(2):
            await topics.unpin(tx, grant)
        for _ in range(2):
            await topics.mark_internal(tx, internal, False)
    REQUEST_ID.reset(token)
    moderator, maria = cast.moderator.member_id, cast.maria.member_id
    assert await _acts(owner) == [
        (moderator, "topic.lock", "topic", topic_id, {"is_locked": False}, {"is_locked": True}),
        (moderator, "topic.pin", "topic", topic_id, {"is_pinned": False}, {"is_pinned": True}),
        (maria, "topic.mark_internal", "topic", topic_id, {"is_internal": False}, {"is_internal": True}),
        (moderator, "topic.unlock", "topic", topic_id, {"is_locked": True}, {"is_locked": False}),
        (moderator, "topic.unpin", "topic", topic_id, {"is_pinned": True}, {"is_pinned": False}),
        (maria, "topic.unmark_internal", "topic", topic_id, {"is_internal": True}, {"is_internal": False}),
    ]
    assert await owner.fetchval("SELECT count(*) FROM audit_entries WHERE request_id = 'r-1'") == 6
    notices = await _notices(db, cast, topic_id)
    assert [(notice.act, notice.actor_id, notice.reason, notice.after_number) for notice in notices] == [
        ("lock", moderator, "Απαντήθηκε", 2),
        ("pin", moderator, None, 2),
        ("mark_internal", maria, None, 2),
        ("unlock", moderator, None, 2),
        ("unpin", moderator, None, 2),
        ("unmark_internal", maria, None, 2),
    ]
    await writing.assert_counters_are_rows(owner)


async def test_notices_stand_where_the_act_happened(db: Database, cast: Cast) -> None:
    started = await writing.start(db, cast.maria)
    await writing.pin(db, cast.moderator, started.topic_id)
    for _ in range(2):
        await writing.reply(db, cast.nikos, started.topic_id)
    await writing.lock(db, cast.moderator, started.topic_id)
    async with db.read() as conn:
        grant = await access.topic_to_read(conn, cast.maria, started.topic_id)
        assert [notice.act for notice in await topics.list_notices(conn, grant, first=1, last=2)] == ["pin"]
        assert [notice.act for notice in await topics.list_notices(conn, grant, first=3, last=20)] == ["lock"]


async def test_a_topic_is_deleted_and_brought_back_and_the_count_follows(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    started = await writing.start(db, cast.maria)
    await writing.delete_topic(db, cast.maria, started.topic_id)
    assert await writing.listed(db, cast.maria) == []
    await writing.assert_counters_are_rows(owner)
    assert await owner.fetchval("SELECT topic_count FROM categories WHERE slug = 'questions'") == 0
    with pytest.raises(Forbidden) as refused:
        await writing.delete_topic(db, cast.maria, started.topic_id)
    assert refused.value.code == "topic_deleted"
    await writing.restore_topic(db, cast.maria, started.topic_id)
    assert [row.id for row in await writing.listed(db, cast.maria)] == [started.topic_id]
    assert await owner.fetchval("SELECT topic_count FROM categories WHERE slug = 'questions'") == 1
    assert [row[1] for row in await _acts(owner)] == ["topic.delete", "topic.restore"]


async def test_a_grant_used_twice_deletes_and_restores_once(db: Database, cast: Cast, owner: RawConnection) -> None:
    started = await writing.start(db, cast.maria)
    async with db.write() as tx:
        grant = await access.topic_to_delete(tx, cast.maria, started.topic_id)
        await topics.delete(tx, grant)
        await topics.delete(tx, grant)
    async with db.write() as tx:
        restoring = await access.topic_to_restore(tx, cast.maria, started.topic_id)
        await topics.restore(tx, restoring)
        await topics.restore(tx, restoring)
    assert len(await _acts(owner)) == 2
    await writing.assert_counters_are_rows(owner)


async def test_a_topic_with_replies_stays(db: Database, cast: Cast) -> None:
    started = await writing.start(db, cast.maria)
    post = await writing.reply(db, cast.nikos, started.topic_id)
    with pytest.raises(Forbidden) as refused:
        await writing.delete_topic(db, cast.maria, started.topic_id)
    assert refused.value.code == "has_replies"
    await writing.delete(db, cast.nikos, post.id)
    await writing.delete_topic(db, cast.maria, started.topic_id)
