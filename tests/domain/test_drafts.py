"""Drafts: one a place and member, found again, listed with their places, limited in number and age."""

from __future__ import annotations

import pytest

from forum.db import Database, RawConnection
from forum.domain import drafts, sessions
from forum.domain.actors import Actor
from forum.domain.drafts import Draft, DraftRow, Place, Words
from forum.domain.entities import BODY_LIMIT, PostId, TopicId
from forum.errors import BadRequest, Invalid
from tests.cast import Cast
from tests.domain import writing

_PLACE = Place("topic:1")


async def _save(db: Database, actor: Actor, place: Place = _PLACE, body: str = "Μισό", title: str = "") -> None:
    async with db.write() as tx:
        await drafts.save(tx, actor.member_id, Words(place, title, body))


async def _find(db: Database, actor: Actor, place: Place = _PLACE) -> Draft | None:
    async with db.read() as conn:
        return await drafts.find(conn, actor.member_id, place)


async def _list(db: Database, actor: Actor) -> list[DraftRow]:
    async with db.read() as conn:
        return (await drafts.list_drafts(conn, actor.member_id)).items


async def test_a_draft_is_found_by_its_member_only_and_replaced_by_the_next(db: Database, cast: Cast) -> None:
    async with db.write() as tx:
        await drafts.save(tx, cast.maria.member_id, Words(_PLACE, "Τίτλος", "Πρώτα λόγια", 3))
    first = await _find(db, cast.maria)
    assert first is not None
    assert (first.place, first.title, first.body, first.reply_to) == (_PLACE, "Τίτλος", "Πρώτα λόγια", 3)
    assert await _find(db, cast.nikos) is None
    await _save(db, cast.maria, body="Δεύτερα λόγια")
    second = await _find(db, cast.maria)
    assert second is not None
    assert (second.title, second.body, second.reply_to) == ("", "Δεύτερα λόγια", None)
    assert second.updated_at > first.updated_at


@pytest.mark.parametrize("body", ["", " \n\t "])
async def test_empty_words_discard_the_draft(db: Database, cast: Cast, body: str) -> None:
    await _save(db, cast.maria)
    await _save(db, cast.nikos)
    await _save(db, cast.maria, body=body)
    assert await _find(db, cast.maria) is None
    assert await _find(db, cast.nikos) is not None


async def test_a_title_alone_is_worth_keeping(db: Database, cast: Cast) -> None:
    await _save(db, cast.maria, Place("category:questions"), body="", title="Μόνο τίτλος")
    assert [row.title for row in await _list(db, cast.maria)] == ["Μόνο τίτλος"]


async def test_deleting_takes_ones_own_of_that_place_only(db: Database, cast: Cast, owner: RawConnection) -> None:
    for actor in (cast.maria, cast.nikos):
        await _save(db, actor)
        await _save(db, actor, Place("topic:2"))
    async with db.write() as tx:
        await drafts.delete(tx, cast.maria.member_id, _PLACE)
        await drafts.delete(tx, cast.maria.member_id, Place("topic:3"))
    assert await owner.fetchval("SELECT count(*) FROM drafts") == 3
    assert await _find(db, cast.maria) is None


async def test_the_longest_post_fits_and_its_draft_too(db: Database, cast: Cast) -> None:
    await _save(db, cast.maria, body="ώ" * BODY_LIMIT)
    found = await _find(db, cast.maria)
    assert found is not None
    assert len(found.body) == BODY_LIMIT


async def test_a_member_keeps_the_newest_hundred(db: Database, cast: Cast, owner: RawConnection) -> None:
    await owner.execute(
        "INSERT INTO drafts (member_id, place, body, updated_at)"
        " SELECT $1, 'topic:' || n, 'x', now() - n * interval '1 minute' FROM generate_series(1, 100) AS n",
        cast.maria.member_id,
    )
    await _save(db, cast.nikos)
    await _save(db, cast.maria, Place("topic:50"))
    assert await owner.fetchval("SELECT count(*) FROM drafts WHERE member_id = $1", cast.maria.member_id) == 100
    await _save(db, cast.maria, Place("post:7"))
    assert await owner.fetchval("SELECT count(*) FROM drafts WHERE member_id = $1", cast.maria.member_id) == 100
    assert await _find(db, cast.maria, Place("post:7")) is not None
    assert await _find(db, cast.maria, Place("topic:100")) is None, "the oldest has gone"
    assert await _find(db, cast.nikos) is not None


async def test_the_list_names_the_places(db: Database, cast: Cast) -> None:
    started = await writing.start(db, cast.maria)
    reply = await writing.reply(db, cast.nikos, started.topic_id)
    places = [drafts.of_topic(started.topic_id), drafts.of_post(reply.id), drafts.of_category("guides")]
    for place in places:
        await _save(db, cast.nikos, place)
    rows = await _list(db, cast.nikos)
    assert [row.place for row in rows] == places[::-1]
    assert [row.kind for row in rows] == ["category", "post", "topic"]
    assert [row.topic_title for row in rows] == [None, "Δίκτυα ύδρευσης", "Δίκτυα ύδρευσης"]
    assert [row.post_number for row in rows] == [None, 2, None]
    assert [row.category_en for row in rows] == ["Guides", *["Questions and discussion"] * 2]
    assert not any(row.is_place_gone for row in rows)


async def test_the_list_names_nothing_that_is_hidden_or_gone(db: Database, cast: Cast) -> None:
    started = await writing.start(db, cast.maria)
    reply = await writing.reply(db, cast.nikos, started.topic_id)
    hidden = [
        drafts.of_topic(started.topic_id),
        drafts.of_post(reply.id),
        drafts.of_category("questions"),
        drafts.of_topic(TopicId(999_999)),
        drafts.of_post(PostId(2**63 - 1)),
        drafts.of_category("never-was"),
    ]
    for place in hidden:
        await _save(db, cast.stranger, place, "Τα λόγια μου")
    rows = await _list(db, cast.stranger)
    assert len(rows) == 6
    names = [(r.topic_title, r.topic_language, r.post_number, r.category_el, r.category_en) for r in rows]
    assert set(names) == {(None,) * 5}
    assert all(row.is_place_gone and row.body == "Τα λόγια μου" for row in rows)
    await _save(db, cast.nikos, drafts.of_post(reply.id))
    assert not (await _list(db, cast.nikos))[0].is_place_gone, "the premise: it can be read"
    await writing.delete(db, cast.nikos, reply.id)
    assert (await _list(db, cast.nikos))[0].is_place_gone


async def test_the_list_comes_in_pages(db: Database, cast: Cast, owner: RawConnection) -> None:
    await owner.execute(
        "INSERT INTO drafts (member_id, place, body) SELECT $1, 'topic:' || n, 'x' FROM generate_series(1, 45) AS n",
        cast.maria.member_id,
    )
    found: list[str] = []
    cursor: str | None = None
    async with db.read() as conn:
        for size in (20, 20, 5):
            page = await drafts.list_drafts(conn, cast.maria.member_id, cursor=cursor)
            assert len(page.items) == size
            found += [row.place for row in page.items]
            cursor = page.next
        assert cursor is None
        with pytest.raises(BadRequest):
            await drafts.list_drafts(conn, cast.maria.member_id, cursor="nonsense")
    assert len(set(found)) == 45


async def test_drafts_nobody_touches_are_swept_after_ninety_days(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    await _save(db, cast.maria)
    await _save(db, cast.nikos)
    await owner.execute("UPDATE drafts SET updated_at = now() - interval '89 days'")
    async with db.write() as tx:
        assert await sessions.sweep(tx) == 0
    await owner.execute(
        "UPDATE drafts SET updated_at = now() - interval '91 days' WHERE member_id = $1", cast.maria.member_id
    )
    async with db.write() as tx:
        assert await sessions.sweep(tx) == 1
    assert await _find(db, cast.maria) is None
    assert await _find(db, cast.nikos) is not None


@pytest.mark.parametrize("text", ["topic:1", "post:9223372036854775807", "category:questions", "category:a-1"])
def test_places_of_our_forms_are_known(text: str) -> None:
    assert drafts.place(text) == text


@pytest.mark.parametrize(
    "text",
    ["", "topic", "topic:", "topic:0", "topic:01", "topic:-1", "topic:1 ", "topic:1\n", "topic:²", "topic:٣",
     "topic:9223372036854775808", "post:99999999999999999999", "Topic:1", "member:1", "category:", "category:Ερωτήσεις",
     "category:../..", "category:a/b", "category:" + "a" * 81, "//evil.example", "topic:1\x00"],
)  # fmt: skip
def test_what_no_form_of_ours_is_called_is_no_place(text: str) -> None:
    with pytest.raises(Invalid):
        drafts.place(text)
