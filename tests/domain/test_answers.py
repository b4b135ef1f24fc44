"""The answer to a question: one at most, gone with its reply, told to whom it concerns; the questions without one."""

from __future__ import annotations

import asyncio
import json

import pytest

from forum.db import Database, RawConnection, RawError
from forum.domain import access, answers, notifications, posts, topic_lists, topics
from forum.domain.actors import Actor
from forum.domain.entities import POSTS_A_PAGE, Post, PostId, Topic, TopicId
from forum.domain.topic_lists import Sieve
from forum.domain.topics import Started
from forum.errors import Forbidden, Invalid
from tests.cast import Cast
from tests.domain import telling, writing


@pytest.fixture
async def asked(db: Database, cast: Cast) -> Started:
    return await writing.start(db, cast.maria, kind="question")


async def _mark(db: Database, actor: Actor, topic_id: TopicId, post_id: PostId) -> None:
    async with db.write() as tx:
        await answers.mark(tx, await access.topic_to_mark_answer(tx, actor, topic_id), post_id)


async def _unmark(db: Database, actor: Actor, topic_id: TopicId) -> None:
    async with db.write() as tx:
        await answers.unmark(tx, await access.topic_to_mark_answer(tx, actor, topic_id))


async def _topic(db: Database, actor: Actor, topic_id: TopicId) -> Topic:
    async with db.read() as conn:
        return (await access.topic_to_read(conn, actor, topic_id)).topic


async def _answer(db: Database, cast: Cast, topic_id: TopicId) -> PostId | None:
    return (await _topic(db, cast.maria, topic_id)).answer_post_id


async def _first_page(db: Database, actor: Actor, topic_id: TopicId) -> tuple[list[Post], Post | None]:
    async with db.read() as conn:
        return await posts.list_first_page(conn, await access.topic_to_read(conn, actor, topic_id))


async def _acts(owner: RawConnection) -> list[tuple[str, int, object, object]]:
    rows = await owner.fetch("SELECT act, actor_id, before, after FROM audit_entries ORDER BY id")
    return [
        (row["act"], row["actor_id"], *(json.loads(row[side])["answer_post_id"] for side in ("before", "after")))
        for row in rows
        if row["act"].endswith("_answer")
    ]


async def test_marking_writes_one_entry_and_a_notice_and_repeating_it_nothing(
    db: Database, cast: Cast, owner: RawConnection, asked: Started
) -> None:
    first = await writing.reply(db, cast.nikos, asked.topic_id)
    second = await writing.reply(db, cast.sophie, asked.topic_id)
    before = (await _topic(db, cast.maria, asked.topic_id)).version
    for _ in range(2):
        await _mark(db, cast.maria, asked.topic_id, first.id)
    assert (await _topic(db, cast.maria, asked.topic_id)).version > before
    await _mark(db, cast.moderator, asked.topic_id, second.id)
    assert await _answer(db, cast, asked.topic_id) == second.id
    for _ in range(2):
        await _unmark(db, cast.maria, asked.topic_id)
    assert await _answer(db, cast, asked.topic_id) is None
    maria, moderator = cast.maria.member_id, cast.moderator.member_id
    assert await _acts(owner) == [
        ("topic.mark_answer", maria, None, first.id),
        ("topic.mark_answer", moderator, first.id, second.id),
        ("topic.unmark_answer", maria, second.id, None),
    ]
    async with db.read() as conn:
        grant = await access.topic_to_read(conn, cast.nikos, asked.topic_id)
        notices = await topics.list_notices(conn, grant, first=1, last=9)
    assert [(notice.act, notice.actor_id, notice.after_number) for notice in notices] == [
        ("mark_answer", maria, 3),
        ("mark_answer", moderator, 3),
        ("unmark_answer", maria, 3),
    ]
    (row,) = await owner.fetch("SELECT answered_at, answered_by_id FROM topics")
    assert tuple(row) == (None, None)


async def test_only_a_reply_of_the_topic_that_is_there_becomes_the_answer(
    db: Database, cast: Cast, asked: Started
) -> None:
    other = await writing.start(db, cast.maria, kind="question")
    elsewhere = await writing.reply(db, cast.nikos, other.topic_id)
    for post_id in (elsewhere.id, PostId(999_999_999)):
        with pytest.raises(Invalid) as invalid:
            await _mark(db, cast.maria, asked.topic_id, post_id)
        assert invalid.value.fields == {"post": ("unknown",)}
    with pytest.raises(Forbidden) as refused:
        await _mark(db, cast.maria, asked.topic_id, asked.first_post_id)
    assert refused.value.code == "not_a_reply"
    gone = await writing.reply(db, cast.nikos, asked.topic_id)
    await writing.delete(db, cast.nikos, gone.id)
    with pytest.raises(Forbidden) as refused:
        await _mark(db, cast.maria, asked.topic_id, gone.id)
    assert refused.value.code == "post_deleted"
    assert await _answer(db, cast, asked.topic_id) is None


async def test_the_mark_goes_with_the_reply_and_does_not_come_back_with_it(
    db: Database, cast: Cast, owner: RawConnection, asked: Started
) -> None:
    reply = await writing.reply(db, cast.nikos, asked.topic_id)
    other = await writing.reply(db, cast.nikos, asked.topic_id)
    await _mark(db, cast.maria, asked.topic_id, reply.id)
    await writing.edit(db, cast.nikos, reply.id, "Με ακουστικά όργανα και γεωραντάρ.")
    assert await _answer(db, cast, asked.topic_id) == reply.id, "an edit leaves it"
    await writing.delete(db, cast.nikos, other.id)
    assert await _answer(db, cast, asked.topic_id) == reply.id, "and so does what happens to another reply"
    await writing.delete(db, cast.nikos, reply.id)
    assert await _answer(db, cast, asked.topic_id) is None
    await writing.restore(db, cast.nikos, reply.id)
    assert await _answer(db, cast, asked.topic_id) is None
    assert (await _acts(owner))[-1] == ("topic.unmark_answer", cast.nikos.member_id, reply.id, None)
    await writing.assert_counters_are_rows(owner)


async def test_the_schema_keeps_the_answer_to_a_question_and_to_its_own_replies(
    db: Database, cast: Cast, owner: RawConnection, asked: Started
) -> None:
    said = await writing.start(db, cast.maria)
    own, of_other = (
        await writing.reply(db, cast.nikos, said.topic_id),
        await writing.reply(db, cast.nikos, asked.topic_id),
    )
    statement = "UPDATE topics SET answer_post_id = $2, answered_at = now(), answered_by_id = author_id WHERE id = $1"
    with pytest.raises(RawError, match="topics_answer_check"):
        await owner.execute(statement, said.topic_id, own.id)
    with pytest.raises(RawError, match="topics_answer_post_id_fkey"):
        await owner.execute(statement, asked.topic_id, own.id)
    await owner.execute(statement, asked.topic_id, of_other.id)
    with pytest.raises(RawError, match="topics_answer_check"):
        await owner.execute("UPDATE topics SET kind = 'discussion' WHERE id = $1", asked.topic_id)


async def test_two_marks_at_once_leave_one_answer(
    db: Database, cast: Cast, owner: RawConnection, asked: Started
) -> None:
    replies = [await writing.reply(db, cast.nikos, asked.topic_id) for _ in range(2)]
    people = (cast.maria, cast.moderator)
    await asyncio.gather(
        *(_mark(db, person, asked.topic_id, post.id) for person, post in zip(people, replies, strict=True))
    )
    last = await owner.fetchval(
        "SELECT after->>'answer_post_id' FROM audit_entries WHERE act = 'topic.mark_answer' ORDER BY id DESC LIMIT 1"
    )
    assert await _answer(db, cast, asked.topic_id) == int(last)
    entries = await _acts(owner)
    assert entries[1][2] == entries[0][3], "the second knew what it replaced"


async def test_no_reply_that_is_deleted_at_the_same_moment_stays_the_answer(
    db: Database, cast: Cast, owner: RawConnection, asked: Started
) -> None:
    for _ in range(5):
        reply = await writing.reply(db, cast.nikos, asked.topic_id)
        await asyncio.gather(
            _mark(db, cast.maria, asked.topic_id, reply.id),
            writing.delete(db, cast.nikos, reply.id),
            return_exceptions=True,
        )
        wrong = await owner.fetchval(
            "SELECT count(*) FROM topics JOIN posts ON posts.id = answer_post_id WHERE posts.deleted_at IS NOT NULL"
        )
        assert wrong == 0


async def test_the_first_page_brings_the_answer_from_wherever_it_stands(
    db: Database, cast: Cast, asked: Started
) -> None:
    replies = [await writing.reply(db, cast.nikos, asked.topic_id, f"Απάντηση {n}") for n in range(POSTS_A_PAGE + 5)]
    shown, answer = await _first_page(db, cast.sophie, asked.topic_id)
    assert (len(shown), answer) == (POSTS_A_PAGE, None)
    for reply in (replies[3], replies[-1]):
        await _mark(db, cast.maria, asked.topic_id, reply.id)
        shown, answer = await _first_page(db, cast.sophie, asked.topic_id)
        assert [post.number for post in shown] == list(range(1, POSTS_A_PAGE + 1))
        assert answer is not None
        assert (answer.id, answer.body, answer.author_name) == (reply.id, reply.body, cast.nikos.name)


async def test_questions_without_an_answer_are_listed_page_by_page(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    await writing.start(db, cast.maria, title="Συζήτηση")
    made = [
        await writing.start(db, person, title=f"Ερώτηση {n}", kind="question")
        for n, person in enumerate((cast.maria, cast.nikos, cast.maria, cast.nikos, cast.maria))
    ]
    answered, deleted = made[1], made[3]
    reply = await writing.reply(db, cast.sophie, answered.topic_id)
    await _mark(db, cast.nikos, answered.topic_id, reply.id)
    await writing.delete_topic(db, cast.nikos, deleted.topic_id)

    async def listed(municipality: str | None = None) -> list[TopicId]:
        found: list[TopicId] = []
        cursor: str | None = None
        async with db.read() as conn:
            grant = await access.category_to_read(conn, cast.sophie, "questions")
            while True:
                page = await topic_lists.list_unanswered(
                    conn, grant, sieve=Sieve(municipality=municipality), cursor=cursor, limit=2
                )
                found += [row.id for row in page.items]
                cursor = page.next
                if cursor is None:
                    return found

    assert await listed() == [made[4].topic_id, made[2].topic_id, made[0].topic_id]
    assert await listed(municipality="larnaca") == [made[4].topic_id, made[2].topic_id, made[0].topic_id]
    assert await listed(municipality="mytilene") == []
    await _unmark(db, cast.nikos, answered.topic_id)
    assert await listed(municipality="mytilene") == [answered.topic_id]
    assert {row.id: row.answer_post_id for row in await writing.listed(db, cast.sophie)}[answered.topic_id] is None


async def test_the_author_and_who_watches_or_chose_to_follow_are_told(
    db: Database, cast: Cast, owner: RawConnection, asked: Started
) -> None:
    reply = await writing.reply(db, cast.nikos, asked.topic_id)
    later = await writing.reply(db, cast.administrator, asked.topic_id)
    await telling.choose(db, cast.sophie, asked.topic_id, "follow")
    await telling.fan_out(db)
    await _mark(db, cast.moderator, asked.topic_id, reply.id)
    await telling.fan_out(db)
    rows = await owner.fetch("SELECT member_id, actor_id FROM notifications WHERE kind = 'answer'")
    assert {row["member_id"] for row in rows} == {
        cast.nikos.member_id,  # who wrote it
        cast.maria.member_id,  # who asked, and so watches
        cast.administrator.member_id,  # who replied later, likewise
        cast.sophie.member_id,
    }
    assert {row["actor_id"] for row in rows} == {cast.moderator.member_id}
    assert (
        await owner.fetchval("SELECT count(*) FROM notifications WHERE kind = 'reply' AND post_id = $1", reply.id) > 0
    )
    assert later.number == 3


async def test_who_does_not_follow_mutes_or_marks_is_not_told(
    db: Database, cast: Cast, owner: RawConnection, asked: Started
) -> None:
    reply = await writing.reply(db, cast.nikos, asked.topic_id)
    await telling.choose(db, cast.nikos, asked.topic_id, "mute")
    await telling.fan_out(db)
    await _mark(db, cast.maria, asked.topic_id, reply.id)
    await telling.fan_out(db)
    assert await owner.fetchval("SELECT count(*) FROM notifications WHERE kind = 'answer'") == 0


async def test_who_follows_everything_in_general_hears_of_their_own_reply_alone(
    db: Database, cast: Cast, owner: RawConnection, asked: Started
) -> None:
    reply = await writing.reply(db, cast.nikos, asked.topic_id)
    await telling.choose(db, cast.nikos, asked.topic_id, "follow")
    await telling.choose_category(db, cast.sophie, "follow")
    await telling.fan_out(db)
    await _mark(db, cast.maria, asked.topic_id, reply.id)
    await telling.fan_out(db)
    assert await telling.told(owner, reply.id) == {cast.maria.member_id: "reply", cast.nikos.member_id: "answer"}


async def test_a_mark_that_is_gone_before_its_turn_is_told_to_nobody_and_the_same_one_is_told_once(
    db: Database, cast: Cast, owner: RawConnection, asked: Started
) -> None:
    reply = await writing.reply(db, cast.nikos, asked.topic_id)
    await telling.fan_out(db)
    await _mark(db, cast.maria, asked.topic_id, reply.id)
    await _unmark(db, cast.maria, asked.topic_id)
    await telling.fan_out(db)
    count = "SELECT count(*) FROM notifications WHERE kind = 'answer'"
    assert await owner.fetchval(count) == 0
    for _ in range(2):
        await _mark(db, cast.maria, asked.topic_id, reply.id)
        await telling.fan_out(db)
        await _unmark(db, cast.maria, asked.topic_id)
    assert await owner.fetchval(count) == 1


async def test_what_is_told_is_new_though_the_reply_was_read_and_seen_with_the_topic(
    db: Database, cast: Cast, owner: RawConnection, asked: Started
) -> None:
    reply = await writing.reply(db, cast.nikos, asked.topic_id)
    await telling.fan_out(db)
    await writing.mark_read(db, cast.nikos, asked.topic_id, reply.number)
    await _mark(db, cast.maria, asked.topic_id, reply.id)
    await telling.fan_out(db)
    async with db.read() as conn:
        (told,) = (await notifications.list_notifications(conn, cast.nikos)).items
    assert (told.kind, told.is_unread, told.post_id) == ("answer", True, reply.id)
    assert (told.actor_name, told.actor_organisation_slug) == (cast.maria.name, "larnaca")
    seen: list[int] = []
    await db.note(lambda once: notifications.read_topic(once, cast.nikos, asked.topic_id, 1, seen))
    assert seen == [1], "every page of the topic says it"
