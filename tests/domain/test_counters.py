"""Counters that are wrong are found, whatever made them so, and counted anew; what is right stays as it is."""

from __future__ import annotations

import asyncio

import pytest

from forum.db import Database, RawConnection
from forum.domain import counters
from forum.domain.counters import Wrong
from forum.domain.entities import TopicId
from tests.cast import Cast
from tests.domain import writing


async def _wrong(db: Database) -> list[Wrong]:
    async with db.read() as conn:
        return await counters.list_wrong(conn)


async def _repair(db: Database) -> None:
    async with db.write() as tx:
        await counters.repair(tx, await counters.list_wrong(tx))


async def _rows(owner: RawConnection) -> list[str]:
    """Return all there is to count, but for the versions, which every change draws anew."""
    rows = []
    for table in ("categories", "topics", "posts", "post_revisions"):
        rows += [
            str(row[0])
            for row in await owner.fetch(f"SELECT (to_jsonb(t) - 'version')::text FROM {table} AS t ORDER BY 1")
        ]
    return rows


async def _busy_topic(db: Database, cast: Cast) -> TopicId:
    started = await writing.start(db, cast.maria)
    replies = [await writing.reply(db, cast.nikos, started.topic_id) for _ in range(3)]
    await writing.edit(db, cast.maria, started.first_post_id, "Διορθωμένο")
    await writing.delete(db, cast.nikos, replies[-1].id)
    return started.topic_id


async def test_what_the_forum_wrote_itself_is_exact(db: Database, cast: Cast) -> None:
    await _busy_topic(db, cast)
    await writing.delete_topic(db, cast.sophie, (await writing.start(db, cast.sophie)).topic_id)
    assert await _wrong(db) == []


@pytest.mark.parametrize(
    ("damage", "kind"),
    [
        ("UPDATE categories SET topic_count = topic_count + 3 WHERE slug = 'questions'", "category"),
        ("UPDATE storage_room SET taken = taken + 1", "storage"),
        ("UPDATE topics SET post_count = post_count + 1", "topic"),
        ("UPDATE topics SET reply_count = reply_count - 1", "topic"),
        ("UPDATE topics SET last_post_number = 1", "topic"),
        ("UPDATE topics SET last_post_at = last_post_at - interval '1 second'", "topic"),
        ("UPDATE topics SET last_author_id = author_id", "topic"),
        ("UPDATE posts SET revision_count = 7 WHERE revision_count > 0", "post"),
        ("UPDATE posts SET revision_count = 0, edited_at = NULL", "post"),
        ("UPDATE posts SET revision_count = 1, edited_at = created_at WHERE number = 2", "post"),
    ],
)
async def test_each_counter_that_is_wrong_is_found_and_counted_anew(
    db: Database, cast: Cast, owner: RawConnection, damage: str, kind: str
) -> None:
    await _busy_topic(db, cast)
    before = await _rows(owner)
    await owner.execute(damage)
    assert [found.kind for found in await _wrong(db)] == [kind]
    await _repair(db)
    assert await _wrong(db) == []
    assert await _rows(owner) == before, "to the last column what it was"
    await writing.assert_counters_are_rows(owner)


async def test_counting_anew_while_members_write_loses_nothing(db: Database, cast: Cast, owner: RawConnection) -> None:
    topic = await _busy_topic(db, cast)
    await owner.execute("UPDATE topics SET reply_count = 0; UPDATE categories SET topic_count = 9")
    await asyncio.gather(
        *(writing.reply(db, person, topic) for person in (cast.maria, cast.sophie) * 4),
        _repair(db),
        *(writing.start(db, cast.nikos) for _ in range(3)),
    )
    assert await _wrong(db) == []
    await writing.assert_counters_are_rows(owner)
