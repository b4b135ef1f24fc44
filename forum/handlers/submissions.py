"""Handing in again a good practice that was returned."""

from __future__ import annotations

from aiohttp import web

from forum.domain import practice_access, validations
from forum.domain.entities import TopicId
from forum.keys import ACTOR, DB
from forum.web.forms import int_param
from forum.web.locations import to_topic
from forum.web.ratelimit import count_post


async def create(request: web.Request) -> web.Response:
    async with request.app[DB].write() as tx:
        topic_id = TopicId(int_param(request, "topic_id"))
        grant = await practice_access.topic_to_submit(tx, request[ACTOR], topic_id)
        await count_post(request, tx)
        await validations.submit(tx, grant)
    return to_topic(request, grant.topic, "practice.submitted")
