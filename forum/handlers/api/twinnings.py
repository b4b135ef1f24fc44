"""What municipalities tell of themselves, and their twinnings: who may what is as on the pages."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from aiohttp import web

from forum.domain import organisations, profiles, twinning_access, twinnings
from forum.domain.entities import Organisation, TwinningId
from forum.domain.profiles import Facts
from forum.domain.twinned import STAGES, Twinning
from forum.domain.twinnings import Signed
from forum.errors import Forbidden, Invalid, NotFound
from forum.handlers.api import answers, bodies, models
from forum.handlers.api import twinning_models as shapes
from forum.handlers.api.calls import call
from forum.i18n import mark
from forum.keys import ACTOR, DB
from forum.web import telling, twinning_words
from forum.web.forms import int_param
from forum.web.ratelimit import count_post
from forum.web.telling import Answer

_ANSWERS: Final[dict[str, Answer]] = {"in_contact": "accept", "declined": "decline", "withdrawn": "withdraw"}


@call(mark("Show what a municipality says of itself"), answers=shapes.Profile, refuses=(404,))
async def show_profile(request: web.Request) -> shapes.Profile:
    async with request.app[DB].read() as conn:
        found = await organisations.organisation(conn, request.match_info["slug"])
    if found.kind != "municipality":
        raise NotFound
    return await _profile(request, found)


@call(
    mark("Have a municipality say this of itself (its members, administrators); what is left out is taken away"),
    takes=shapes.ProfileFacts,
    answers=shapes.Profile,
    refuses=(403, 404, 409),
)
async def update_profile(request: web.Request, sent: shapes.ProfileFacts) -> shapes.Profile:
    slug = request.match_info["slug"]
    if sent.website and not twinning_words.WEBSITE.fullmatch(sent.website):
        raise Invalid({"website": ("bad_website",)})
    told: dict[str, Any] = {
        name: tuple(dict.fromkeys(value)) if isinstance(value, list) else value
        for name, value in sent.model_dump().items()
    }
    async with request.app[DB].write() as tx:
        grant = await twinning_access.profile_to_edit(tx, request[ACTOR], slug)
        await count_post(request, tx)
        await profiles.set_facts(tx, grant, Facts(**told))
    return await _profile(request, grant.organisation)


async def _profile(request: web.Request, municipality: Organisation) -> shapes.Profile:
    async with request.app[DB].read() as conn:
        found = await profiles.profile(conn, municipality.id)
        twins = await profiles.list_twins(conn, municipality.id)
    names = ("country", "population", "area", "settings", "languages", "themes", "website", "contact", "about")
    sought = ("is_seeking", "seeks_countries", "seeks_from", "seeks_to", "seeks_themes", "updated_at")
    return shapes.Profile(
        municipality=found.slug,
        name=answers.name(request, found.name_el, found.name_en),
        twins=[
            shapes.ProfileTwin(
                municipality=twin.slug,
                name=answers.name(request, twin.name_el, twin.name_en),
                country=twin.country,
                since_year=twin.since_year,
                state=twin.state,
            )
            for twin in twins
        ],
        **{name: getattr(found, name) for name in (*names, *sought)},
    )


@call(
    mark("List the twinnings that are signed, and all those of the caller's municipality"),
    takes=models.PageQuery,
    answers=shapes.Twinnings,
)
async def index(request: web.Request, query: models.PageQuery) -> shapes.Twinnings:
    async with request.app[DB].read() as conn:
        own = {twinning.id: _own(twinning) for twinning in await twinnings.list_own(conn, request[ACTOR])}
        others = {signed.id: _signed(signed) for signed in await twinnings.list_signed(conn)}
    listed = sorted({**others, **own}.values(), key=lambda twinning: -twinning.id)
    items, following = answers.cut(listed, query, lambda twinning: twinning.id)
    return shapes.Twinnings(items=items, next=following)


@call(
    mark("Invite a municipality to a twinning, for one's own"),
    takes=shapes.NewTwinning,
    answers=shapes.Twinning,
    creates="api.twinnings.show",
    refuses=(403, 409),
)
async def create(request: web.Request, sent: shapes.NewTwinning) -> shapes.Twinning:
    key = bodies.read_key(request, "api.twinnings.create", sent.model_dump_json())
    invited = await telling.invite(request, sent.to, sent.message, key)
    return _own(await _twinning(request, invited.twinning_id))


@call(mark("Show a twinning of the caller's municipality"), answers=shapes.Twinning, refuses=(404,))
async def show(request: web.Request) -> shapes.Twinning:
    return _own(await _twinning(request, _twinning_id(request)))


@call(
    mark("Answer an invitation, move the stage of a twinning, or change its decisions and dates"),
    takes=shapes.TwinningChange,
    answers=shapes.Twinning,
    refuses=(403, 404, 409),
)
async def update(request: web.Request, change: shapes.TwinningChange) -> shapes.Twinning:
    before = await _twinning(request, _twinning_id(request))
    note = (change.note or "").strip()
    if before.state == "invited" and change.state in _ANSWERS:
        await telling.answer(request, before.id, _ANSWERS[change.state], note)
    elif before.state not in STAGES:
        raise Forbidden("twinning_not_open" if before.state == "invited" else "twinning_answered")
    else:
        await _move(request, before, change, note)
    return _own(await _twinning(request, before.id))


async def _move(request: web.Request, before: Twinning, change: shapes.TwinningChange, note: str) -> None:
    wanted = {name: getattr(change, name) for name in change.model_fields_set - {"note", "state"}}
    if change.state is not None:
        if change.state not in STAGES:
            raise Invalid({"state": ("not_allowed",)})
        wanted["state"] = change.state
    course = replace(twinnings.course_of(before), **wanted)
    if course.next_event_at != before.next_event_at:
        course = replace(course, next_event_zone=request[ACTOR].zone if course.next_event_at else None)
    await telling.move(request, before, course, note)


async def _twinning(request: web.Request, twinning_id: TwinningId) -> Twinning:
    async with request.app[DB].read() as conn:
        return (await twinning_access.twinning_to_read(conn, request[ACTOR], twinning_id)).twinning


def _twinning_id(request: web.Request) -> TwinningId:
    return TwinningId(int_param(request, "id"))


def _own(found: Twinning) -> shapes.Twinning:
    course = ("from_decision_number", "from_decided_on", "to_decision_number", "to_decided_on", "signed_on")
    dates = ("created_at", "answered_at", "next_event", "next_event_at", "topic_id")
    return shapes.Twinning(
        id=found.id,
        inviting=found.from_slug,
        invited=found.to_slug,
        state=found.state,
        since_year=found.signed_on.year if found.signed_on else None,
        **{name: getattr(found, name) for name in (*course, *dates)},
    )


def _signed(found: Signed) -> shapes.Twinning:
    unknown = ("created_at", "answered_at", "next_event", "next_event_at", "topic_id", "signed_on")
    decisions = ("from_decision_number", "from_decided_on", "to_decision_number", "to_decided_on")
    return shapes.Twinning(
        id=found.id,
        inviting=found.from_slug,
        invited=found.to_slug,
        state=found.state,
        since_year=found.since_year,
        **dict.fromkeys((*unknown, *decisions)),
    )
