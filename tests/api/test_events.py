"""GET /events: a program hears of everything that its member may read, and of nothing else."""

from __future__ import annotations

from forum.db import RawConnection
from forum.keys import STREAMS
from tests.site import Site
from tests.web import content


async def test_a_program_hears_of_topics_replies_and_changes(site: Site) -> None:
    program = await site.program("nikos")
    async with program.listen() as stream:
        assert stream.response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        topic = await content.start(site, "maria")
        post = await content.reply(site, "nikos", topic.topic_id)
        await content.pin(site, topic.topic_id)
        heard = [await stream.next() for _ in range(3)]
        assert [(one.kind, one.data) for one in heard if one] == [
            (
                "post.created",
                {"topic_id": topic.topic_id, "post_id": topic.first_post_id, "number": 1, "is_own": False},
            ),
            ("post.created", {"topic_id": topic.topic_id, "post_id": post.id, "number": 2, "is_own": True}),
            ("topic.updated", {"topic_id": topic.topic_id, "act": "pin", "is_own": False}),
        ]


async def test_an_outsider_hears_nothing(site: Site) -> None:
    outsider, member = await site.program("stranger"), await site.program("nikos")
    async with outsider.listen() as silent, member.listen() as stream:
        await content.start(site, "maria")
        assert await stream.next(), "the premise: there was something to hear"
        assert await silent.hears_nothing()


async def test_without_a_token_there_is_no_stream(site: Site) -> None:
    guest, visitor = await site.program(), await site.visitor("nikos")
    assert (await guest.get("/api/v1/events")).status == 401
    assert (await visitor.get("/api/v1/events")).status == 401, "a cookie counts for nothing"
    program = await site.program("nikos")
    assert (await program.get("/api/v1/events?topic=1")).status == 422


async def test_a_program_that_comes_back_is_told_to_ask_anew(site: Site) -> None:
    program = await site.program("nikos")
    async with program.listen() as stream:
        await content.start(site, "maria")
        heard = await stream.next()
        assert heard
    async with program.listen(headers={"Last-Event-ID": heard.number}) as stream:
        again = await stream.next()
        assert again
        assert again.kind == "resync"


async def test_a_deleted_token_ends_its_stream(site: Site, owner: RawConnection) -> None:
    site.app[STREAMS]._recheck_seconds = 0.1
    program, other = await site.program("nikos"), await site.program("maria")
    async with program.listen() as stream, other.listen() as kept:
        await owner.execute("DELETE FROM api_tokens WHERE member_id = $1", site.cast.nikos.member_id)
        assert await stream.next(5) is None
        assert await kept.hears_nothing()
