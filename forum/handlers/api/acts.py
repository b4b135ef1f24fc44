"""What is done to a topic: the lock with its reason and the pin, by moderators; the answer to a question."""

from __future__ import annotations

from aiohttp import web

from forum.domain import access, topics
from forum.domain.answers import mark as mark_as_answer
from forum.domain.answers import unmark
from forum.domain.entities import PostId, TopicId
from forum.handlers.api import answers, models
from forum.handlers.api.calls import call
from forum.i18n import mark
from forum.keys import ACTOR, DB
from forum.web.forms import int_param
from forum.web.ratelimit import count_post


@call(
    mark("Lock a topic with a reason that everybody sees"),
    takes=models.Lock,
    answers=models.Topic,
    refuses=(403, 404, 409),
)
async def lock(request: web.Request, sent: models.Lock) -> models.Topic:
    actor, topic_id = request[ACTOR], _topic_id(request)
    async with request.app[DB].write() as tx:
        grant = await access.topic_to_moderate(tx, actor, topic_id)
        await topics.lock(tx, grant, sent.reason.strip())
        locked = await access.topic_to_read(tx, actor, topic_id)
    return answers.topic(request, locked.topic)


@call(mark("Unlock a topic"), refuses=(403, 404, 409))
async def unlock(request: web.Request) -> None:
    async with request.app[DB].write() as tx:
        grant = await access.topic_to_moderate(tx, request[ACTOR], _topic_id(request))
        await topics.unlock(tx, grant)


@call(mark("Keep a topic on top of its category"), answers=models.Topic, refuses=(403, 404, 409))
async def pin(request: web.Request) -> models.Topic:
    actor, topic_id = request[ACTOR], _topic_id(request)
    async with request.app[DB].write() as tx:
        grant = await access.topic_to_moderate(tx, actor, topic_id)
        await topics.pin(tx, grant)
        pinned = await access.topic_to_read(tx, actor, topic_id)
    return answers.topic(request, pinned.topic)


@call(mark("Let a topic take its place again"), refuses=(403, 404, 409))
async def unpin(request: web.Request) -> None:
    async with request.app[DB].write() as tx:
        grant = await access.topic_to_moderate(tx, request[ACTOR], _topic_id(request))
        await topics.unpin(tx, grant)


@call(
    mark("Mark a reply as the answer to a question (whoever asked, or a moderator)"),
    takes=models.MarkedAnswer,
    answers=models.Topic,
    refuses=(403, 404, 409),
)
async def mark_answer(request: web.Request, sent: models.MarkedAnswer) -> models.Topic:
    actor, topic_id = request[ACTOR], _topic_id(request)
    async with request.app[DB].write() as tx:
        grant = await access.topic_to_mark_answer(tx, actor, topic_id)
        await count_post(request, tx)
        await mark_as_answer(tx, grant, PostId(sent.post))
        marked = await access.topic_to_read(tx, actor, topic_id)
    return answers.topic(request, marked.topic)


@call(mark("Take the mark of the answer away"), refuses=(403, 404, 409))
async def unmark_answer(request: web.Request) -> None:
    async with request.app[DB].write() as tx:
        grant = await access.topic_to_mark_answer(tx, request[ACTOR], _topic_id(request))
        await count_post(request, tx)
        await unmark(tx, grant)


def _topic_id(request: web.Request) -> TopicId:
    return TopicId(int_param(request, "id"))
