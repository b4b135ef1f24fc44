"""The lead's answer to an expression of interest: it accepts, reserves or declines, with a note if it likes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from aiohttp import web
from pydantic import Field

from forum.domain import access, interests, permissions, proposal_access
from forum.domain.entities import REASON_LIMIT, InterestId, Topic, TopicId
from forum.domain.interests import Decided, Interest
from forum.errors import Conflict, Invalid
from forum.keys import ACTOR, DB
from forum.web import partners
from forum.web.forms import Form, FormState, Text, int_param, state_of
from forum.web.locations import to_topic
from forum.web.pages import Page, render
from forum.web.ratelimit import count_post
from forum.web.verdicts import require


class DecisionForm(Form):
    decision: Decided
    answer: Annotated[Text, Field(max_length=REASON_LIMIT)] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionPage(Page):
    template: ClassVar[str] = "decisions/new.html"
    topic: Topic
    interest: Interest
    role: str
    decision: str
    form: FormState
    answer_limit: int = REASON_LIMIT


async def new(request: web.Request) -> web.Response:
    """Show what an organisation said, with the three answers."""
    return await _new(request, None)


async def create(request: web.Request) -> web.Response:
    interest_id = InterestId(int_param(request, "interest_id"))
    try:
        form = DecisionForm.parse(await request.post())
        async with request.app[DB].write() as tx:
            grant = await proposal_access.topic_to_lead(tx, request[ACTOR], _topic_id(request))
            await count_post(request, tx)
            await interests.decide(tx, grant, interest_id, form.decision, form.answer.strip())
    except Invalid as invalid:
        return await _new(request, await state_of(request, invalid), status=422)
    return to_topic(request, grant.topic, f"interest.{form.decision}")


async def _new(request: web.Request, form: FormState | None, *, status: int = 200) -> web.Response:
    async with request.app[DB].read() as conn:
        grant = await access.topic_to_read(conn, request[ACTOR], _topic_id(request))
        consortium = await interests.consortium(conn, grant)
    require(permissions.can_lead_proposal(grant.topic, consortium.standing))
    interest = consortium.named(int_param(request, "interest_id"))
    if interest.decision == "withdrawn":
        raise Conflict("interest_withdrawn")
    page = DecisionPage(
        topic=grant.topic,
        interest=interest,
        role=partners.ROLE_NAMES[interest.role],
        decision=partners.DECISIONS[interest.decision],
        form=form or FormState({"answer": interest.answer or ""}),
    )
    return await render(request, page, status=status)


def _topic_id(request: web.Request) -> TopicId:
    return TopicId(int_param(request, "topic_id"))
