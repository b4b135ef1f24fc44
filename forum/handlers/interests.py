"""An organisation's expression of interest in a proposal: saying it, changing it, taking it back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar

from aiohttp import web
from pydantic import Field

from forum.domain import access, idempotency, interests, permissions, proposal_access
from forum.domain.entities import CONTACT_LIMIT, INTEREST_NOTE_LIMIT, InterestId, Topic, TopicId
from forum.domain.interests import Role
from forum.errors import Conflict, Forbidden, ForumError, Invalid, NotFound, RateLimited, Undone
from forum.keys import ACTOR, DB, TRANSLATOR
from forum.web import problem_json
from forum.web.forms import Form, FormState, Line, RequiredLine, Text, int_param, state_of
from forum.web.locations import to_topic
from forum.web.pages import Page, render
from forum.web.ratelimit import count_post
from forum.web.urls import see_other
from forum.web.verdicts import require


class InterestForm(Form):
    role: Role
    note: Annotated[Text, Field(max_length=INTEREST_NOTE_LIMIT)] = ""
    contact: Annotated[RequiredLine, Field(max_length=CONTACT_LIMIT)]
    idempotency_key: Annotated[Line, Field(max_length=idempotency.KEY_LIMIT)] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InterestPage(Page):
    template: ClassVar[str] = "interests/edit.html"
    topic: Topic
    interest_id: InterestId | None
    form: FormState
    problem: str
    roles: list[tuple[str, str]]
    closes_at: datetime | None
    note_limit: int = INTEREST_NOTE_LIMIT


async def new(request: web.Request) -> web.Response:
    """Show the form; who has expressed interest already is led to what they said."""
    actor, topic_id = request[ACTOR], _topic_id(request)
    async with request.app[DB].read() as conn:
        grant = await access.topic_to_read(conn, actor, topic_id)
        standing = await proposal_access.standing_in(conn, actor, grant.topic)
    require(permissions.can_express_interest(grant.topic, standing))
    if standing.own_id is not None and standing.own_decision != "withdrawn":
        return see_other(request, "interests.edit", topic_id=topic_id, interest_id=standing.own_id)
    return await _edit(request, FormState({"role": "partner"}), interest_id=None)


async def create(request: web.Request) -> web.Response:
    actor, topic_id = request[ACTOR], _topic_id(request)
    try:
        form = InterestForm.parse(await request.post())
        async with request.app[DB].write() as tx:
            grant = await proposal_access.topic_to_join(tx, actor, topic_id)
            await count_post(request, tx)
            said = {"role": form.role, "note": form.note.strip(), "contact": form.contact}
            await interests.express(tx, grant, **said, key=_key(form, topic_id, said))
    except (Invalid, Forbidden, Conflict, RateLimited) as refusal:
        return await _again(request, refusal, interest_id=None)
    return to_topic(request, grant.topic, "interest.expressed")


async def edit(request: web.Request) -> web.Response:
    actor, topic_id, interest_id = request[ACTOR], _topic_id(request), _interest_id(request)
    async with request.app[DB].read() as conn:
        grant = await access.topic_to_read(conn, actor, topic_id)
        consortium = await interests.consortium(conn, grant)
    if consortium.own is None or consortium.own.id != interest_id or consortium.own.decision == "withdrawn":
        raise NotFound
    require(permissions.can_express_interest(grant.topic, consortium.standing))
    own = consortium.own
    shown = {"role": own.role, "note": own.note or "", "contact": own.contact or ""}
    return await _edit(request, FormState(shown), interest_id=interest_id)


async def update(request: web.Request) -> web.Response:
    interest_id = _interest_id(request)
    try:
        form = InterestForm.parse(await request.post())
        async with request.app[DB].write() as tx:
            grant = await proposal_access.interest_to_change(tx, request[ACTOR], _topic_id(request), interest_id)
            await count_post(request, tx)
            await interests.change(tx, grant, role=form.role, note=form.note.strip(), contact=form.contact)
    except (Invalid, Forbidden, Conflict, RateLimited) as refusal:
        return await _again(request, refusal, interest_id=interest_id)
    return to_topic(request, grant.topic, "interest.changed")


async def delete(request: web.Request) -> web.Response:
    async with request.app[DB].write() as tx:
        grant = await proposal_access.interest_to_change(tx, request[ACTOR], _topic_id(request), _interest_id(request))
        await count_post(request, tx)
        await interests.withdraw(tx, grant)
    return to_topic(request, grant.topic, "interest.withdrawn")


async def _again(request: web.Request, refusal: ForumError, *, interest_id: InterestId | None) -> web.Response:
    """Show the form with what was typed and why it was not taken: the time may have run out while it was written."""
    if isinstance(refusal, Undone):
        raise refusal
    fields = refusal if isinstance(refusal, Invalid) else Invalid({})
    problem = "" if isinstance(refusal, Invalid) and refusal.fields else refusal.code
    state = await state_of(request, fields)
    response = await _edit(request, state, interest_id=interest_id, problem=problem, status=refusal.status)
    if isinstance(refusal, RateLimited):
        problem_json.retry_after(response, refusal)
    return response


async def _edit(
    request: web.Request, form: FormState, *, interest_id: InterestId | None, problem: str = "", status: int = 200
) -> web.Response:
    actor, words = request[ACTOR], request[TRANSLATOR]
    async with request.app[DB].read() as conn:
        topic = (await access.topic_to_read(conn, actor, _topic_id(request))).topic
        standing = await proposal_access.standing_in(conn, actor, topic)
    if interest_id not in {None, standing.own_id}:
        raise NotFound
    page = InterestPage(
        topic=topic,
        interest_id=interest_id,
        form=form,
        problem=problem,
        roles=[(code, words.gettext(label)) for code, label in interests.roles_sought(topic.fields)],
        closes_at=standing.closes_at,
    )
    return await render(request, page, status=status)


def _key(form: InterestForm, topic_id: TopicId, said: dict[str, str]) -> idempotency.Key | None:
    if not form.idempotency_key:
        return None
    return idempotency.make(form.idempotency_key, "interests.express", str(topic_id), *said.values())


def _topic_id(request: web.Request) -> TopicId:
    return TopicId(int_param(request, "topic_id"))


def _interest_id(request: web.Request) -> InterestId:
    return InterestId(int_param(request, "interest_id"))
