"""Posts: numbers, replies, edits with what stood before, deleting and restoring, and what a member wrote."""

from __future__ import annotations

import pytest

from forum.db import Database, RawConnection
from forum.domain import access, excerpts, idempotency, posts
from forum.domain.actors import Actor
from forum.domain.entities import Post, PostId, Revision, TopicId
from forum.domain.posts import AuthoredPost, Reply
from forum.errors import BadRequest, Forbidden, Invalid
from forum.markup import Rendered
from tests.cast import Cast
from tests.domain import writing


async def _page(db: Database, actor: Actor, topic_id: TopicId, page: int = 1) -> list[Post]:
    async with db.read() as conn:
        return await posts.list_page(conn, await access.topic_to_read(conn, actor, topic_id), page)


async def _revisions(db: Database, actor: Actor, post_id: PostId) -> list[Revision]:
    async with db.read() as conn:
        return await posts.list_revisions(conn, await access.post_to_read(conn, actor, post_id))


async def _by_author(db: Database, actor: Actor, author: Actor) -> list[AuthoredPost]:
    async with db.read() as conn:
        return (await posts.list_by_author(conn, actor, author.member_id)).items


async def test_a_reply_takes_the_next_number_and_moves_the_counters(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    started = await writing.start(db, cast.maria)
    first = await writing.reply(db, cast.nikos, started.topic_id, "Με όργανα.")
    second = await writing.reply(db, cast.sophie, started.topic_id, reply_to=first.id)
    assert (first.number, second.number) == (2, 3)
    assert (first.author_id, first.author_name, first.author_region_slug) == (
        cast.nikos.member_id,
        "Νίκος Καραντώνης",
        "north-aegean",
    )
    assert (first.body, first.html, first.is_by_moderator) == ("Με όργανα.", "<p>Με όργανα.</p>", False)
    assert (second.reply_to_id, second.reply_to_number, second.reply_to_author_name) == (
        first.id,
        2,
        "Νίκος Καραντώνης",
    )
    async with db.read() as conn:
        topic = (await access.topic_to_read(conn, cast.maria, started.topic_id)).topic
    assert (topic.reply_count, topic.post_count, topic.last_post_number) == (2, 3, 3)
    assert topic.last_post_at == second.created_at
    await writing.assert_counters_are_rows(owner)


async def test_a_page_holds_twenty_numbers_and_a_list_goes_on_after_one(db: Database, cast: Cast) -> None:
    started = await writing.start(db, cast.maria)
    for _ in range(22):
        await writing.reply(db, cast.nikos, started.topic_id)
    assert [post.number for post in await _page(db, cast.maria, started.topic_id)] == list(range(1, 21))
    assert [post.number for post in await _page(db, cast.maria, started.topic_id, 2)] == [21, 22, 23]
    assert await _page(db, cast.maria, started.topic_id, 3) == []
    with pytest.raises(BadRequest):
        await _page(db, cast.maria, started.topic_id, 2**40)
    async with db.read() as conn:
        grant = await access.topic_to_read(conn, cast.maria, started.topic_id)
        assert [post.number for post in await posts.list_after(conn, grant, number=5, limit=3)] == [6, 7, 8]
        assert [post.number for post in await posts.list_after(conn, grant, number=0, limit=1)] == [1]
        assert await posts.list_after(conn, grant, number=23, limit=3) == []


async def test_a_reply_answers_a_post_of_its_own_topic_only(db: Database, cast: Cast, owner: RawConnection) -> None:
    here = await writing.start(db, cast.maria)
    elsewhere = await writing.start(db, cast.maria)
    for reply_to in (elsewhere.first_post_id, PostId(999_999_999)):
        with pytest.raises(Invalid) as refused:
            await writing.reply(db, cast.nikos, here.topic_id, reply_to=reply_to)
        assert refused.value.fields == {"reply_to": ("unknown",)}
    await writing.assert_counters_are_rows(owner)


async def test_the_same_key_posts_once(db: Database, cast: Cast, owner: RawConnection) -> None:
    started = await writing.start(db, cast.maria)
    key = idempotency.make("k", "posts.reply", str(started.topic_id), "Ναι")
    first = await writing.reply(db, cast.nikos, started.topic_id, "Ναι", key=key)
    assert await writing.reply(db, cast.nikos, started.topic_id, "Ναι", key=key) == first
    other_body = idempotency.make("k", "posts.reply", str(started.topic_id), "Όχι")
    with pytest.raises(Invalid) as refused:
        await writing.reply(db, cast.nikos, started.topic_id, "Όχι", key=other_body)
    assert refused.value.code == "idempotency_mismatch"
    assert await owner.fetchval("SELECT count(*) FROM posts WHERE topic_id = $1", started.topic_id) == 2
    await writing.assert_counters_are_rows(owner)


async def test_what_fails_leaves_the_key_free(db: Database, cast: Cast) -> None:
    started = await writing.start(db, cast.maria)
    key = idempotency.make("k", "posts.reply", "Ναι")
    with pytest.raises(Invalid):
        await writing.reply(db, cast.nikos, started.topic_id, "Ναι", reply_to=PostId(999_999_999), key=key)
    assert (await writing.reply(db, cast.nikos, started.topic_id, "Ναι", key=key)).number == 2


async def test_a_moderator_posts_in_a_locked_topic_and_is_marked(db: Database, cast: Cast) -> None:
    started = await writing.start(db, cast.maria)
    before = await writing.reply(db, cast.moderator, started.topic_id)
    await writing.lock(db, cast.moderator, started.topic_id)
    with pytest.raises(Forbidden) as refused:
        await writing.reply(db, cast.maria, started.topic_id)
    assert refused.value.code == "topic_locked"
    after = await writing.reply(db, cast.moderator, started.topic_id)
    assert (before.is_by_moderator, after.is_by_moderator) == (False, True)


async def test_an_edit_keeps_what_stood_before(db: Database, cast: Cast) -> None:
    started = await writing.start(db, cast.maria)
    post = await writing.reply(db, cast.nikos, started.topic_id, "Πρώτο")
    edited = await writing.edit(db, cast.nikos, post.id, "Δεύτερο")
    again = await writing.edit(db, cast.nikos, post.id, "Τρίτο")
    assert (edited.body, edited.html, edited.revision_count) == ("Δεύτερο", "<p>Δεύτερο</p>", 1)
    assert (again.body, again.revision_count) == ("Τρίτο", 2)
    assert again.edited_at is not None
    assert edited.edited_at is not None
    assert post.created_at == again.created_at < edited.edited_at < again.edited_at
    revisions = await _revisions(db, cast.maria, post.id)
    assert [(found.number, found.body, found.title) for found in revisions] == [
        (3, "Τρίτο", None),
        (2, "Δεύτερο", None),
        (1, "Πρώτο", None),
    ]
    assert [(found.created_at, found.replaced_at) for found in revisions] == [
        (again.edited_at, None),
        (edited.edited_at, again.edited_at),
        (post.created_at, edited.edited_at),
    ]
    assert {(found.editor_id, found.editor_name) for found in revisions} == {(cast.nikos.member_id, "Νίκος Καραντώνης")}


async def test_an_edit_that_changes_nothing_writes_nothing(db: Database, cast: Cast, owner: RawConnection) -> None:
    started = await writing.start(db, cast.maria, title="Τίτλος", body="Κείμενο")
    for title in (None, "Τίτλος"):
        post = await writing.edit(db, cast.maria, started.first_post_id, "Κείμενο", title)
        assert (post.revision_count, post.edited_at) == (0, None)
    assert await owner.fetchval("SELECT count(*) FROM post_revisions") == 0


async def test_the_title_and_its_slug_change_with_the_first_post(db: Database, cast: Cast) -> None:
    started = await writing.start(db, cast.maria, title="Νερό", body="Κείμενο")
    await writing.edit(db, cast.maria, started.first_post_id, "Κείμενο", "Ενέργεια")
    await writing.edit(db, cast.maria, started.first_post_id, "Άλλο κείμενο")
    async with db.read() as conn:
        topic = (await access.topic_to_read(conn, cast.nikos, started.topic_id)).topic
    assert (topic.title, topic.slug) == ("Ενέργεια", "energeia")
    revisions = await _revisions(db, cast.nikos, started.first_post_id)
    assert [(found.title, found.body) for found in revisions] == [
        ("Ενέργεια", "Άλλο κείμενο"),
        ("Ενέργεια", "Κείμενο"),
        ("Νερό", "Κείμενο"),
    ]


async def test_a_title_sent_with_a_reply_is_not_the_topics(db: Database, cast: Cast) -> None:
    started = await writing.start(db, cast.maria, title="Νερό")
    post = await writing.reply(db, cast.maria, started.topic_id, "Κείμενο")
    unchanged = await writing.edit(db, cast.maria, post.id, "Κείμενο", "Ενέργεια")
    assert unchanged.revision_count == 0
    await writing.edit(db, cast.maria, post.id, "Άλλο", "Ενέργεια")
    assert (await writing.listed(db, cast.maria))[0].title == "Νερό"


async def test_an_edit_moves_no_topic(db: Database, cast: Cast, owner: RawConnection) -> None:
    started = await writing.start(db, cast.maria)
    (before,) = await writing.listed(db, cast.maria)
    await writing.edit(db, cast.maria, started.first_post_id, "Άλλο κείμενο", "Άλλος τίτλος")
    (after,) = await writing.listed(db, cast.maria)
    assert (after.last_post_at, after.last_author_id) == (before.last_post_at, before.last_author_id)
    await writing.assert_counters_are_rows(owner)


async def test_deleting_and_restoring_keep_the_counters_exact(db: Database, cast: Cast, owner: RawConnection) -> None:
    started = await writing.start(db, cast.maria)
    second = await writing.reply(db, cast.nikos, started.topic_id)
    third = await writing.reply(db, cast.nikos, started.topic_id)
    fourth = await writing.reply(db, cast.nikos, started.topic_id)

    async def last() -> tuple[int, int, object, int]:
        await writing.assert_counters_are_rows(owner)
        async with db.read() as conn:
            topic = (await access.topic_to_read(conn, cast.maria, started.topic_id)).topic
        return topic.reply_count, topic.last_post_number, topic.last_post_at, topic.post_count

    assert await last() == (3, 4, fourth.created_at, 4)
    await writing.delete(db, cast.nikos, third.id)
    assert await last() == (2, 4, fourth.created_at, 4)
    await writing.delete(db, cast.nikos, fourth.id)
    assert await last() == (1, 2, second.created_at, 4)
    await writing.restore(db, cast.nikos, third.id)
    assert await last() == (2, 3, third.created_at, 4)
    await writing.delete(db, cast.nikos, second.id)
    await writing.delete(db, cast.nikos, third.id)
    assert (await last())[:2] == (0, 1)
    fifth = await writing.reply(db, cast.sophie, started.topic_id)
    assert fifth.number == 5, "a number is never given twice"
    await writing.restore(db, cast.nikos, fourth.id)
    assert await last() == (2, 5, fifth.created_at, 5)
    assert [(row[0], row[1]) for row in await owner.fetch("SELECT act, subject_id FROM audit_entries ORDER BY id")] == [
        ("post.delete", third.id),
        ("post.delete", fourth.id),
        ("post.restore", third.id),
        ("post.delete", second.id),
        ("post.delete", third.id),
        ("post.restore", fourth.id),
    ]


async def test_a_grant_used_twice_counts_once(db: Database, cast: Cast, owner: RawConnection) -> None:
    started = await writing.start(db, cast.maria)
    post = await writing.reply(db, cast.nikos, started.topic_id)
    async with db.write() as tx:
        grant = await access.post_to_delete(tx, cast.nikos, post.id)
        await posts.delete(tx, grant)
        await posts.delete(tx, grant)
    async with db.write() as tx:
        restoring = await access.post_to_restore(tx, cast.nikos, post.id)
        await posts.restore(tx, restoring)
        await posts.restore(tx, restoring)
    assert await owner.fetchval("SELECT count(*) FROM audit_entries") == 2
    await writing.assert_counters_are_rows(owner)


async def test_the_log_holds_no_words(db: Database, cast: Cast, owner: RawConnection) -> None:
    started = await writing.start(db, cast.maria, title="Μυστικός τίτλος")
    post = await writing.reply(db, cast.nikos, started.topic_id, "Μυστικά λόγια")
    await writing.delete(db, cast.nikos, post.id)
    await writing.lock(db, cast.moderator, started.topic_id, "Μυστικός λόγος")
    entries = [str(tuple(row)) for row in await owner.fetch("SELECT * FROM audit_entries")]
    assert len(entries) == 2
    assert not [entry for entry in entries if "υστικ" in entry or "Νίκος" in entry]


async def test_a_deleted_post_stands_on_its_page_without_its_words(db: Database, cast: Cast) -> None:
    started = await writing.start(db, cast.maria)
    post = await writing.reply(db, cast.nikos, started.topic_id, "Μυστικά")
    await writing.edit(db, cast.nikos, post.id, "Μυστικότερα")
    await writing.delete(db, cast.nikos, post.id)
    for reader, body in ((cast.maria, ""), (cast.moderator, ""), (cast.nikos, "Μυστικότερα")):
        shown = (await _page(db, reader, started.topic_id))[1]
        assert (shown.number, shown.is_deleted, shown.body) == (2, True, body)
        async with db.read() as conn:
            grant = await access.topic_to_read(conn, reader, started.topic_id)
            (listed,) = await posts.list_after(conn, grant, number=1, limit=5)
        assert listed == shown
    with pytest.raises(Forbidden) as refused:
        await _revisions(db, cast.maria, post.id)
    assert refused.value.code == "post_deleted"
    assert len(await _revisions(db, cast.nikos, post.id)) == 2


async def test_the_key_of_a_post_deleted_since_gives_the_post_as_it_is(db: Database, cast: Cast) -> None:
    started = await writing.start(db, cast.maria)
    key = idempotency.make("k", "posts.reply", "Ναι")
    post = await writing.reply(db, cast.nikos, started.topic_id, "Ναι", key=key)
    await writing.delete(db, cast.nikos, post.id)
    again = await writing.reply(db, cast.nikos, started.topic_id, "Ναι", key=key)
    assert (again.id, again.is_deleted) == (post.id, True)


async def test_what_a_member_wrote_is_listed_as_far_as_one_may_read_it(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    questions = await writing.start(db, cast.sophie, title="Νερό")
    guides = await writing.start(db, cast.sophie, category="guides", title="Οδηγός")
    kept = await writing.reply(db, cast.sophie, questions.topic_id, "Απάντηση &amp; ευχαριστίες")
    gone = await writing.reply(db, cast.sophie, questions.topic_id)
    await writing.delete(db, cast.sophie, gone.id)
    hidden = await writing.start(db, cast.sophie)
    await writing.delete_topic(db, cast.sophie, hidden.topic_id)
    await writing.reply(db, cast.nikos, questions.topic_id)
    rows = await _by_author(db, cast.maria, cast.sophie)
    assert [(row.post_id, row.number, row.topic_title) for row in rows] == [
        (kept.id, 2, "Νερό"),
        (guides.first_post_id, 1, "Οδηγός"),
        (questions.first_post_id, 1, "Νερό"),
    ]
    assert rows[0].excerpt == "Απάντηση & ευχαριστίες"
    assert await _by_author(db, cast.stranger, cast.sophie) == []
    await owner.execute(
        "DELETE FROM grants USING groups, categories WHERE groups.id = grants.group_id "
        "AND categories.id = grants.category_id AND groups.slug = 'region-cyprus' AND categories.slug = 'questions'"
    )
    assert [row.post_id for row in await _by_author(db, cast.maria, cast.sophie)] == [guides.first_post_id]


async def test_an_excerpt_is_the_beginning_of_the_text(db: Database, cast: Cast) -> None:
    started = await writing.start(db, cast.maria)
    link = f'<p><a href="https://example.org/{"x" * 100}">σύνδεσμος</a></p>'
    html = "<p>Λόγια <strong>με</strong> &lt;έμφαση&gt;</p>\n<ul>\n<li>ένα</li>\n</ul>" + link * 60
    async with db.write() as tx:
        grant = await access.topic_to_reply(tx, cast.nikos, started.topic_id)
        await posts.reply(tx, grant, Reply("…", Rendered(html, "…", False)))
    (row,) = await _by_author(db, cast.maria, cast.nikos)
    assert row.excerpt.startswith("Λόγια με <έμφαση> ένα σύνδεσμος σύνδεσμος")
    assert row.excerpt.endswith("…")
    assert len(row.excerpt) <= excerpts.LIMIT
    assert "href" not in row.excerpt


async def test_what_a_member_wrote_comes_page_after_page(db: Database, cast: Cast) -> None:
    started = await writing.start(db, cast.maria)
    written = [(await writing.reply(db, cast.nikos, started.topic_id)).id for _ in range(5)]
    found: list[PostId] = []
    cursor = None
    async with db.read() as conn:
        for _ in range(3):
            page = await posts.list_by_author(conn, cast.maria, cast.nikos.member_id, cursor=cursor, limit=2)
            found += [row.post_id for row in page.items]
            cursor = page.next
        with pytest.raises(BadRequest):
            await posts.list_by_author(conn, cast.maria, cast.nikos.member_id, cursor="x")
    assert cursor is None
    assert found == sorted(written, reverse=True)
