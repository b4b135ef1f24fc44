"""The mark that says which reply answers a question; by whoever asked, or moderators."""

from __future__ import annotations

from typing import Annotated

from aiohttp import web
from pydantic import Field

from forum.domain import access, answers
from forum.domain.entities import PostId, TopicId
from forum.keys import ACTOR, DB
from forum.web.forms import Form, int_param
from forum.web.locations import to_topic
from forum.web.ratelimit import count_post


class AnswerForm(Form):
    post: Annotated[int, Field(ge=1, lt=2**63)]


async def create(request: web.Request) -> web.Response:
    async with request.app[DB].write() as tx:
        grant = await access.topic_to_mark_answer(tx, request[ACTOR], _topic_id(request))
        form = AnswerForm.parse(await request.post())
        await count_post(request, tx)
        await answers.mark(tx, grant, PostId(form.post))
    return to_topic(request, grant.topic, "answer.marked")


async def delete(request: web.Request) -> web.Response:
    async with request.app[DB].write() as tx:
        grant = await access.topic_to_mark_answer(tx, request[ACTOR], _topic_id(request))
        await count_post(request, tx)
        await answers.unmark(tx, grant)
    return to_topic(request, grant.topic, "answer.unmarked")


def _topic_id(request: web.Request) -> TopicId:
    return TopicId(int_param(request, "topic_id"))
