"""The answer to a question: marked, unmarked and asked for by programs."""

from __future__ import annotations

from typing import Any

import pytest

from forum.db import RawConnection
from forum.domain.entities import Post
from forum.domain.topics import Started
from tests.api.arrange import faulty, problem
from tests.site import Program, Site
from tests.web import content, doors


@pytest.fixture
async def topic(site: Site) -> Started:
    return await content.start(site, "maria", kind="question")


@pytest.fixture
async def reply(site: Site, topic: Started) -> Post:
    return await content.reply(site, "nikos", topic.topic_id)


def _path(topic: Started) -> str:
    return f"/api/v1/topics/{topic.topic_id}/answer"


async def _mark(program: Program, topic: Started, post: Post) -> Any:
    answer = await program.put(_path(topic), json={"post": post.id})
    assert answer.status == 200, answer.text
    return answer.json


async def test_whoever_asked_and_moderators_mark_and_unmark_again_and_again(
    site: Site, topic: Started, reply: Post, owner: RawConnection
) -> None:
    for person in ("maria", "moderator"):
        program = await site.program(person)
        for _ in range(2):
            marked = await _mark(program, topic, reply)
            assert (marked["id"], marked["kind"], marked["answer_post_id"]) == (topic.topic_id, "question", reply.id)
        assert (await program.get(f"/api/v1/topics/{topic.topic_id}")).json["answer_post_id"] == reply.id
        (listed,) = (await program.get("/api/v1/categories/questions/topics")).json["items"]
        assert listed["answer_post_id"] == reply.id
        for _ in range(2):
            assert (await program.delete(_path(topic))).status == 204
        assert (await program.get(f"/api/v1/topics/{topic.topic_id}")).json["answer_post_id"] is None
    acts = [act for act in await content.acts(owner) if act.startswith("topic.")]
    assert acts == ["topic.mark_answer", "topic.unmark_answer"] * 2


async def test_another_reply_takes_its_place(site: Site, topic: Started, reply: Post) -> None:
    other = await content.reply(site, "sophie", topic.topic_id)
    maria = await site.program("maria")
    await _mark(maria, topic, reply)
    assert (await _mark(maria, topic, other))["answer_post_id"] == other.id


async def test_who_may_not_mark_is_refused_with_the_reason(site: Site, topic: Started, reply: Post) -> None:
    said = await content.start(site, "maria")
    in_discussion = await content.reply(site, "nikos", said.topic_id)
    nikos, maria = await site.program("nikos"), await site.program("maria")
    assert problem(await nikos.put(_path(topic), json={"post": reply.id}), 403) == "not_author"
    assert problem(await nikos.delete(_path(topic)), 403) == "not_author"
    assert problem(await maria.put(_path(said), json={"post": in_discussion.id}), 403) == "not_a_question"
    assert problem(await maria.put(_path(topic), json={"post": topic.first_post_id}), 403) == "not_a_reply"
    await content.delete_post(site, "nikos", reply.id)
    assert problem(await maria.put(_path(topic), json={"post": reply.id}), 403) == "post_deleted"
    await content.lock(site, topic.topic_id)
    assert problem(await maria.delete(_path(topic)), 403) == "topic_locked"


async def test_what_is_no_post_of_the_topic_is_refused(site: Site, topic: Started) -> None:
    other = await content.start(site, "maria", kind="question")
    elsewhere = await content.reply(site, "nikos", other.topic_id)
    maria = await site.program("maria")
    for sent in ({}, {"post": None}, {"post": 0}, {"post": "5"}, {"post": 999_999}, {"post": elsewhere.id}):
        assert faulty(await maria.put(_path(topic), json=sent)) == {"post"}
    assert faulty(await maria.put(_path(topic), json={"post": 5, "extra": 1})) == {"extra"}


async def test_outsiders_find_nothing(site: Site, topic: Started, reply: Post) -> None:
    absent = f"/api/v1/topics/{doors.ABSENT}/answer"
    for person, status in ((None, 401), ("suspended", 401), ("stranger", 404)):
        program = await site.program(person)
        told = [await program.put(path, json={"post": reply.id}) for path in (_path(topic), absent)]
        told += [await program.delete(path) for path in (_path(topic), absent)]
        assert {answer.status for answer in told} == {status}
        assert len({answer.text for answer in told}) == 1


async def test_questions_without_an_answer_are_listed(site: Site, topic: Started, reply: Post) -> None:
    await content.start(site, "maria", title="Συζήτηση")
    other = await content.start(site, "nikos", kind="question")
    maria = await site.program("maria")

    async def listed(query: str = "") -> list[int]:
        path = f"/api/v1/categories/questions/topics?unanswered=true{query}"
        page = (await maria.get(path)).json
        found = [one["id"] for one in page["items"]]
        return found + (await listed(f"{query}&cursor={page['next']}") if page["next"] else [])

    assert await listed("&limit=1") == [other.topic_id, topic.topic_id]
    assert await listed("&municipality=larnaca") == [topic.topic_id]
    await _mark(maria, topic, reply)
    assert await listed() == [other.topic_id]
    assert len((await maria.get("/api/v1/categories/questions/topics?unanswered=false")).json["items"]) == 3
    assert faulty(await maria.get("/api/v1/categories/questions/topics?unanswered=yes")) == {"unanswered"}
