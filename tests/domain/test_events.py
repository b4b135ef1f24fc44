"""Announcing: each write tells what it did once it is committed and never before, and only in numbers."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from forum.db import Database, RawConnection
from forum.domain import access, events, posts, topics
from forum.domain.events import Event, Hearer, Kind
from forum.domain.idempotency import make
from forum.domain.posts import Reply
from forum.domain.topics import Started
from forum.errors import NotFound
from tests.cast import Cast
from tests.domain import writing
from tests.domain.writing import rendered

Heard = list[dict[str, Any]]


@pytest.fixture
async def heard(owner: RawConnection) -> AsyncIterator[Heard]:
    """What was announced, in order."""
    messages: Heard = []

    def take(*given: object) -> None:
        messages.append(json.loads(str(given[3])))

    await owner.add_listener(events.CHANNEL, take)
    yield messages
    await owner.remove_listener(events.CHANNEL, take)


async def _settle(owner: RawConnection) -> None:
    """Let what was sent arrive: the server sends it before it answers."""
    await owner.fetchval("SELECT 1")
    await asyncio.sleep(0.05)


async def test_a_new_topic_and_a_reply_are_posts(db: Database, cast: Cast, owner: RawConnection, heard: Heard) -> None:
    started = await writing.start(db, cast.maria)
    post = await writing.reply(db, cast.nikos, started.topic_id)
    await _settle(owner)
    assert heard == [
        {
            "kind": "post.created",
            "topic_id": started.topic_id,
            "actor_id": cast.maria.member_id,
            "post_id": started.first_post_id,
            "number": 1,
        },
        {
            "kind": "post.created",
            "topic_id": started.topic_id,
            "actor_id": cast.nikos.member_id,
            "post_id": post.id,
            "number": 2,
        },
    ]
    assert events.heard(json.dumps(heard[1])) == Event(
        Kind.POST_CREATED, started.topic_id, cast.nikos.member_id, post_id=post.id, number=2
    )


async def test_nothing_is_announced_before_the_commit_and_nothing_of_what_is_rolled_back(
    db: Database, cast: Cast, owner: RawConnection, heard: Heard
) -> None:
    started = await writing.start(db, cast.maria)
    await _settle(owner)
    heard.clear()
    with contextlib.suppress(ZeroDivisionError):
        async with db.write() as tx:
            await _reply(tx, cast, started)
            raise ZeroDivisionError
    async with db.write() as tx:
        await _reply(tx, cast, started)
        await _settle(owner)
        assert heard == [], "it is not committed yet"
    await _settle(owner)
    assert [(one["kind"], one["number"]) for one in heard] == [("post.created", 2)]


async def _reply(tx: Any, cast: Cast, started: Started) -> None:
    grant = await access.topic_to_reply(tx, cast.nikos, started.topic_id)
    await posts.reply(tx, grant, Reply("Εμείς", rendered("Εμείς")))


async def test_the_same_reply_sent_again_is_announced_once(
    db: Database, cast: Cast, owner: RawConnection, heard: Heard
) -> None:
    started = await writing.start(db, cast.maria)
    for _ in range(2):
        async with db.write() as tx:
            grant = await access.topic_to_reply(tx, cast.nikos, started.topic_id)
            await posts.reply(tx, grant, Reply("Εμείς", rendered("Εμείς"), key=make("k", "posts.reply", "Εμείς")))
    await _settle(owner)
    assert [one["number"] for one in heard] == [1, 2]


async def test_what_changes_a_post_or_a_topic_is_announced_with_the_act(
    db: Database, cast: Cast, owner: RawConnection, heard: Heard
) -> None:
    started = await writing.start(db, cast.maria)
    post = await writing.reply(db, cast.nikos, started.topic_id)
    await _settle(owner)
    heard.clear()
    async with db.write() as tx:
        grant = await access.post_to_edit(tx, cast.nikos, post.id)
        await posts.edit(tx, grant, body="Άλλα", rendered=rendered("Άλλα"), title=None)
    async with db.write() as tx:
        await posts.delete(tx, await access.post_to_delete(tx, cast.nikos, post.id))
    async with db.write() as tx:
        await posts.restore(tx, await access.post_to_restore(tx, cast.nikos, post.id))
    async with db.write() as tx:
        first = await access.first_post_to_edit(tx, cast.maria, started.topic_id)
        await posts.edit(tx, first, body=first.post.body, rendered=rendered("Α"), title="Άλλος τίτλος")
    for act in (topics.pin, topics.unpin):
        async with db.write() as tx:
            await act(tx, await access.topic_to_moderate(tx, cast.moderator, started.topic_id))
    async with db.write() as tx:
        await topics.lock(tx, await access.topic_to_moderate(tx, cast.moderator, started.topic_id), "Τέλος")
    async with db.write() as tx:
        await topics.unlock(tx, await access.topic_to_moderate(tx, cast.moderator, started.topic_id))
    async with db.write() as tx:
        await topics.mark_internal(tx, await access.topic_to_mark_internal(tx, cast.maria, started.topic_id), True)
    await _settle(owner)
    assert [(one["kind"], one.get("number"), one["act"]) for one in heard] == [
        ("post.updated", 2, "edit"),
        ("post.updated", 2, "delete"),
        ("post.updated", 2, "restore"),
        ("post.updated", 1, "edit"),
        ("topic.updated", None, "rename"),
        ("topic.updated", None, "pin"),
        ("topic.updated", None, "unpin"),
        ("topic.updated", None, "lock"),
        ("topic.updated", None, "unlock"),
        ("topic.updated", None, "mark_internal"),
    ]
    assert all(isinstance(value, int) for one in heard for name, value in one.items() if name not in {"kind", "act"})


async def test_deleting_a_topic_and_bringing_it_back_is_announced(
    db: Database, cast: Cast, owner: RawConnection, heard: Heard
) -> None:
    started = await writing.start(db, cast.maria)
    async with db.write() as tx:
        await topics.delete(tx, await access.topic_to_delete(tx, cast.maria, started.topic_id))
    async with db.write() as tx:
        await topics.restore(tx, await access.topic_to_restore(tx, cast.maria, started.topic_id))
    await _settle(owner)
    assert [one.get("act") for one in heard] == [None, "delete", "restore"]


async def test_who_may_hear_is_who_may_read(db: Database, cast: Cast) -> None:
    there, gone = await writing.start(db, cast.maria), await writing.start(db, cast.maria)
    async with db.write() as tx:
        await topics.delete(tx, await access.topic_to_delete(tx, cast.maria, gone.topic_id))
    people, ids = cast.everyone().values(), (there.topic_id, gone.topic_id)
    asked = [Hearer(person.member_id, id) for person in people for id in ids]
    async with db.read() as conn:
        hearers = set(await events.list_hearers(conn, asked))
        readers: set[Hearer] = set()
        for person in people:
            for id in ids:
                with contextlib.suppress(NotFound):
                    await access.topic_to_read(conn, person, id)
                    readers.add(Hearer(person.member_id, id))
    assert hearers == readers
    assert 0 < len(readers) < len(asked)


@pytest.mark.parametrize("text", ["", "x", "[]", "1", "{}", '{"kind": "post.created"}', '{"kind": "a", "topic_id": 1}'])
def test_a_message_that_is_none_of_ours_is_passed_over(text: str) -> None:
    assert events.heard(text) is None
