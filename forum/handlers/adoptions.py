"""Adoptions of a good practice: taking it up for one's municipality, and saying how far one has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, ClassVar

from aiohttp import web
from pydantic import Field

from forum.domain import access, adoptions, practice_access, practices
from forum.domain.access import ReadGrant
from forum.domain.entities import Topic, TopicId
from forum.domain.permissions import Verdict
from forum.domain.practices import NOTE_LIMIT, OUTCOME_LIMIT, STAGES, Adoption, AdoptionId, Stage, Step
from forum.errors import Invalid, NotFound
from forum.keys import ACTOR, DB
from forum.web.flash import flash
from forum.web.forms import Form, FormState, Line, Text, int_param, state_of
from forum.web.locations import to_topic
from forum.web.pages import Page, render
from forum.web.ratelimit import count_post
from forum.web.urls import see_other
from forum.web.verdicts import require


class AdoptionForm(Form):
    stage: Stage
    note: Annotated[Text, Field(max_length=NOTE_LIMIT)] = ""
    outcome: Annotated[Text, Field(max_length=OUTCOME_LIMIT)] = ""
    started_on: Annotated[Line, Field(max_length=10)] = ""

    @property
    def day(self) -> date | None:
        """Return when it began; raise Invalid for what is no day."""
        try:
            return date.fromisoformat(self.started_on) if self.started_on else None
        except ValueError:
            raise Invalid({"started_on": ("bad_date",)}) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class _AdoptionPage(Page):
    topic: Topic
    form: FormState
    stages: tuple[tuple[str, str], ...] = tuple(STAGES.items())
    note_limit: int = NOTE_LIMIT
    outcome_limit: int = OUTCOME_LIMIT


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAdoptionPage(_AdoptionPage):
    template: ClassVar[str] = "adoptions/new.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptionPage(_AdoptionPage):
    template: ClassVar[str] = "adoptions/show.html"
    adoption: Adoption
    steps: list[Step]
    can_move: Verdict


async def new(request: web.Request) -> web.Response:
    """Show the form, or the municipality's adoption where there is one already."""
    return await _new(request, FormState({"stage": "interested"}))


async def create(request: web.Request) -> web.Response:
    try:
        form = AdoptionForm.parse(await request.post())
        day = form.day
        async with request.app[DB].write() as tx:
            grant = await practice_access.topic_to_adopt(tx, request[ACTOR], _topic_id(request))
            await count_post(request, tx)
            await adoptions.adopt(tx, grant, form.stage, note=form.note, outcome=form.outcome, started_on=day)
    except Invalid as invalid:
        return await _new(request, await state_of(request, invalid), status=422)
    return to_topic(request, grant.topic, "practice.adopted")


async def show(request: web.Request) -> web.Response:
    """Show what was said of an adoption, and to the municipality that adopts the form for the next line."""
    return await _show(request, None)


async def update(request: web.Request) -> web.Response:
    topic_id, adoption_id = _topic_id(request), _adoption_id(request)
    try:
        form = AdoptionForm.parse(await request.post())
        day = form.day
        async with request.app[DB].write() as tx:
            grant = await practice_access.adoption_to_move(tx, request[ACTOR], topic_id, adoption_id)
            await count_post(request, tx)
            await adoptions.move(tx, grant, form.stage, note=form.note, outcome=form.outcome, started_on=day)
    except Invalid as invalid:
        return await _show(request, await state_of(request, invalid), status=422)
    response = see_other(request, "adoptions.show", topic_id=topic_id, adoption_id=adoption_id)
    flash(request, response, "practice.adoption_moved")
    return response


async def _new(request: web.Request, form: FormState, *, status: int = 200) -> web.Response:
    async with request.app[DB].read() as conn:
        grant = await access.topic_to_read(conn, request[ACTOR], _topic_id(request))
        standing = await practice_access.standing(conn, grant.actor, grant.topic.id)
        require(practices.can_adopt_practice(grant.topic, standing))
        listed = await adoptions.list_adoptions(conn, grant)
    own = next((each for each in listed if each.organisation_id == grant.actor.organisation_id), None)
    if own is not None:
        return see_other(request, "adoptions.show", topic_id=grant.topic.id, adoption_id=own.id)
    return await render(request, NewAdoptionPage(topic=grant.topic, form=form), status=status)


async def _show(request: web.Request, form: FormState | None, *, status: int = 200) -> web.Response:
    """Show an adoption with its steps; `form` is what was typed, None for what stands."""
    async with request.app[DB].read() as conn:
        grant = await access.topic_to_read(conn, request[ACTOR], _topic_id(request))
        adoption = next(
            (each for each in await adoptions.list_adoptions(conn, grant) if each.id == _adoption_id(request)), None
        )
        if adoption is None:
            raise NotFound
        if form is not None:
            require(_can_move(grant, adoption))
        steps = await adoptions.list_steps(conn, adoption)
    page = AdoptionPage(
        topic=grant.topic,
        adoption=adoption,
        steps=steps,
        can_move=_can_move(grant, adoption),
        form=form or _stored(adoption),
    )
    return await render(request, page, status=status)


def _can_move(grant: ReadGrant, adoption: Adoption) -> Verdict:
    is_adopter = adoption.organisation_id == grant.actor.organisation_id
    return practices.can_move_adoption(grant.topic, is_adopter=is_adopter)


def _stored(adoption: Adoption) -> FormState:
    """Return what the form begins with: the line is a new one each time."""
    day = adoption.started_on.isoformat() if adoption.started_on else ""
    return FormState({"stage": adoption.stage, "note": "", "outcome": adoption.outcome, "started_on": day})


def _topic_id(request: web.Request) -> TopicId:
    return TopicId(int_param(request, "topic_id"))


def _adoption_id(request: web.Request) -> AdoptionId:
    return AdoptionId(int_param(request, "adoption_id"))
