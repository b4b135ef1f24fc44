"""What is chosen stands until it is taken back, and is seen where one looks for it."""

from __future__ import annotations

from typing import Any

import pytest

from forum.db import Database, RawConnection
from forum.domain import access, sessions, subscriptions, visits
from forum.domain.actors import Actor
from forum.domain.entities import CategoryId, GroupId, TopicId
from forum.domain.levels import Level
from forum.domain.visits import Visit
from forum.errors import Forbidden, NotFound
from tests.cast import Cast
from tests.domain import telling


async def _visit(db: Database, actor: Actor, topic_id: TopicId) -> Visit:
    async with db.write() as tx:
        key = await sessions.open(tx, actor.member_id, address="127.0.0.1", agent="")
    async with db.read() as conn:
        _, visit = await visits.session_and_topic(conn, key, topic_id)
    assert visit is not None
    return visit


async def _set(db: Database, owner: RawConnection, cast: Cast, group: str, level: Level) -> tuple[Any, Any]:
    category = await owner.fetchval("SELECT id FROM categories WHERE slug = 'questions'")
    group_id = await owner.fetchval("SELECT id FROM groups WHERE slug = $1", group)
    async with db.write() as tx:
        grant = access.to_administer(cast.administrator)
        await subscriptions.choose_for_group(tx, grant, CategoryId(category), GroupId(group_id), level)
    return category, group_id


async def test_the_first_that_is_there_counts_topic_category_group_rule(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    topic = (await telling.start(db, cast.maria)).topic_id
    assert (await _visit(db, cast.maria, topic)).level == "watch", "one watches what one started"
    assert (await _visit(db, cast.nikos, topic)).level == "follow"
    await _set(db, owner, cast, "region-cyprus", "mute")
    assert (await _visit(db, cast.maria, topic)).level == "mute"
    await _set(db, owner, cast, "organisation-larnaca", "follow")
    assert (await _visit(db, cast.maria, topic)).level == "follow", "of several groups the one that says most"
    await telling.choose_category(db, cast.maria, "watch")
    assert (await _visit(db, cast.maria, topic)).level == "watch"
    await telling.choose(db, cast.maria, topic, "mute")
    visit = await _visit(db, cast.maria, topic)
    assert (visit.topic_level, visit.category_level, visit.level) == ("mute", "watch", "mute")
    await telling.choose(db, cast.maria, topic, None)
    await telling.choose_category(db, cast.maria, None)
    assert (await _visit(db, cast.maria, topic)).level == "follow"


async def test_one_watches_what_one_answered_and_what_ones_municipality_started(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    of_maria, of_sophie = await telling.start(db, cast.maria), await telling.start(db, cast.sophie)
    assert (await _visit(db, cast.nikos, of_maria.topic_id)).level == "follow"
    await telling.reply(db, cast.nikos, of_maria.topic_id)
    assert (await _visit(db, cast.nikos, of_maria.topic_id)).level == "watch"
    # The administrator belongs to sophie's association, which is no municipality.
    assert (await _visit(db, cast.administrator, of_sophie.topic_id)).level == "follow"
    await owner.execute(
        "UPDATE members SET organisation_id = $2 WHERE id = $1", cast.nikos.member_id, cast.maria.organisation_id
    )
    another = await telling.start(db, cast.maria)
    assert (await _visit(db, cast.nikos, another.topic_id)).level == "watch"


async def test_what_was_chosen_is_listed_as_far_as_one_may_read_it(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    topics = [(await telling.start(db, cast.maria)).topic_id for _ in range(3)]
    for topic, level in zip(topics, ("watch", "follow", "mute"), strict=True):
        await telling.choose(db, cast.nikos, topic, level)  # type: ignore[arg-type]  # a level
    await telling.choose_category(db, cast.nikos, "mute")

    async def listed(limit: int = 50) -> list[tuple[int, str]]:
        found: list[tuple[int, str]] = []
        cursor: str | None = None
        async with db.read() as conn:
            while True:
                page = await subscriptions.list_topics(conn, cast.nikos, cursor=cursor, limit=limit)
                found += [(choice.topic_id, choice.level) for choice in page.items]
                cursor = page.next
                if cursor is None:
                    return found

    expected = list(zip(reversed(topics), ("mute", "follow", "watch"), strict=True))
    assert await listed() == await listed(1) == expected
    async with db.read() as conn:
        categories = {choice.slug: choice.level for choice in await subscriptions.list_categories(conn, cast.nikos)}
        assert categories["questions"] == "mute"
        assert categories["guides"] is None
        assert await subscriptions.list_categories(conn, cast.stranger) == []
    await owner.execute("UPDATE topics SET deleted_at = now(), deleted_by_id = author_id WHERE id = $1", topics[2])
    assert await listed() == expected[1:]
    await owner.execute("DELETE FROM grants")
    assert await listed() == []


async def test_nobody_chooses_for_what_they_may_not_read(db: Database, cast: Cast) -> None:
    topic = (await telling.start(db, cast.maria)).topic_id
    with pytest.raises(NotFound):
        await telling.choose(db, cast.stranger, topic, "watch")
    with pytest.raises(NotFound):
        await telling.choose_category(db, cast.stranger, "watch")


async def test_only_administrators_choose_for_groups_and_the_log_says_so(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    with pytest.raises(Forbidden):
        access.to_administer(cast.moderator)
    category, group = await _set(db, owner, cast, "region-cyprus", "watch")
    grant = access.to_administer(cast.administrator)
    async with db.write() as tx:
        await subscriptions.choose_for_group(tx, grant, category, group, "watch")
        await subscriptions.choose_for_group(tx, grant, category, group, "follow")
        await subscriptions.choose_for_group(tx, grant, category, group, "watch")
        (level,) = await subscriptions.list_group_levels(tx, grant)
        assert (level.category_id, level.group_slug, level.level) == (category, "region-cyprus", "watch")
        categories, groups = await subscriptions.list_offered(tx, grant)
        assert len(categories) == 5
        assert groups[0].slug in {"moderators", "administrators"}
        await subscriptions.clear_for_group(tx, grant, category, group)
        assert await subscriptions.list_group_levels(tx, grant) == []
    rows = await owner.fetch(
        "SELECT act, before->>'level', after->>'level' FROM audit_entries"
        " WHERE act LIKE 'category.%' AND actor_id = $1 AND before->'group_id' = after->'group_id' ORDER BY id",
        cast.administrator.member_id,
    )
    assert [tuple(row) for row in rows] == [
        ("category.group_level_set", None, "watch"),
        ("category.group_level_set", "watch", "follow"),
        ("category.group_level_set", "follow", "watch"),
        ("category.group_level_cleared", "watch", None),
    ]
    with pytest.raises(NotFound):
        async with db.write() as tx:
            await subscriptions.clear_for_group(tx, grant, category, group)
    with pytest.raises(NotFound):
        async with db.write() as tx:
            await subscriptions.choose_for_group(tx, grant, category, GroupId(999_999), "watch")
