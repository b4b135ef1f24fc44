"""The validation of good practices: what was decided, deciding, and submitting again."""

from __future__ import annotations

from aiohttp import web

from forum.domain import access, practice_access, practices, validations
from forum.domain.entities import TopicId
from forum.errors import Invalid
from forum.handlers.api import answers, bodies, models, practice_models
from forum.handlers.api.calls import call
from forum.i18n import mark
from forum.keys import ACTOR, DB
from forum.web.forms import int_param
from forum.web.ratelimit import count_post


@call(
    mark("List what was decided on a good practice, newest first"),
    takes=models.PageQuery,
    answers=practice_models.Validations,
    refuses=(404,),
)
async def index(request: web.Request, query: models.PageQuery) -> practice_models.Validations:
    return await _index(request, query)


@call(
    mark("Decide on a good practice (validators), or submit it again (its author's side)"),
    takes=practice_models.NewValidation,
    answers=practice_models.Validations,
    refuses=(403, 404, 409),
)
async def create(request: web.Request, sent: practice_models.NewValidation) -> practice_models.Validations:
    actor, topic_id = request[ACTOR], _topic_id(request)
    if sent.verdict != "submitted" and sent.opinion is None:
        raise Invalid({"opinion": ("required",)})
    key = bodies.read_key(request, "api.validations.create", str(topic_id), sent.model_dump_json())
    async with request.app[DB].write() as tx:
        await count_post(request, tx)
        await validations.answer(tx, actor, topic_id, sent.verdict, sent.opinion or "", revision=sent.revision, key=key)
    return await _index(request, models.PageQuery())


async def _index(request: web.Request, query: models.PageQuery) -> practice_models.Validations:
    async with request.app[DB].read() as conn:
        grant = await access.topic_to_read(conn, request[ACTOR], _topic_id(request))
        standing = await practice_access.standing(conn, grant.actor, grant.topic.id)
        course = await validations.course(conn, grant, standing)
    items, following = answers.cut(course.history, query, lambda each: each.id)
    return practice_models.Validations(
        items=[
            practice_models.Validation(
                id=each.id,
                topic_id=each.topic_id,
                verdict=each.verdict,
                opinion=each.opinion,
                member_id=each.member_id,
                member_name=each.member_name,
                revision=each.revision,
                created_at=each.created_at,
            )
            for each in items
        ],
        next=following,
        state=practices.state_of(grant.topic) if practices.is_practice(grant.topic) else "",
        changed_at=course.changed_at,
    )


def _topic_id(request: web.Request) -> TopicId:
    return TopicId(int_param(request, "id"))
