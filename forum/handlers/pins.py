"""The pin that keeps a topic on top of its category; by moderators."""

from __future__ import annotations

from aiohttp import web

from forum.domain import access, topics
from forum.domain.entities import TopicId
from forum.keys import ACTOR, DB
from forum.web.forms import int_param
from forum.web.locations import to_topic


async def create(request: web.Request) -> web.Response:
    async with request.app[DB].write() as tx:
        grant = await access.topic_to_moderate(tx, request[ACTOR], _topic_id(request))
        await topics.pin(tx, grant)
    return to_topic(request, grant.topic, "topic.pinned")


async def delete(request: web.Request) -> web.Response:
    async with request.app[DB].write() as tx:
        grant = await access.topic_to_moderate(tx, request[ACTOR], _topic_id(request))
        await topics.unpin(tx, grant)
    return to_topic(request, grant.topic, "topic.unpinned")


def _topic_id(request: web.Request) -> TopicId:
    return TopicId(int_param(request, "topic_id"))
