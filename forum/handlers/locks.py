"""The lock of a topic: set with a reason that everybody sees, taken off again; by moderators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from aiohttp import web
from pydantic import Field

from forum.domain import access, permissions, topics
from forum.domain.entities import REASON_LIMIT, Topic, TopicId
from forum.errors import Invalid
from forum.keys import ACTOR, DB
from forum.web.forms import Form, FormState, RequiredText, int_param, state_of
from forum.web.locations import to_topic
from forum.web.pages import Page, render
from forum.web.verdicts import require


class LockForm(Form):
    reason: Annotated[RequiredText, Field(max_length=REASON_LIMIT)]


@dataclass(frozen=True, slots=True, kw_only=True)
class LockPage(Page):
    template: ClassVar[str] = "locks/new.html"
    topic: Topic
    form: FormState
    reason_limit: int = REASON_LIMIT


async def new(request: web.Request) -> web.Response:
    return await _new(request, FormState())


async def create(request: web.Request) -> web.Response:
    try:
        form = LockForm.parse(await request.post())
        async with request.app[DB].write() as tx:
            grant = await access.topic_to_moderate(tx, request[ACTOR], _topic_id(request))
            await topics.lock(tx, grant, form.reason.strip())
    except Invalid as invalid:
        return await _new(request, await state_of(request, invalid), status=422)
    return to_topic(request, grant.topic, "topic.locked")


async def delete(request: web.Request) -> web.Response:
    async with request.app[DB].write() as tx:
        grant = await access.topic_to_moderate(tx, request[ACTOR], _topic_id(request))
        await topics.unlock(tx, grant)
    return to_topic(request, grant.topic, "topic.unlocked")


async def _new(request: web.Request, form: FormState, *, status: int = 200) -> web.Response:
    async with request.app[DB].read() as conn:
        grant = await access.topic_to_read(conn, request[ACTOR], _topic_id(request))
    require(permissions.can_moderate_topic(grant.topic))
    return await render(request, LockPage(topic=grant.topic, form=form), status=status)


def _topic_id(request: web.Request) -> TopicId:
    return TopicId(int_param(request, "topic_id"))
