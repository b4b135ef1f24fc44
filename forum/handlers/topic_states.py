"""The state of a proposal, which its lead's side says, with a note if it likes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Final

from aiohttp import web
from pydantic import Field

from forum.domain import access, interests, permissions, proposal_access, topic_states
from forum.domain.entities import REASON_LIMIT, Topic, TopicId
from forum.domain.interests import Consortium
from forum.domain.kinds.proposal import STATES
from forum.errors import Conflict, Invalid, Undone
from forum.keys import ACTOR, DB, TRANSLATOR
from forum.web import partners
from forum.web.forms import Form, FormState, RequiredLine, Text, int_param, query_param, state_of
from forum.web.locations import to_topic
from forum.web.pages import Page, render
from forum.web.ratelimit import count_post
from forum.web.verdicts import require

_NAMES: Final = dict(STATES)


class StateForm(Form):
    state: Annotated[RequiredLine, Field(max_length=40)]
    note: Annotated[Text, Field(max_length=REASON_LIMIT)] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatePage(Page):
    template: ClassVar[str] = "topic_states/new.html"
    topic: Topic
    now: str
    states: list[tuple[str, str]]
    consortium: Consortium
    """What is missing in it is told before the lead goes on."""
    form: FormState
    problem: str
    note_limit: int = REASON_LIMIT


async def new(request: web.Request) -> web.Response:
    """Show the states that may follow; `?state=` is the one that is chosen at first."""
    return await _new(request, FormState({"state": query_param(request, "state")}))


async def create(request: web.Request) -> web.Response:
    try:
        form = StateForm.parse(await request.post())
        if form.state not in _NAMES:
            raise Invalid({"state": ("unknown",)})
        async with request.app[DB].write() as tx:
            grant = await proposal_access.topic_to_lead(tx, request[ACTOR], _topic_id(request))
            await count_post(request, tx)
            await topic_states.change(tx, grant, form.state, form.note.strip())
    except Invalid as invalid:
        return await _new(request, await state_of(request, invalid), status=422)
    except Conflict as conflict:
        if isinstance(conflict, Undone):
            raise
        return await _new(request, await state_of(request, Invalid({})), problem=conflict.code, status=conflict.status)
    return to_topic(request, grant.topic, "topic.state_changed")


async def _new(request: web.Request, form: FormState, *, problem: str = "", status: int = 200) -> web.Response:
    actor, words = request[ACTOR], request[TRANSLATOR]
    async with request.app[DB].read() as conn:
        grant = await access.topic_to_read(conn, actor, _topic_id(request))
        consortium = await interests.consortium(conn, grant)
    topic, standing = grant.topic, consortium.standing
    require(permissions.can_lead_proposal(topic, standing))
    page = StatePage(
        topic=topic,
        now=_NAMES.get(standing.state, standing.state),
        states=partners.moves(standing.state, words),
        consortium=consortium,
        form=form,
        problem=problem,
    )
    return await render(request, page, status=status)


def _topic_id(request: web.Request) -> TopicId:
    return TopicId(int_param(request, "topic_id"))
