"""The withdrawal of an organisation that takes part in a proposal, or is in reserve: its lead is told why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from aiohttp import web
from pydantic import Field

from forum.domain import access, interests, permissions, proposal_access
from forum.domain.entities import REASON_LIMIT, InterestId, Topic, TopicId
from forum.domain.interests import Interest
from forum.errors import Invalid, NotFound
from forum.keys import ACTOR, DB
from forum.web import partners
from forum.web.forms import Form, FormState, RequiredText, int_param, state_of
from forum.web.locations import to_topic
from forum.web.pages import Page, render
from forum.web.ratelimit import count_post
from forum.web.verdicts import require


class WithdrawalForm(Form):
    reason: Annotated[RequiredText, Field(max_length=REASON_LIMIT)]


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawalPage(Page):
    template: ClassVar[str] = "withdrawals/new.html"
    topic: Topic
    interest: Interest
    decision: str
    form: FormState
    reason_limit: int = REASON_LIMIT


async def new(request: web.Request) -> web.Response:
    """Show what the lead has said, and ask for the reason."""
    return await _new(request, FormState())


async def create(request: web.Request) -> web.Response:
    interest_id = InterestId(int_param(request, "interest_id"))
    try:
        form = WithdrawalForm.parse(await request.post())
        async with request.app[DB].write() as tx:
            grant = await proposal_access.interest_to_leave(tx, request[ACTOR], _topic_id(request), interest_id)
            await count_post(request, tx)
            await interests.leave(tx, grant, form.reason.strip())
    except Invalid as invalid:
        return await _new(request, await state_of(request, invalid), status=422)
    return to_topic(request, grant.topic, "interest.left")


async def _new(request: web.Request, form: FormState, *, status: int = 200) -> web.Response:
    async with request.app[DB].read() as conn:
        grant = await access.topic_to_read(conn, request[ACTOR], _topic_id(request))
        consortium = await interests.consortium(conn, grant)
    own = consortium.own
    if own is None or own.id != int_param(request, "interest_id"):
        raise NotFound
    require(permissions.can_leave_proposal(grant.topic, consortium.standing))
    page = WithdrawalPage(topic=grant.topic, interest=own, decision=partners.DECISIONS[own.decision], form=form)
    return await render(request, page, status=status)


def _topic_id(request: web.Request) -> TopicId:
    return TopicId(int_param(request, "topic_id"))
