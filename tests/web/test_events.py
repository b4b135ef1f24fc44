"""Event streams of pages: who hears of what, when a stream ends, and what a client is told that missed something."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Collection
from contextlib import AsyncExitStack

import pytest

from forum import streams
from forum.db import Conn, Database, RawConnection, connect
from forum.domain import events, sessions
from forum.domain.entities import MemberId, TopicId
from forum.domain.events import Event, Kind
from forum.domain.topics import Started
from forum.keys import DB, METRICS, STREAMS
from forum.listening import Listener
from forum.streams import RESYNC, Stream, Streams
from tests.site import Site
from tests.web import content


@pytest.fixture
async def topic(site: Site) -> Started:
    return await content.start(site, "maria", body="Πρώτη ανάρτηση", language="el")


def _address(topic: Started) -> str:
    return f"/events?topic={topic.topic_id}"


async def test_a_reader_of_a_topic_hears_of_a_reply(site: Site, topic: Started) -> None:
    nikos = await site.visitor("nikos")
    async with nikos.listen(_address(topic)) as stream:
        assert stream.response.status == 200
        assert stream.response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        assert stream.response.headers["Cache-Control"] == "private, no-store"
        assert stream.response.headers["X-Accel-Buffering"] == "no"
        post = await content.reply(site, "maria", topic.topic_id)
        heard = await stream.next()
        assert heard
        assert heard.kind == "post.created"
        assert heard.data == {"topic_id": topic.topic_id, "post_id": post.id, "number": 2, "is_own": False}
        assert 1000 <= stream.retry <= 5000
        await content.delete_post(site, "maria", post.id)
        heard = await stream.next()
        assert heard
        assert (heard.kind, heard.data["number"], heard.data["act"]) == ("post.updated", 2, "delete")
        await content.lock(site, topic.topic_id)
        heard = await stream.next()
        assert heard
        assert (heard.kind, heard.data) == (
            "topic.updated",
            {"topic_id": topic.topic_id, "act": "lock", "is_own": False},
        )


async def test_who_wrote_it_is_told_that_it_is_their_own(site: Site, topic: Started) -> None:
    maria = await site.visitor("maria")
    async with maria.listen(_address(topic)) as stream:
        await content.reply(site, "maria", topic.topic_id)
        heard = await stream.next()
        assert heard
        assert heard.data["is_own"] is True


async def test_a_reply_by_the_pages_own_form_is_heard_of_too(site: Site, topic: Started) -> None:
    maria, nikos = await site.visitor("maria"), await site.visitor("nikos")
    async with nikos.listen(_address(topic)) as stream:
        answer = await maria.submit(f"/topics/{topic.topic_id}/posts", {"body": "Με τη φόρμα"})
        assert answer.status == 303
        heard = await stream.next()
        assert heard
        assert (heard.kind, heard.data["number"]) == ("post.created", 2)


async def test_a_topic_that_one_may_not_read_is_not_there(site: Site, topic: Started) -> None:
    stranger = await site.visitor("stranger")
    hidden, never = await stranger.get(_address(topic)), await stranger.get("/events?topic=987654321")
    assert hidden.status == never.status == 404
    async with stranger.listen() as stream:
        assert stream.response.status == 200, "the premise: a stream of their own they may have"
    assert len(site.app[STREAMS]) <= 1, "of those refused nothing is left"
    assert (await stranger.get("/events?topic=abc")).status == 400
    guest = await site.visitor()
    assert (await guest.get(_address(topic))).location.startswith("/login")


async def test_a_browser_whose_session_has_ended_is_told_to_stop_and_shown_no_page(site: Site) -> None:
    guest = await site.visitor()
    answer = await guest.get("/events", headers={"Accept": "text/event-stream"})
    assert (answer.status, answer.text) == (204, "")
    assert (await guest.get("/events")).location == "/login?next=/events"


async def test_a_stream_without_a_topic_hears_of_no_post(site: Site, topic: Started) -> None:
    nikos = await site.visitor("nikos")
    async with nikos.listen() as stream:
        await content.reply(site, "maria", topic.topic_id)
        assert await stream.hears_nothing()


async def test_nothing_is_sent_once_the_right_is_gone(site: Site, topic: Started, owner: RawConnection) -> None:
    nikos, moderator = await site.visitor("nikos"), await site.visitor("moderator")
    async with nikos.listen(_address(topic)) as stream, moderator.listen(_address(topic)) as other:
        await owner.execute("DELETE FROM grants WHERE NOT can_moderate")
        assert (await nikos.get(f"/topics/{topic.topic_id}/{topic.slug}")).status == 404, "the premise"
        async with site.app[DB].write() as tx:
            await events.announce(tx, Event(Kind.POST_CREATED, topic.topic_id, number=2))
        heard = await other.next()
        assert heard
        assert heard.kind == "post.created", "the premise: it was announced, and who may read it hears of it"
        assert await stream.hears_nothing()


async def test_a_deleted_topic_is_silent_but_for_its_author(site: Site, topic: Started) -> None:
    maria, nikos = await site.visitor("maria"), await site.visitor("nikos")
    async with maria.listen(_address(topic)) as own, nikos.listen(_address(topic)) as other:
        await content.delete_topic(site, "maria", topic.topic_id)
        heard = await own.next()
        assert heard
        assert (heard.kind, heard.data["act"]) == ("topic.updated", "delete")
        assert await other.hears_nothing()


async def _suspend(site: Site, owner: RawConnection) -> None:
    await owner.execute(
        "UPDATE members SET suspended_until = 'infinity', suspension_reason = 'Δοκιμή' WHERE id = $1",
        site.cast.nikos.member_id,
    )


async def _end_sessions(site: Site, owner: RawConnection) -> None:
    async with site.app[DB].write() as tx:
        await sessions.close_all(tx, site.cast.nikos.member_id, but=None)


async def _give_another_key(site: Site, owner: RawConnection) -> None:
    await owner.execute("UPDATE sessions SET key_hash = sha256(key_hash)")


async def _ask_for_a_second_factor(site: Site, owner: RawConnection) -> None:
    await owner.execute(
        "INSERT INTO group_members (group_id, member_id) SELECT id, $1 FROM groups WHERE slug = 'moderators'",
        site.cast.nikos.member_id,
    )
    await owner.execute("UPDATE network SET requires_second_factor = true")


async def test_sessions_are_looked_at_within_seconds() -> None:
    assert streams.RECHECK_SECONDS <= 15


@pytest.mark.parametrize("end", [_suspend, _end_sessions, _give_another_key, _ask_for_a_second_factor])
async def test_a_stream_ends_soon_after_its_session(
    site: Site, owner: RawConnection, end: Callable[[Site, RawConnection], Awaitable[None]]
) -> None:
    site.app[STREAMS]._recheck_seconds = 0.1
    nikos, maria = await site.visitor("nikos"), await site.visitor("maria")
    async with nikos.listen() as stream, maria.listen() as other:
        assert await stream.hears_nothing(), "the premise: it is open"
        await end(site, owner)
        assert await stream.next(5) is None
        if end is not _give_another_key:
            assert await other.hears_nothing()


async def test_the_eleventh_stream_of_a_member_ends_the_first(site: Site, topic: Started) -> None:
    nikos, maria = await site.visitor("nikos"), await site.visitor("maria")
    async with AsyncExitStack() as stack:
        of_maria = await stack.enter_async_context(maria.listen())
        opened = [await stack.enter_async_context(nikos.listen(_address(topic))) for _ in range(streams.A_MEMBER + 1)]
        last_word = await opened[0].next()
        assert last_word
        assert last_word.kind == "closed", "so that the page does not open it again by itself"
        assert await opened[0].next() is None
        await content.reply(site, "maria", topic.topic_id)
        for stream in opened[1:]:
            heard = await stream.next()
            assert heard
            assert heard.kind == "post.created"
        assert await of_maria.hears_nothing()


async def test_who_has_missed_something_is_told_to_ask_anew(site: Site, topic: Started) -> None:
    nikos = await site.visitor("nikos")
    page = await nikos.get(f"/topics/{topic.topic_id}/{topic.slug}")
    found = re.search(r'data-version="(\d+)"', page.text)
    assert found
    address = f"{_address(topic)}&version={found[1]}"
    async with nikos.listen(address) as stream:
        assert await stream.hears_nothing(), "the page is as it was made"
    await content.reply(site, "maria", topic.topic_id)
    async with nikos.listen(address) as stream:
        heard = await stream.next()
        assert heard
        assert heard.kind == "resync"


async def test_a_client_that_takes_nothing_is_told_once_that_it_missed_something() -> None:
    stream = Stream(MemberId(1), 1)
    for number in range(3 * streams.WAITING):
        stream.put(streams.Message("post.created", str(number)))
    taken = [await stream.take() for _ in range(len(stream._waiting))]
    assert len(taken) <= streams.WAITING
    assert taken[0] == RESYNC
    assert taken.count(RESYNC) == 1
    assert taken[-1] == streams.Message("post.created", str(3 * streams.WAITING - 1))


async def test_a_process_that_has_its_fill_sends_the_next_one_away(site: Site) -> None:
    site.app[STREAMS]._total = 1
    nikos, maria = await site.visitor("nikos"), await site.visitor("maria")
    async with nikos.listen():
        answer = await maria.get("/events")
        assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
        assert (await maria.get("/")).status == 200


async def test_open_streams_are_counted_and_no_request_in_flight(site: Site, topic: Started) -> None:
    nikos = await site.visitor("nikos")
    async with nikos.listen(_address(topic)) as stream:
        await content.reply(site, "maria", topic.topic_id)
        assert await stream.next()
        await asyncio.sleep(0.6)
        numbers = site.app[METRICS].text().decode()
        assert "koinon_event_streams 1.0" in numbers
        assert "koinon_requests_in_flight 0.0" in numbers
        assert 'koinon_events_sent_total{kind="post.created"} 1.0' in numbers


async def test_told_to_end_the_process_ends_its_streams_at_once(site: Site) -> None:
    nikos = await site.visitor("nikos")
    async with nikos.listen() as stream:
        site.app[STREAMS].leave()
        assert await stream.next(1.0) is None
    async with nikos.listen() as stream:
        assert stream.response.status == 200, "so that a browser comes back by itself, to another process"
        assert await stream.next(1.0) is None


async def test_a_connection_that_the_server_ends_is_made_anew_and_every_stream_told_to_ask_anew(
    site: Site, topic: Started, database_url: str
) -> None:
    nikos, stranger = await site.visitor("nikos"), await site.visitor("stranger")
    async with nikos.listen(_address(topic)) as stream, stranger.listen() as other:
        own = await connect(database_url)
        ended = await own.fetchval(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE query LIKE 'LISTEN%' AND datname = current_database()"
        )
        await own.close()
        assert ended == 1, "one connection for all streams"
        for one in (stream, other):
            heard = await one.next()
            assert heard
            assert heard.kind == "resync"
        await content.reply(site, "maria", topic.topic_id)
        heard = await stream.next()
        assert heard
        assert heard.kind == "post.created"


async def test_a_mistake_of_ours_ends_no_hearing(database_url: str, owner: RawConnection) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()
    begun = 0

    def begin() -> None:
        nonlocal begun
        begun += 1
        if begun == 1:
            raise ZeroDivisionError

    listener = Listener(database_url, events.CHANNEL, is_named=False, on_message=heard.put_nowait, on_again=begin)
    task = asyncio.create_task(listener.run())
    try:
        async with asyncio.timeout(5):
            while begun < 2:  # noqa: ASYNC110 - nothing tells when it is tried again
                await asyncio.sleep(0.05)
            await owner.execute("SELECT pg_notify($1, 'a')", events.CHANNEL)
            assert await heard.get() == "a"
    finally:
        task.cancel()
        await asyncio.wait({task})


async def test_what_cannot_be_sent_for_a_mistake_of_ours_is_asked_for_anew(
    site: Site, db: Database, database_url: str, topic: Started
) -> None:
    async def counts(conn: Conn, topic_id: TopicId, member_ids: Collection[MemberId]) -> dict[MemberId, int]:
        raise ZeroDivisionError

    hub = Streams(db, database_url, site.app[METRICS], counts=counts)
    stream = Stream(site.cast.nikos.member_id, 1, topic_id=topic.topic_id)
    try:
        assert await hub.hears()
        hub.open(stream)
        async with db.write() as tx:
            await events.announce(tx, Event(Kind.POST_CREATED, topic.topic_id, number=2))
            await events.announce(tx, Event(Kind.NOTIFICATION_CREATED, topic.topic_id))
        async with asyncio.timeout(5):
            assert await stream.take() == RESYNC
        async with db.write() as tx:
            await events.announce(tx, Event(Kind.POST_CREATED, topic.topic_id, number=3))
        async with asyncio.timeout(5):
            message = await stream.take()
        assert message
        assert message.kind == "post.created", "later ones are sent as ever"
    finally:
        await hub.stop()


async def test_a_notice_is_sent_to_those_connected_who_got_one(
    site: Site, db: Database, database_url: str, topic: Started
) -> None:
    asked: list[tuple[TopicId, list[MemberId]]] = []

    async def counts(conn: Conn, topic_id: TopicId, member_ids: Collection[MemberId]) -> dict[MemberId, int]:
        asked.append((topic_id, sorted(member_ids)))
        return {site.cast.nikos.member_id: 3}

    hub = Streams(db, database_url, site.app[METRICS], counts=counts)
    people = site.cast.nikos, site.cast.maria
    try:
        assert await hub.hears()
        of_nikos, of_maria = (Stream(person.member_id, 1) for person in people)
        for stream in (of_nikos, of_maria):
            hub.open(stream)
        async with db.write() as tx:
            await events.announce(tx, Event(Kind.NOTIFICATION_CREATED, topic.topic_id))
        async with asyncio.timeout(5):
            message = await of_nikos.take()
        assert message
        assert (message.kind, json.loads(message.data)) == (
            "notification.created",
            {"topic_id": topic.topic_id, "unread_count": 3},
        )
        assert not of_maria._waiting
        assert asked == [(topic.topic_id, sorted(person.member_id for person in people))], "once for all of them"
    finally:
        await hub.stop()
