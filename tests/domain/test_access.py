"""The door: who gets in where, that absent and invisible are the same, and that rights hold at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

import pytest

from forum.db import Conn, Database, RawConnection, Tx
from forum.domain import access
from forum.domain.actors import Actor
from forum.domain.entities import PostId, TopicId
from forum.errors import BadRequest, Forbidden, NotFound, Unavailable
from tests.cast import Cast
from tests.domain import writing

NOBODYS: Final = 999_999_999

BY_SLUG: Final[list[Callable[..., Awaitable[Any]]]] = [
    access.category_to_see,
    access.category_to_read,
    access.category_to_start,
]
BY_TOPIC: Final[list[Callable[..., Awaitable[Any]]]] = [
    access.topic_to_read,
    access.topic_to_reply,
    access.topic_to_moderate,
    access.topic_to_mark_internal,
    access.topic_to_mark_answer,
    access.topic_to_delete,
    access.topic_to_restore,
    access.first_post_to_edit,
]
BY_POST: Final[list[Callable[..., Awaitable[Any]]]] = [
    access.post_to_read,
    access.post_to_edit,
    access.post_to_delete,
    access.post_to_restore,
]

RIGHTS: Final = {
    # person: (questions, proposals, announcements), each the rights held there
    "administrator": ("all", "all", "all"),
    "moderator": ("all", "all", "all"),
    "maria": ("participant", "commenter", "reader"),
    "nikos": ("participant", "commenter", "reader"),
    "sophie": ("participant", "participant", "participant"),
    "stranger": (None, None, None),
    "suspended": (None, None, None),
}
NAMES: Final[dict[str, tuple[str, ...]]] = {
    "all": ("see", "read", "start", "reply", "vote", "attach", "moderate"),
    "participant": ("see", "read", "start", "reply", "vote", "attach"),
    "commenter": ("see", "read", "reply"),
    "reader": ("see", "read"),
}


async def _ask(db: Database, door: Callable[..., Awaitable[Any]], actor: Actor, what: object) -> Any:
    async with db.write() as tx:
        return await door(tx, actor, what)


async def _open_halfway(owner: RawConnection, slug: str = "guides") -> None:
    """Let the stranger's organisation see a category, no more."""
    await owner.execute(
        "INSERT INTO grants SELECT categories.id, groups.id, true, false, false, false, false, false, false "
        "FROM categories, groups WHERE categories.slug = $1 AND groups.slug = 'organisation-adriatic-cities'",
        slug,
    )


async def test_everyone_holds_the_rights_of_their_groups(db: Database, cast: Cast) -> None:
    assert RIGHTS.keys() == cast.everyone().keys()
    for person, actor in cast.everyone().items():
        for slug, stage in zip(("questions", "proposals", "announcements"), RIGHTS[person], strict=True):
            if stage is None:
                with pytest.raises(NotFound):
                    await _ask(db, access.category_to_see, actor, slug)
                continue
            category = await _ask(db, access.category_to_see, actor, slug)
            assert category.slug == slug
            assert category.rights.names() == NAMES[stage], (person, slug)


async def test_an_absent_and_an_invisible_category_are_the_same(db: Database, cast: Cast) -> None:
    for door in BY_SLUG:
        with pytest.raises(NotFound) as invisible:
            await _ask(db, door, cast.stranger, "questions")
        with pytest.raises(NotFound) as absent:
            await _ask(db, door, cast.maria, "nowhere")
        assert invisible.value.args == absent.value.args


async def test_a_category_that_may_be_seen_is_not_one_that_may_be_read(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    started = await writing.start(db, cast.sophie, category="guides")
    await _open_halfway(owner)
    category = await _ask(db, access.category_to_see, cast.stranger, "guides")
    assert category.rights.names() == ("see",)
    assert category.topic_count == 0, "how much stands in it is not for them"
    for door in BY_SLUG[1:]:
        with pytest.raises(Forbidden):
            await _ask(db, door, cast.stranger, "guides")
    for door in BY_TOPIC:
        with pytest.raises(NotFound):
            await _ask(db, door, cast.stranger, started.topic_id)


async def test_readers_and_commenters_do_not_start_topics(db: Database, cast: Cast) -> None:
    for slug, code in (("announcements", "cannot_start"), ("proposals", "can_only_reply")):
        assert (await _ask(db, access.category_to_read, cast.maria, slug)).category.slug == slug
        with pytest.raises(Forbidden) as refused:
            await _ask(db, access.category_to_start, cast.maria, slug)
        assert refused.value.code == code


async def test_absent_and_invisible_topics_and_posts_are_the_same(db: Database, cast: Cast) -> None:
    started = await writing.start(db, cast.maria)
    answers = set()
    for doors, existing in ((BY_TOPIC, started.topic_id), (BY_POST, started.first_post_id)):
        for door in doors:
            for actor, what in ((cast.stranger, existing), (cast.suspended, existing), (cast.maria, NOBODYS)):
                with pytest.raises(NotFound) as caught:
                    await _ask(db, door, actor, what)
                answers.add((caught.value.args, caught.value.code))
    assert len(answers) == 1


async def test_what_no_id_and_no_slug_can_be_is_a_bad_request(db: Database, cast: Cast) -> None:
    for door in (*BY_TOPIC, *BY_POST):
        for number in (2**63, -(2**63) - 1, 10**30):
            with pytest.raises(BadRequest):
                await _ask(db, door, cast.maria, number)
        for number in (0, -1):
            with pytest.raises(NotFound):
                await _ask(db, door, cast.maria, number)
    for door in BY_SLUG:
        for slug in ("a\0b", "\ud800"):
            with pytest.raises(BadRequest):
                await _ask(db, door, cast.maria, slug)


async def test_a_topics_door_asks_its_rule(db: Database, cast: Cast) -> None:
    started = await writing.start(db, cast.maria)
    await _assert_answers(
        db,
        started.topic_id,
        [
            (access.topic_to_reply, cast.nikos, None),
            (access.topic_to_moderate, cast.nikos, "cannot_moderate"),
            (access.topic_to_moderate, cast.maria, "cannot_moderate"),
            (access.topic_to_moderate, cast.moderator, None),
            (access.topic_to_mark_internal, cast.nikos, "not_author"),
            (access.topic_to_mark_internal, cast.maria, None),
            (access.topic_to_mark_internal, cast.moderator, None),
            (access.first_post_to_edit, cast.maria, None),
            (access.first_post_to_edit, cast.moderator, "not_author"),
            (access.topic_to_delete, cast.maria, None),
            (access.topic_to_delete, cast.moderator, "not_author"),
            (access.topic_to_restore, cast.maria, "not_deleted"),
        ],
    )


async def test_the_answer_of_a_question_is_for_whoever_asked_and_moderators(db: Database, cast: Cast) -> None:
    asked, said = await writing.start(db, cast.maria, kind="question"), await writing.start(db, cast.maria)
    door = access.topic_to_mark_answer
    await _assert_answers(
        db, asked.topic_id, [(door, cast.maria, None), (door, cast.moderator, None), (door, cast.nikos, "not_author")]
    )
    await _assert_answers(db, said.topic_id, [(door, cast.maria, "not_a_question")])


async def test_a_posts_door_asks_its_rule(db: Database, cast: Cast) -> None:
    started = await writing.start(db, cast.maria)
    post = await writing.reply(db, cast.nikos, started.topic_id)
    await _assert_answers(
        db,
        post.id,
        [
            (access.post_to_read, cast.maria, None),
            (access.post_to_edit, cast.nikos, None),
            (access.post_to_edit, cast.maria, "not_author"),
            (access.post_to_edit, cast.moderator, "not_author"),
            (access.post_to_delete, cast.nikos, None),
            (access.post_to_delete, cast.moderator, "not_author"),
            (access.post_to_restore, cast.nikos, "not_deleted"),
        ],
    )


async def _assert_answers(
    db: Database, what: int, expected: list[tuple[Callable[..., Awaitable[Any]], Actor, str | None]]
) -> None:
    for door, actor, code in expected:
        if code is None:
            grant = await _ask(db, door, actor, what)
            assert grant.actor == actor
            assert what in {grant.topic.id, getattr(grant, "post", grant.topic).id}
            continue
        with pytest.raises(Forbidden) as refused:
            await _ask(db, door, actor, what)
        assert refused.value.code == code, (door, actor.name)


async def test_the_first_post_is_reached_by_its_topic_and_by_itself(db: Database, cast: Cast) -> None:
    started = await writing.start(db, cast.maria)
    by_topic = await _ask(db, access.first_post_to_edit, cast.maria, started.topic_id)
    by_post = await _ask(db, access.post_to_edit, cast.maria, started.first_post_id)
    assert by_topic == by_post
    assert by_topic.post.number == 1
    with pytest.raises(Forbidden) as refused:
        await _ask(db, access.post_to_delete, cast.maria, started.first_post_id)
    assert refused.value.code == "first_post"


async def test_a_locked_topic_takes_posts_of_moderators_only(db: Database, cast: Cast) -> None:
    started = await writing.start(db, cast.maria)
    await writing.lock(db, cast.moderator, started.topic_id)
    for person in (cast.maria, cast.nikos, cast.sophie):
        with pytest.raises(Forbidden) as refused:
            await _ask(db, access.topic_to_reply, person, started.topic_id)
        assert refused.value.code == "topic_locked"
    assert (await _ask(db, access.topic_to_reply, cast.moderator, started.topic_id)).topic.is_locked


async def test_a_deleted_topic_is_there_for_its_author_and_for_moderators_only(db: Database, cast: Cast) -> None:
    started = await writing.start(db, cast.maria)
    await writing.delete_topic(db, cast.maria, started.topic_id)
    for person in (cast.nikos, cast.sophie):
        with pytest.raises(NotFound):
            await _ask(db, access.topic_to_read, person, started.topic_id)
        with pytest.raises(NotFound):
            await _ask(db, access.post_to_read, person, started.first_post_id)
    for person in (cast.maria, cast.moderator, cast.administrator):
        assert (await _ask(db, access.topic_to_read, person, started.topic_id)).topic.is_deleted
        with pytest.raises(Forbidden) as refused:
            await _ask(db, access.topic_to_reply, person, started.topic_id)
        assert refused.value.code == "topic_deleted"


async def test_a_deleted_posts_words_are_for_who_deleted_it(db: Database, cast: Cast) -> None:
    started = await writing.start(db, cast.maria)
    post = await writing.reply(db, cast.nikos, started.topic_id, "Κάτι που μετάνιωσα")
    await writing.delete(db, cast.nikos, post.id)
    own = (await _ask(db, access.post_to_read, cast.nikos, post.id)).post
    assert own.is_deleted
    assert own.body == "Κάτι που μετάνιωσα"
    for person in (cast.maria, cast.moderator, cast.administrator):
        seen = (await _ask(db, access.post_to_read, person, post.id)).post
        assert seen.is_deleted
        assert (seen.body, seen.html) == ("", "")


async def test_a_change_of_rights_holds_from_the_next_request_on(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    started = await writing.start(db, cast.maria)
    assert await _ask(db, access.topic_to_read, cast.nikos, started.topic_id)
    await owner.execute(
        "DELETE FROM grants USING groups WHERE groups.id = grants.group_id AND groups.slug = 'region-north-aegean'"
    )
    with pytest.raises(NotFound):
        await _ask(db, access.topic_to_read, cast.nikos, started.topic_id)
    assert await _ask(db, access.topic_to_read, cast.maria, started.topic_id)


async def test_a_grant_for_writing_holds_the_topic_until_the_transaction_ends(db: Database, cast: Cast) -> None:
    started = await writing.start(db, cast.maria)
    async with db.write() as tx:
        await access.topic_to_reply(tx, cast.nikos, started.topic_id)
        with pytest.raises(Unavailable):
            await _ask(db, access.topic_to_reply, cast.sophie, started.topic_id)
    assert await _ask(db, access.topic_to_reply, cast.sophie, started.topic_id)


async def test_reading_waits_for_nobody(db: Database, cast: Cast) -> None:
    started = await writing.start(db, cast.maria)

    async def read(conn: Conn, topic_id: TopicId, post_id: PostId) -> None:
        await access.topic_to_read(conn, cast.nikos, topic_id)
        await access.post_to_read(conn, cast.nikos, post_id)
        await access.category_to_read(conn, cast.nikos, "questions")

    async with db.write() as tx:
        assert isinstance(tx, Tx)
        await access.topic_to_delete(tx, cast.maria, started.topic_id)
        async with db.read() as conn:
            await read(conn, started.topic_id, started.first_post_id)


async def test_administering_is_for_administrators(cast: Cast) -> None:
    assert access.to_administer(cast.administrator).actor == cast.administrator
    for person in (cast.moderator, cast.maria, cast.sophie, cast.stranger):
        with pytest.raises(Forbidden):
            access.to_administer(person)
