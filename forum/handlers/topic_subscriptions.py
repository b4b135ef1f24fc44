"""How much a member wants to hear of a topic."""

from __future__ import annotations

from aiohttp import web

from forum.domain import access, subscriptions
from forum.domain.entities import TopicId
from forum.keys import ACTOR, DB
from forum.web.choosing import LevelForm, done
from forum.web.forms import int_param


async def update(request: web.Request) -> web.Response:
    topic_id = TopicId(int_param(request, "topic_id"))
    async with request.app[DB].write() as tx:
        grant = await access.topic_to_read(tx, request[ACTOR], topic_id)
        form = LevelForm.parse(await request.post())
        await subscriptions.choose_topic(tx, grant, form.chosen)
    return done(request, form, "topics.show", topic_id=topic_id, slug=grant.topic.slug)
