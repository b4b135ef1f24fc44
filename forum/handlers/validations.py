"""The validation of good practices: what waits for it, and the form in which a validator decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from aiohttp import web
from pydantic import Field

from forum.domain import access, practice_access, practices, validations
from forum.domain.entities import Topic, TopicId
from forum.domain.practices import OPINION_LIMIT, Decision
from forum.domain.validations import Waiting
from forum.errors import Conflict, Invalid
from forum.keys import ACTOR, DB
from forum.web.forms import Form, FormState, RequiredText, int_param, state_of
from forum.web.locations import to_topic
from forum.web.pages import Page, render
from forum.web.ratelimit import count_post
from forum.web.verdicts import require


class DecisionForm(Form):
    verdict: Decision
    opinion: Annotated[RequiredText, Field(max_length=OPINION_LIMIT)]
    revision: Annotated[int, Field(ge=0, le=2**31 - 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingPage(Page):
    template: ClassVar[str] = "validations/index.html"
    waiting: list[Waiting]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionPage(Page):
    template: ClassVar[str] = "validations/new.html"
    topic: Topic
    revision: int
    form: FormState
    opinion_limit: int = OPINION_LIMIT


async def index(request: web.Request) -> web.Response:
    """List what waits for the reader's decision."""
    async with request.app[DB].read() as conn:
        return await render(request, WaitingPage(waiting=await validations.list_waiting(conn, request[ACTOR])))


async def new(request: web.Request) -> web.Response:
    return await _new(request, FormState())


async def create(request: web.Request) -> web.Response:
    try:
        form = DecisionForm.parse(await request.post())
        async with request.app[DB].write() as tx:
            grant = await practice_access.topic_to_validate(tx, request[ACTOR], _topic_id(request))
            await count_post(request, tx)
            await validations.decide(tx, grant, form.verdict, form.opinion, revision=form.revision)
    except Invalid as invalid:
        return await _new(request, await state_of(request, invalid), status=422)
    return to_topic(request, grant.topic, f"practice.{form.verdict}")


async def _new(request: web.Request, form: FormState, *, status: int = 200) -> web.Response:
    async with request.app[DB].read() as conn:
        grant = await access.topic_to_read(conn, request[ACTOR], _topic_id(request))
        standing = await practice_access.standing(conn, grant.actor, grant.topic.id)
        require(practices.can_validate_practice(grant.topic, standing))
        course = await validations.course(conn, grant, standing)
        if not await validations.is_waiting(conn, grant.topic, course.revision):
            raise Conflict("not_waiting")
    return await render(request, DecisionPage(topic=grant.topic, revision=course.revision, form=form), status=status)


def _topic_id(request: web.Request) -> TopicId:
    return TopicId(int_param(request, "topic_id"))
