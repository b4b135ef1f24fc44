"""The mark that a topic is not meant for a wider circle; by its author or moderators."""

from __future__ import annotations

from aiohttp import web

from forum.domain import access, topics
from forum.domain.entities import TopicId
from forum.keys import ACTOR, DB
from forum.web.forms import int_param
from forum.web.locations import to_topic
from forum.web.ratelimit import count_post


async def create(request: web.Request) -> web.Response:
    async with request.app[DB].write() as tx:
        grant = await access.topic_to_mark_internal(tx, request[ACTOR], _topic_id(request))
        await count_post(request, tx)
        await topics.mark_internal(tx, grant, True)
    return to_topic(request, grant.topic, "topic.marked_internal")


async def delete(request: web.Request) -> web.Response:
    async with request.app[DB].write() as tx:
        grant = await access.topic_to_mark_internal(tx, request[ACTOR], _topic_id(request))
        await count_post(request, tx)
        await topics.mark_internal(tx, grant, False)
    return to_topic(request, grant.topic, "topic.unmarked_internal")


def _topic_id(request: web.Request) -> TopicId:
    return TopicId(int_param(request, "topic_id"))
