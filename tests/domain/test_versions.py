"""Whatever changes on a page changes what its key is made of: a topic's version, the foundations, a member's stamp."""

from __future__ import annotations

import asyncio

import pytest

from forum.db import Database, RawConnection, connect
from forum.domain import access, instants, permissions, posts, reading, sessions, topics, visits
from forum.domain.actors import Actor
from forum.domain.entities import Stamp, TopicId
from forum.domain.posts import Reply
from forum.postgres import Endpoint
from tests.cast import Cast
from tests.domain import telling, writing


async def _version(db: Database, actor: Actor, topic_id: TopicId) -> int:
    async with db.read() as conn:
        return (await access.topic_to_read(conn, actor, topic_id)).topic.version


async def _session(db: Database, actor: Actor) -> str:
    async with db.write() as tx:
        return await sessions.open(tx, actor.member_id, address="127.0.0.1", agent="")


async def _stamp(db: Database, key: str) -> Stamp:
    async with db.read() as conn:
        found = await sessions.actor(conn, key)
    assert found is not None
    assert found.stamp is not None
    return found.stamp


async def test_every_act_on_a_topic_gives_it_another_version(db: Database, cast: Cast) -> None:
    started = await writing.start(db, cast.maria)
    topic_id = started.topic_id
    seen = [await _version(db, cast.maria, topic_id)]

    async def see(what: str) -> None:
        version = await _version(db, cast.maria, topic_id)
        assert version > max(seen), what
        seen.append(version)

    post = await writing.reply(db, cast.nikos, topic_id)
    await see("reply")
    await writing.edit(db, cast.nikos, post.id, "Άλλα λόγια")
    await see("edit")
    await writing.delete(db, cast.nikos, post.id)
    await see("delete")
    await writing.restore(db, cast.nikos, post.id)
    await see("restore")
    await writing.edit(db, cast.maria, started.first_post_id, "Πώς;", "Νέος τίτλος")
    await see("title")
    await writing.lock(db, cast.moderator, topic_id)
    await see("lock")
    async with db.write() as tx:
        await topics.unlock(tx, await access.topic_to_moderate(tx, cast.moderator, topic_id))
    await see("unlock")
    await writing.pin(db, cast.moderator, topic_id)
    await see("pin")
    async with db.write() as tx:
        await topics.mark_internal(tx, await access.topic_to_mark_internal(tx, cast.moderator, topic_id), True)
    await see("internal")


async def test_reading_and_drafts_leave_the_version(db: Database, cast: Cast) -> None:
    started = await writing.start(db, cast.maria)
    before = await _version(db, cast.maria, started.topic_id)
    await writing.mark_read(db, cast.nikos, started.topic_id, 1)
    assert await _version(db, cast.maria, started.topic_id) == before


@pytest.mark.parametrize(
    "act",
    [
        "UPDATE network SET name_el = 'Άλλο όνομα'",
        "UPDATE network SET requires_second_factor = true",
        "INSERT INTO second_factors (member_id, secret) SELECT min(id), repeat('A', 32) FROM members",
        "INSERT INTO members (name, email, organisation_id, password_hash) SELECT 'Νέο μέλος', 'n@example.org', 1, 'x'",
        "UPDATE members SET name = 'Άλλο όνομα' WHERE id = (SELECT min(id) FROM members)",
        "UPDATE members SET suspended_until = 'infinity', suspension_reason = 'spam'"
        " WHERE id = (SELECT max(id) FROM members)",
        "UPDATE organisations SET name_el = 'Άλλος Δήμος' WHERE slug = 'larnaca'",
        "UPDATE regions SET name_en = 'Another' WHERE slug = 'cyprus'",
        "UPDATE categories SET name_el = 'Απορίες' WHERE slug = 'questions'",
        "DELETE FROM grants WHERE category_id = (SELECT id FROM categories WHERE slug = 'guides')",
        "UPDATE grants SET can_start = false, can_vote = false",
        "DELETE FROM group_members",
        "INSERT INTO groups (slug, kind, name_el, name_en) VALUES ('new', 'free', 'Νέα', 'New')",
        "UPDATE topics SET category_id = (SELECT id FROM categories WHERE slug = 'guides')",
        "INSERT INTO group_levels (category_id, group_id, level) SELECT min(categories.id), min(groups.id), 'mute' "
        "FROM categories, groups",
    ],
)
async def test_what_pages_everywhere_rest_on_changes_the_stamp(
    db: Database, cast: Cast, owner: RawConnection, act: str
) -> None:
    await writing.start(db, cast.maria)
    key = await _session(db, cast.maria)
    before = await _stamp(db, key)
    assert await _stamp(db, key) == before
    await owner.execute(act)
    assert (await _stamp(db, key)).foundations > before.foundations


async def test_a_members_marks_change_their_stamp_and_no_other(db: Database, cast: Cast) -> None:
    started = await writing.start(db, cast.maria)
    nikos, maria = await _session(db, cast.nikos), await _session(db, cast.maria)
    before = await _stamp(db, nikos), await _stamp(db, maria)
    await writing.mark_read(db, cast.nikos, started.topic_id, 1)
    assert (await _stamp(db, nikos)).reads > before[0].reads
    assert await _stamp(db, maria) == before[1]
    async with db.write() as tx:
        await reading.mark_all_read(tx, cast.maria)


async def test_what_a_member_chooses_for_a_category_changes_their_stamp_also_when_it_is_taken_back(
    db: Database, cast: Cast
) -> None:
    key = await _session(db, cast.nikos)
    seen = [(await _stamp(db, key)).reads]
    for level in ("watch", None, "mute"):
        await telling.choose_category(db, cast.nikos, level)
        seen.append((await _stamp(db, key)).reads)
    assert seen == sorted(set(seen))


async def test_a_change_that_was_under_way_is_no_equal_of_one_that_is_done(
    db: Database, cast: Cast, postgres: Endpoint, database_name: str
) -> None:
    """The later version may be committed first: the highest one seen is then the same before and after the earlier."""
    first, second = await writing.start(db, cast.maria), await writing.start(db, cast.maria)
    key = await _session(db, cast.maria)
    slow = await connect(postgres.url(database_name, "koinon"))
    quick = await connect(postgres.url(database_name, "koinon"))
    try:
        await slow.execute("BEGIN")
        await slow.execute(f"UPDATE topics SET title = 'Πρώτο' WHERE id = {first.topic_id}")
        await quick.execute(f"UPDATE topics SET title = 'Δεύτερο' WHERE id = {second.topic_id}")
        during = await _stamp(db, key)
        await slow.execute("COMMIT")
        after = await _stamp(db, key)
    finally:
        await slow.close()
        await quick.close()
    assert during.topics == after.topics, "the premise: only what was under way tells the two apart"
    assert during.under_way
    assert during != after


async def test_the_topic_read_with_the_session_is_the_topic_the_door_gives(db: Database, cast: Cast) -> None:
    started = await writing.start(db, cast.maria)
    for person, reads in ((cast.maria, True), (cast.nikos, True), (cast.moderator, True), (cast.stranger, False)):
        key = await _session(db, person)
        async with db.read() as conn:
            session, visit = await visits.session_and_topic(conn, key, started.topic_id)
            assert session is not None
            assert session.actor.member_id == person.member_id
            assert (visit is not None) is reads
            if visit:
                expected = (await access.topic_to_read(conn, person, started.topic_id)).topic
                assert {name: getattr(visit.grant.topic, name) for name in expected.__slots__} == {
                    name: getattr(expected, name) for name in expected.__slots__
                }
                assert visit.first_unread == await writing.first_unread(db, person, started.topic_id)
    async with db.read() as conn:
        assert await visits.session_and_topic(conn, "no such key", started.topic_id) == (None, None)
        session, visit = await visits.session_and_topic(conn, await _session(db, cast.maria), TopicId(2**62))
        assert (session is not None, visit) == (True, None)


async def test_a_reply_at_once_is_refused_when_anything_changed_since_it_was_asked(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    started = await writing.start(db, cast.maria)
    said = Reply("Εμείς.", writing.rendered("Εμείς."))

    async def early() -> access.EarlyReplyGrant:
        async with db.read() as conn:
            session, visit = await visits.session_and_topic(conn, await _session(db, cast.nikos), started.topic_id)
        assert session is not None
        assert visit is not None
        return access.topic_to_reply_at_once(visit.grant, visit.foundations)

    async def post(grant: access.EarlyReplyGrant) -> posts.Replied | None:
        async with db.once() as once:
            return await posts.reply_at_once(once, grant, said)

    grant = await early()
    first = await post(grant)
    assert first is not None
    assert (first.number, first.reply_count) == (2, 1)
    second = await post(grant)
    assert second is not None
    assert (second.number, second.reply_count) == (3, 2), "another reply takes nothing from the right to reply"
    await owner.execute("UPDATE topics SET is_internal = true")
    assert await post(grant) is None
    await owner.execute("UPDATE topics SET is_internal = false, deleted_at = now(), deleted_by_id = author_id")
    assert await post(grant) is None
    await owner.execute("UPDATE topics SET deleted_at = NULL, deleted_by_id = NULL")
    await writing.lock(db, cast.moderator, started.topic_id)
    assert await post(grant) is None
    await owner.execute("UPDATE topics SET locked_at = NULL, locked_by_id = NULL, lock_reason = NULL")
    grant = await early()
    await owner.execute("DELETE FROM grants WHERE category_id = (SELECT id FROM categories WHERE slug = 'questions')")
    assert await post(grant) is None
    await writing.assert_counters_are_rows(owner)


OTHERWISE = {
    "nothing": "SELECT 1",
    "a reply of another's": """
        INSERT INTO posts (topic_id, number, author_id, body, html, search)
        SELECT topics.id, topics.post_count + 1, {other}, 'Ναι', '<p>Ναι</p>', '' FROM topics;
        UPDATE topics SET post_count = 2, reply_count = 1, last_post_number = 2, last_post_at = now(),
                          last_author_id = {other}
    """,
    "a mark": "INSERT INTO topic_reads (member_id, topic_id, last_number) SELECT {own}, topics.id, 1 FROM topics",
    "a mark gone": "DELETE FROM topic_reads",
    "all read": "UPDATE members SET read_before = now() WHERE id = {own}",
    "a draft": "INSERT INTO drafts (member_id, place, body) SELECT {own}, 'topic:' || topics.id, 'Ίσως' FROM topics",
    "something to be told": """
        INSERT INTO notifications (member_id, kind, topic_id, post_id, actor_id)
        SELECT {own}, 'mention', posts.topic_id, posts.id, {other} FROM posts
    """,
    "a level for the topic": """
        INSERT INTO topic_subscriptions (member_id, topic_id, level) SELECT {own}, topics.id, 'mute' FROM topics
    """,
    "a level for the category": """
        INSERT INTO category_subscriptions (member_id, category_id, level)
        SELECT {own}, topics.category_id, 'watch' FROM topics
    """,
    "a level for the group": """
        INSERT INTO group_levels (category_id, group_id, level)
        SELECT topics.category_id, groups.id, 'watch' FROM topics, groups WHERE groups.slug = 'moderators'
    """,
    "a post of one's own": """
        INSERT INTO posts (topic_id, number, author_id, body, html, search)
        SELECT topics.id, topics.post_count + 1, {own}, 'Ναι', '<p>Ναι</p>', '' FROM topics;
        UPDATE topics SET post_count = 2, reply_count = 1, last_post_number = 2, last_post_at = now(),
                          last_author_id = {own}
    """,
    "a lock": "UPDATE topics SET locked_at = now(), locked_by_id = {own}, lock_reason = 'Τέλος'",
    "a title": "UPDATE topics SET title = 'Αλλιώς', slug = 'allios'",
    "the author's name": "UPDATE members SET name = 'Άλλο Όνομα' WHERE id = {other}",
    "one's language": "UPDATE members SET language = 'en' WHERE id = {own}",
    "one's zone": "UPDATE members SET zone = 'Asia/Nicosia' WHERE id = {own}",
    "one's colours": "UPDATE members SET scheme = 'dark' WHERE id = {own}",
    "one's group": "DELETE FROM group_members WHERE member_id = {own}",
    "the network": "UPDATE network SET accent = '#123456'",
    "one's municipality": "UPDATE organisations SET name_el = 'Άλλος'",
    "a right": "UPDATE grants SET can_reply = false, can_start = false, can_moderate = false",
    "the right to read": "DELETE FROM grants",
    "a suspension": "UPDATE members SET suspended_until = 'infinity', suspension_reason = 'spam' WHERE id = {own}",
    "the end of the session": "DELETE FROM sessions",
}


@pytest.mark.parametrize("what", OTHERWISE)
async def test_a_session_known_from_before_is_read_as_if_it_were_not(
    db: Database, cast: Cast, owner: RawConnection, what: str
) -> None:
    started = await writing.start(db, cast.maria)
    key = await _session(db, cast.moderator)

    async with db.read() as conn:
        listed = await sessions.actor(conn, key)
        known = await visits.session_and_topic(conn, key, started.topic_id)
    assert listed is not None
    assert known[0] is not None
    assert known[1] is not None
    await owner.execute(OTHERWISE[what].format(own=cast.moderator.member_id, other=cast.maria.member_id))
    async with db.read() as conn:
        assert await sessions.actor(conn, key, listed) == await sessions.actor(conn, key)
        again = await visits.session_and_topic(conn, key, started.topic_id, (known[0], known[1]))
        assert again == await visits.session_and_topic(conn, key, started.topic_id)
        session, visit = await visits.session_and_topic(
            conn, key, started.topic_id, (known[0], known[1]), to_reply=True
        )
        afresh, right = await visits.session_and_topic(conn, key, started.topic_id)
    assert session == afresh
    if right is None or visit is None:
        assert visit is right
    else:
        assert permissions.can_reply_topic(visit.grant.topic) == permissions.can_reply_topic(right.grant.topic)
        assert (visit.grant.topic.slug, visit.foundations) == (right.grant.topic.slug, right.foundations)
    if what == "nothing":
        assert again[1] is known[1], "a glance was enough"


@pytest.mark.parametrize("what", ["valid_from", "valid_until"])
async def test_an_instant_that_passes_moves_the_stamp_though_nothing_is_written(
    db: Database, cast: Cast, owner: RawConnection, what: str
) -> None:
    key = await _session(db, cast.nikos)
    await owner.execute(
        "UPDATE grants SET valid_until = now() + interval '0.4 s' "
        "WHERE category_id = (SELECT id FROM categories WHERE slug = 'questions')"
        if what == "valid_until"
        else "INSERT INTO grants SELECT categories.id, groups.id, true, true, false, false, false, false, false, "
        "now(), now() + interval '0.4 s' FROM categories, groups WHERE groups.slug = 'organisation-adriatic-cities'"
    )
    before = await _stamp(db, key)
    assert await _stamp(db, key) == before
    await asyncio.sleep(0.5)
    passed = await _stamp(db, key)
    assert passed.foundations != before.foundations
    assert await _stamp(db, key) == passed
    await owner.execute("UPDATE grants SET created_at = created_at")
    assert not await owner.fetchval("SELECT count(*) FROM rights_instants"), "what has passed is forgotten by a write"
    assert (await _stamp(db, key)).foundations not in {before.foundations, passed.foundations}


async def test_a_deadline_that_passes_moves_the_foundations_and_is_swept_later(
    db: Database, owner: RawConnection, cast: Cast
) -> None:
    key = await _session(db, cast.nikos)
    await writing.start(db, cast.maria)
    await owner.execute(
        "UPDATE topics SET deadline_at = now() + interval '0.4 s' WHERE id = (SELECT max(id) FROM topics)"
    )
    before = await _stamp(db, key)
    await asyncio.sleep(0.5)
    passed = await _stamp(db, key)
    assert passed.foundations != before.foundations
    async with db.write() as tx:
        await instants.sweep(tx)
    assert not await owner.fetchval("SELECT count(*) FROM rights_instants")
    swept = await _stamp(db, key)
    assert swept.foundations not in {before.foundations, passed.foundations}
    async with db.write() as tx:
        await instants.sweep(tx)
    assert (await _stamp(db, key)).foundations == swept.foundations, "nothing has passed since"
