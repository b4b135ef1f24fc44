"""Adoptions of good practices: who takes one up, doing so for one's municipality, and saying how far it is."""

from __future__ import annotations

from aiohttp import web

from forum.domain import access, adoptions, practice_access
from forum.domain.entities import TopicId
from forum.domain.practices import Adoption, AdoptionId
from forum.errors import NotFound
from forum.handlers.api import answers, bodies, models, practice_models
from forum.handlers.api.calls import call
from forum.i18n import mark
from forum.keys import ACTOR, DB
from forum.web.forms import int_param
from forum.web.ratelimit import count_post


@call(
    mark("List the municipalities that take up a good practice"),
    takes=models.PageQuery,
    answers=practice_models.Adoptions,
    refuses=(404,),
)
async def index(request: web.Request, query: models.PageQuery) -> practice_models.Adoptions:
    async with request.app[DB].read() as conn:
        grant = await access.topic_to_read(conn, request[ACTOR], _topic_id(request))
        found = await adoptions.list_adoptions(conn, grant)
    items, following = answers.cut(found, query, lambda each: each.id)
    return practice_models.Adoptions(items=[_answer(request, each) for each in items], next=following)


@call(
    mark("Show how far a municipality is with a good practice"),
    answers=practice_models.Adoption,
    refuses=(404,),
)
async def show(request: web.Request) -> practice_models.Adoption:
    adoption_id = AdoptionId(int_param(request, "adoption_id"))
    async with request.app[DB].read() as conn:
        grant = await access.topic_to_read(conn, request[ACTOR], _topic_id(request))
        found = next((each for each in await adoptions.list_adoptions(conn, grant) if each.id == adoption_id), None)
    if found is None:
        raise NotFound
    return _answer(request, found)


@call(
    mark("Take up a good practice for one's municipality"),
    takes=practice_models.NewAdoption,
    answers=practice_models.Adoption,
    creates="api.adoptions.show",
    refuses=(403, 404, 409),
)
async def create(request: web.Request, sent: practice_models.NewAdoption) -> practice_models.Adoption:
    topic_id = _topic_id(request)
    key = bodies.read_key(request, "api.adoptions.create", str(topic_id), sent.model_dump_json())
    async with request.app[DB].write() as tx:
        grant = await practice_access.topic_to_adopt(tx, request[ACTOR], topic_id)
        await count_post(request, tx)
        made = await adoptions.adopt(
            tx,
            grant,
            sent.stage,
            note=sent.note or "",
            outcome=sent.outcome or "",
            started_on=sent.started_on,
            key=key,
        )
    return _answer(request, made)


@call(
    mark("Say how far one's municipality is with a good practice"),
    takes=practice_models.AdoptionChange,
    answers=practice_models.Adoption,
    refuses=(403, 404, 409),
)
async def update(request: web.Request, change: practice_models.AdoptionChange) -> practice_models.Adoption:
    topic_id, adoption_id = _topic_id(request), AdoptionId(int_param(request, "adoption_id"))
    async with request.app[DB].write() as tx:
        grant = await practice_access.adoption_to_move(tx, request[ACTOR], topic_id, adoption_id)
        await count_post(request, tx)
        stood = await adoptions.find(tx, grant)
        moved = await adoptions.move(
            tx,
            grant,
            change.stage or stood.stage,
            note=change.note or "",
            outcome=stood.outcome if change.outcome is None else change.outcome,
            started_on=change.started_on or stood.started_on,
        )
    return _answer(request, moved)


def _answer(request: web.Request, found: Adoption) -> practice_models.Adoption:
    return practice_models.Adoption(
        id=found.id,
        topic_id=found.topic_id,
        municipality=found.organisation_slug,
        municipality_name=answers.name(request, found.organisation_el, found.organisation_en),
        stage=found.stage,
        note=found.note,
        outcome=found.outcome,
        started_on=found.started_on,
        since=found.staged_at,
        created_at=found.created_at,
        updated_at=found.updated_at,
    )


def _topic_id(request: web.Request) -> TopicId:
    return TopicId(int_param(request, "id"))
