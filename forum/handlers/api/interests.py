"""Expressions of interest in a proposal: of one's own organisation, and the answers of its lead."""

from __future__ import annotations

from aiohttp import web

from forum.domain import access, interests, proposal_access
from forum.domain.entities import InterestId, TopicId
from forum.domain.interests import Interest
from forum.errors import Invalid
from forum.handlers.api import answers, bodies, interest_models, models
from forum.handlers.api.calls import call
from forum.i18n import mark
from forum.keys import ACTOR, DB
from forum.web.forms import int_param
from forum.web.ratelimit import count_post


@call(
    mark(
        "List the expressions of interest in a proposal that the caller may see: accepted ones, and more for its sides"
    ),
    takes=models.PageQuery,
    answers=interest_models.Interests,
    refuses=(404,),
)
async def index(request: web.Request, query: models.PageQuery) -> interest_models.Interests:
    async with request.app[DB].read() as conn:
        grant = await access.topic_to_read(conn, request[ACTOR], _topic_id(request))
        found = await interests.consortium(conn, grant)
    items, following = answers.cut(found.interests, query, lambda item: item.id)
    return interest_models.Interests(items=[_answer(request, item) for item in items], next=following)


@call(
    mark("Express the interest of one's own organisation in a proposal"),
    takes=interest_models.NewInterest,
    answers=interest_models.Interest,
    creates="api.interests.show",
    refuses=(403, 404, 409),
)
async def create(request: web.Request, sent: interest_models.NewInterest) -> interest_models.Interest:
    actor, topic_id = request[ACTOR], _topic_id(request)
    key = bodies.read_key(request, "api.interests.create", str(topic_id), sent.model_dump_json())
    async with request.app[DB].write() as tx:
        grant = await proposal_access.topic_to_join(tx, actor, topic_id)
        await count_post(request, tx)
        said = {"role": sent.role, "note": sent.note.strip(), "contact": sent.contact}
        interest_id = await interests.express(tx, grant, **said, key=key)
        readable = await access.topic_to_read(tx, actor, topic_id)
        return _answer(request, (await interests.consortium(tx, readable)).named(interest_id))


@call(mark("Show an expression of interest"), answers=interest_models.Interest, refuses=(404,))
async def show(request: web.Request) -> interest_models.Interest:
    async with request.app[DB].read() as conn:
        grant = await access.topic_to_read(conn, request[ACTOR], _topic_id(request))
        return _answer(request, (await interests.consortium(conn, grant)).named(_interest_id(request)))


@call(
    mark("Change what one's own organisation said, while it is not answered; or answer it, as the lead"),
    takes=interest_models.InterestChange,
    answers=interest_models.Interest,
    refuses=(403, 404, 409),
)
async def update(request: web.Request, change: interest_models.InterestChange) -> interest_models.Interest:
    actor, topic_id, interest_id = request[ACTOR], _topic_id(request), _interest_id(request)
    is_said = not (change.role is change.note is change.contact is None)
    if is_said and change.decision is not None:
        raise Invalid({"decision": ("not_allowed",)})
    if change.answer is not None and change.decision is None:
        raise Invalid({"decision": ("required",)})
    async with request.app[DB].write() as tx:
        readable = await access.topic_to_read(tx, actor, topic_id)
        if change.decision is not None:
            lead = await proposal_access.topic_to_lead(tx, actor, topic_id)
            await count_post(request, tx)
            stood = (await interests.consortium(tx, readable)).named(interest_id)
            answer = (stood.answer if change.answer is None else change.answer.strip()) or ""
            await interests.decide(tx, lead, interest_id, change.decision, answer)
        elif is_said:
            grant = await proposal_access.interest_to_change(tx, actor, topic_id, interest_id)
            await count_post(request, tx)
            stood = (await interests.consortium(tx, readable)).named(interest_id)
            await interests.change(
                tx,
                grant,
                role=change.role or stood.role,
                note=(stood.note or "") if change.note is None else change.note.strip(),
                contact=change.contact or stood.contact or "",
            )
        return _answer(request, (await interests.consortium(tx, readable)).named(interest_id))


@call(mark("Withdraw the interest of one's own organisation, while it is not answered"), refuses=(403, 404, 409))
async def delete(request: web.Request) -> None:
    async with request.app[DB].write() as tx:
        grant = await proposal_access.interest_to_change(tx, request[ACTOR], _topic_id(request), _interest_id(request))
        await count_post(request, tx)
        await interests.withdraw(tx, grant)


@call(
    mark("Withdraw one's own organisation after it was answered, while the proposal is not submitted"),
    takes=interest_models.Withdrawal,
    answers=interest_models.Interest,
    refuses=(403, 404, 409),
)
async def leave(request: web.Request, sent: interest_models.Withdrawal) -> interest_models.Interest:
    actor, topic_id, interest_id = request[ACTOR], _topic_id(request), _interest_id(request)
    async with request.app[DB].write() as tx:
        grant = await proposal_access.interest_to_leave(tx, actor, topic_id, interest_id)
        await count_post(request, tx)
        await interests.leave(tx, grant, sent.reason.strip())
        readable = await access.topic_to_read(tx, actor, topic_id)
        return _answer(request, (await interests.consortium(tx, readable)).named(interest_id))


def _answer(request: web.Request, found: Interest) -> interest_models.Interest:
    return interest_models.Interest(
        id=found.id,
        organisation=found.organisation_slug,
        organisation_name=answers.name(request, found.organisation_el, found.organisation_en),
        country=found.country,
        role=found.role,
        decision=found.decision,
        note=found.note,
        contact=found.contact,
        answer=found.answer,
        withdrawal_reason=found.withdrawal_reason,
        member_id=found.member_id,
        member_name=found.member_name,
        created_at=found.created_at,
        updated_at=found.updated_at,
        decided_at=found.decided_at,
    )


def _topic_id(request: web.Request) -> TopicId:
    return TopicId(int_param(request, "id"))


def _interest_id(request: web.Request) -> InterestId:
    return InterestId(int_param(request, "interest_id"))
