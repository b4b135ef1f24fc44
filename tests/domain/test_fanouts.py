"""A post reaches whom it should, once, in one statement that is done whole or not at all."""

from __future__ import annotations

import asyncio

import pytest

from forum.db import Database, RawConnection
from forum.domain import fanouts
from forum.notifying import Notifying
from tests.cast import Cast
from tests.domain import telling, writing


async def test_a_reply_is_told_to_who_started_and_who_answered(db: Database, cast: Cast, owner: RawConnection) -> None:
    started = await telling.start(db, cast.maria)
    await telling.reply(db, cast.nikos, started.topic_id)
    reply = await telling.reply(db, cast.sophie, started.topic_id)
    assert await telling.fan_out(db) == 3
    assert await telling.told(owner, reply.id) == {cast.maria.member_id: "reply", cast.nikos.member_id: "reply"}
    assert await owner.fetchval("SELECT count(*) FROM fanouts") == 0


async def test_of_several_reasons_the_strongest_is_told_once(db: Database, cast: Cast, owner: RawConnection) -> None:
    started = await telling.start(db, cast.maria)
    answer = await telling.reply(db, cast.nikos, started.topic_id)
    body = f"> **Ν**, ανάρτηση {answer.number}:\n>\n> Έτσι.\n\nΝαι, {telling.mention(cast.maria)}"
    reply = await telling.reply(db, cast.sophie, started.topic_id, body, telling.known(cast.maria), reply_to=answer.id)
    await telling.fan_out(db)
    assert await telling.told(owner, reply.id) == {cast.maria.member_id: "mention", cast.nikos.member_id: "quote"}


async def test_a_new_topic_is_told_to_colleagues_and_to_who_watches_the_category(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    colleague = await owner.fetchval(
        "INSERT INTO members (name, email, organisation_id, password_hash) VALUES ('Άννα', 'a@example.org', $1, 'x') "
        "RETURNING id",
        cast.maria.organisation_id,
    )
    await telling.choose_category(db, cast.nikos, "watch")
    started = await telling.start(db, cast.maria)
    await telling.fan_out(db)
    assert await telling.told(owner, started.first_post_id) == {
        colleague: "new_topic",
        cast.nikos.member_id: "new_topic",
    }


async def test_a_group_is_told_when_a_moderator_or_an_administrator_mentions_it(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    names = telling.known(groups=("region-north-aegean",))
    told = []
    for person in (cast.moderator, cast.administrator, cast.maria):
        started = await telling.start(db, person, "Για το @region-north-aegean", names)
        await telling.fan_out(db)
        told.append(await telling.told(owner, started.first_post_id))
    assert told == [{cast.nikos.member_id: "mention"}, {cast.nikos.member_id: "mention"}, {}]


async def test_who_follows_hears_what_is_addressed_to_them_and_who_mutes_nothing(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    started = await telling.start(db, cast.maria)
    answer = await telling.reply(db, cast.nikos, started.topic_id)
    for person in (cast.maria, cast.nikos):
        await telling.choose(db, person, started.topic_id, "follow")
    told = []
    for reply_to in (None, answer.id):
        reply = await telling.reply(db, cast.sophie, started.topic_id, reply_to=reply_to)
        await telling.fan_out(db)
        told.append(await telling.told(owner, reply.id))
    assert told == [{cast.maria.member_id: "reply"}, {cast.nikos.member_id: "reply"}]
    await telling.choose(db, cast.nikos, started.topic_id, "mute")
    names = telling.known(cast.nikos)
    reply = await telling.reply(db, cast.sophie, started.topic_id, telling.mention(cast.nikos), names)
    await telling.fan_out(db)
    assert cast.nikos.member_id not in await telling.told(owner, reply.id)


async def test_whoever_may_not_read_is_not_told_even_by_name(db: Database, cast: Cast, owner: RawConnection) -> None:
    names = telling.known(cast.stranger, cast.suspended, cast.nikos)
    body = " ".join(map(telling.mention, (cast.stranger, cast.suspended, cast.nikos)))
    started = await telling.start(db, cast.maria, body, names)
    await telling.fan_out(db)
    assert await telling.told(owner, started.first_post_id) == {cast.nikos.member_id: "mention"}


async def test_an_edit_tells_only_whom_it_newly_mentions(db: Database, cast: Cast, owner: RawConnection) -> None:
    names = telling.known(cast.nikos, cast.sophie)
    started = await telling.start(db, cast.maria, telling.mention(cast.nikos), names)
    await telling.fan_out(db)
    await owner.execute("UPDATE notifications SET read_at = now()")
    await telling.edit(db, cast.maria, started.first_post_id, f"Διόρθωση {telling.mention(cast.nikos)}", names)
    assert await telling.fan_out(db) == 0, "nothing new, nobody to tell"
    both = f"{telling.mention(cast.nikos)} {telling.mention(cast.sophie)}"
    await telling.edit(db, cast.maria, started.first_post_id, both, names)
    assert await telling.fan_out(db) == 1
    rows = await owner.fetch("SELECT member_id, read_at IS NULL FROM notifications ORDER BY id")
    assert [tuple(row) for row in rows] == [(cast.nikos.member_id, False), (cast.sophie.member_id, True)]


async def test_a_mention_added_to_a_post_that_was_told_before_makes_it_new_again(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    started = await telling.start(db, cast.maria)
    reply = await telling.reply(db, cast.nikos, started.topic_id)
    await telling.fan_out(db)
    assert await telling.told(owner, reply.id) == {cast.maria.member_id: "reply"}
    await owner.execute("UPDATE notifications SET read_at = now()")
    body = f"Έτσι, {telling.mention(cast.maria)}."
    await telling.edit(db, cast.nikos, reply.id, body, telling.known(cast.maria))
    await telling.fan_out(db)
    (row,) = await owner.fetch("SELECT kind, read_at FROM notifications")
    assert tuple(row) == ("mention", None)


async def test_of_what_is_deleted_before_its_turn_nobody_is_told(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    started = await telling.start(db, cast.maria)
    await telling.fan_out(db)
    reply = await telling.reply(db, cast.nikos, started.topic_id)
    await writing.delete(db, cast.nikos, reply.id)
    assert await telling.fan_out(db) == 1
    assert await telling.told(owner, reply.id) == {}


async def test_a_post_that_is_rolled_back_or_sent_twice_reaches_nobody_twice(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    started = await telling.start(db, cast.maria)
    await telling.fan_out(db)
    reply = await telling.reply(db, cast.nikos, started.topic_id)

    async def break_off() -> None:
        async with db.write() as tx:
            told = await fanouts.fan_out(tx)
            assert told is not None
            assert told.member_ids == [cast.maria.member_id]
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await break_off()
    assert await telling.told(owner, reply.id) == {}
    assert await telling.fan_out(db) == 1
    assert await telling.told(owner, reply.id) == {cast.maria.member_id: "reply"}


async def test_several_who_tell_at_once_tell_each_post_once(db: Database, cast: Cast, owner: RawConnection) -> None:
    started = await telling.start(db, cast.maria)
    for _ in range(30):
        await telling.reply(db, cast.nikos, started.topic_id)
    tellers = [Notifying(db) for _ in range(3)]
    running = [asyncio.create_task(teller.run()) for teller in tellers]
    async with asyncio.timeout(60):
        while await owner.fetchval("SELECT count(*) FROM fanouts"):  # noqa: ASYNC110 - the database tells nobody
            await asyncio.sleep(0.05)
    for teller in tellers:
        teller.leave()
    await asyncio.gather(*running)
    assert await owner.fetchval("SELECT count(*) FROM notifications") == 30


@pytest.mark.own_database
async def test_a_fan_out_that_fails_holds_up_no_other_and_is_tried_again(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    started = await telling.start(db, cast.maria)
    await telling.fan_out(db)
    bad = await telling.reply(db, cast.nikos, started.topic_id)
    await owner.execute(f"ALTER TABLE notifications ADD CONSTRAINT broken_check CHECK (post_id <> {bad.id})")
    good = await telling.reply(db, cast.nikos, started.topic_id)
    notifying = Notifying(db)
    assert await notifying.tell_next() is None
    assert await notifying.tell_next() is not None
    assert await telling.told(owner, good.id) == {cast.maria.member_id: "reply"}
    (row,) = await owner.fetch("SELECT post_id, attempt_count, due_at > now() FROM fanouts")
    assert tuple(row) == (bad.id, 1, True)
    await owner.execute("ALTER TABLE notifications DROP CONSTRAINT broken_check; UPDATE fanouts SET due_at = now()")
    assert await notifying.tell_next() is not None
    assert await telling.told(owner, bad.id) == {cast.maria.member_id: "reply"}
    async with db.write() as tx:
        await owner.execute("INSERT INTO fanouts (post_id, created_at) SELECT $1, now() - interval '8 days'", bad.id)
        assert await fanouts.sweep(tx) == 1
