"""Twinnings: who seeks whom, who would suit one's own municipality and why, its invitations and how far they came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Final
from zoneinfo import ZoneInfo

from aiohttp import web
from pydantic import Field

from forum.domain import idempotency, matching, permissions, profiles, regions, themes, twinning_access, twinnings
from forum.domain.entities import BODY_LIMIT, TwinningId, in_language
from forum.domain.matching import Match
from forum.domain.permissions import Verdict
from forum.domain.profiles import Filters, Profile
from forum.domain.themes import Theme
from forum.domain.twinned import STAGES, Stage, Twinning
from forum.domain.twinning_access import TwinningGrant
from forum.domain.twinnings import Course, Step
from forum.errors import Invalid
from forum.i18n import fold
from forum.keys import ACTOR, DB, TRANSLATOR
from forum.web import choices, telling, twinning_words
from forum.web.flash import flash
from forum.web.forms import (
    Form,
    FormState,
    Line,
    RequiredText,
    Text,
    int_param,
    local_instant,
    optional_day,
    query_param,
    state_of,
)
from forum.web.pages import Page, render
from forum.web.urls import see_other
from forum.web.verdicts import require

_FILTERS = ("country", "setting", "theme", "language", "size")

Options = list[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class TwinningsPage(Page):
    template: ClassVar[str] = "twinnings/index.html"
    own: Profile | None
    """Of the reader's municipality; None for who belongs to none."""
    twinnings: list[Twinning]
    """Of the reader's municipality, what is over last."""
    matches: list[Match]
    seeking: list[Profile]
    themes: dict[str, Theme]
    filters: FormState
    options: dict[str, Options]
    """By the name of each filter; the first choice of each is none."""

    @property
    def is_filtered(self) -> bool:
        return any(self.filters.values.values())


_EVENT_TIME: Final = "%Y-%m-%dT%H:%M"
_TEXTS: Final = ("from_decision_number", "to_decision_number", "next_event")
_DAYS: Final = ("from_decided_on", "to_decided_on", "signed_on")


class InvitationForm(Form):
    to: Line
    message: Annotated[RequiredText, Field(max_length=BODY_LIMIT)]
    idempotency_key: Annotated[Line, Field(max_length=idempotency.KEY_LIMIT)] = ""


class CourseForm(Form):
    state: Stage
    note: Annotated[Text, Field(max_length=telling.NOTE_LIMIT)] = ""
    from_decision_number: Annotated[Line, Field(max_length=twinnings.NUMBER_LIMIT)] = ""
    from_decided_on: Line = ""
    to_decision_number: Annotated[Line, Field(max_length=twinnings.NUMBER_LIMIT)] = ""
    to_decided_on: Line = ""
    signed_on: Line = ""
    next_event: Annotated[Line, Field(max_length=twinnings.EVENT_LIMIT)] = ""
    next_event_at: Line = ""

    def course(self, before: Twinning, zone: str) -> Course:
        """Return what is wanted; an event that stays keeps its instant and the zone it was written in."""
        at = before.next_event_at
        if self.next_event_at != _event_time(before, zone):
            at = local_instant("next_event_at", self.next_event_at, zone) if self.next_event_at else None
        return Course(
            state=self.state,
            from_decision_number=self.from_decision_number or None,
            from_decided_on=optional_day("from_decided_on", self.from_decided_on),
            to_decision_number=self.to_decision_number or None,
            to_decided_on=optional_day("to_decided_on", self.to_decided_on),
            signed_on=optional_day("signed_on", self.signed_on),
            next_event=self.next_event or None,
            next_event_at=at,
            next_event_zone=None if at is None else before.next_event_zone if at == before.next_event_at else zone,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationPage(Page):
    template: ClassVar[str] = "twinnings/new.html"
    form: FormState
    municipalities: choices.Grouped


@dataclass(frozen=True, slots=True, kw_only=True)
class TwinningPage(Page):
    template: ClassVar[str] = "twinnings/show.html"
    twinning: Twinning
    steps: list[Step]
    stages: list[tuple[str, str]]
    """In their order, with their names."""
    reached: int
    """How many of them it has come to; 0 for one that is no more than an invitation."""
    form: FormState
    zone: str
    can_answer: Verdict
    can_withdraw: Verdict
    can_change: Verdict


async def index(request: web.Request) -> web.Response:
    actor = request[ACTOR]
    wanted = {name: query_param(request, name) for name in _FILTERS}
    async with request.app[DB].read() as conn:
        known = await themes.list_themes(conn)
        places = await regions.list_regions(conn, language=actor.language)
        seeking = await profiles.list_seeking(conn, language=actor.language)
        shown = seeking
        if any(wanted.values()):
            shown = await profiles.list_seeking(conn, Filters(**wanted), language=actor.language)
        own = await profiles.profile(conn, actor.organisation_id) if actor.region_slug else None
        held = await twinnings.list_own(conn, actor) if own else []
        told = await profiles.list_twins(conn, own.id) if own else []
    asked = {one.to_id if one.is_from else one.from_id for one in held if not twinnings.is_over(one)}
    asked |= {one.other_id for one in told if one.other_id}
    page = TwinningsPage(
        own=own,
        twinnings=held,
        matches=matching.suggest(own, seeking, but=asked) if own and own.updated_at else [],
        seeking=[profile for profile in shown if own is None or profile.id != own.id],
        themes={theme.slug: theme for theme in known},
        filters=FormState(wanted),
        options=_options(request, known, sorted({region.country for region in places})),
    )
    return await render(request, page)


async def new(request: web.Request) -> web.Response:
    require(permissions.can_invite(request[ACTOR]))
    return await _new(request, FormState({"to": query_param(request, "to")}))


async def create(request: web.Request) -> web.Response:
    require(permissions.can_invite(request[ACTOR]))
    try:
        form = InvitationForm.parse(await request.post())
        key = None
        if form.idempotency_key:
            key = idempotency.make(form.idempotency_key, "twinnings.invite", form.to, form.message)
        invited = await telling.invite(request, form.to, form.message, key)
    except Invalid as invalid:
        return await _new(request, await state_of(request, invalid), status=invalid.status)
    response = see_other(request, "topics.show", topic_id=invited.topic_id, slug=invited.topic_slug)
    flash(request, response, "twinning.invited")
    return response


async def _new(request: web.Request, form: FormState, *, status: int = 200) -> web.Response:
    municipalities = await choices.list_municipalities(request, but=request[ACTOR].organisation_slug)
    return await render(request, InvitationPage(form=form, municipalities=municipalities), status=status)


async def show(request: web.Request) -> web.Response:
    return await _show(request, None)


async def update(request: web.Request) -> web.Response:
    actor, sent = request[ACTOR], await request.post()
    before = (await _grant(request)).twinning
    require(permissions.can_change_twinning(before))
    try:
        form = CourseForm.parse(sent)
        await telling.move(request, before, form.course(before, actor.zone), form.note.strip())
    except Invalid as invalid:
        return await _show(request, await state_of(request, invalid), status=invalid.status)
    response = see_other(request, "twinnings.show", twinning_id=before.id)
    flash(request, response, "twinning.saved")
    return response


async def _grant(request: web.Request) -> TwinningGrant:
    async with request.app[DB].read() as conn:
        return await twinning_access.twinning_to_read(
            conn, request[ACTOR], TwinningId(int_param(request, "twinning_id"))
        )


def _state(twinning: Twinning, zone: str) -> FormState:
    values = {name: getattr(twinning, name) or "" for name in _TEXTS}
    values |= {name: day.isoformat() for name in _DAYS if (day := getattr(twinning, name))}
    return FormState({**values, "next_event_at": _event_time(twinning, zone), "state": twinning.state})


def _event_time(twinning: Twinning, zone: str) -> str:
    """Return when the next event is by the clocks of a zone, as the form has it."""
    at = twinning.next_event_at
    return at.astimezone(ZoneInfo(zone)).strftime(_EVENT_TIME) if at else ""


async def _show(request: web.Request, form: FormState | None, *, status: int = 200) -> web.Response:
    """Show a twinning with the form for what comes next, as it was typed or, where `form` is None, as things stand."""
    actor, words = request[ACTOR], request[TRANSLATOR]
    grant = await _grant(request)
    twinning = grant.twinning
    async with request.app[DB].read() as conn:
        steps = await twinnings.list_steps(conn, grant)
    page = TwinningPage(
        twinning=twinning,
        steps=steps,
        stages=[(code, words.gettext(twinning_words.STATES[code])) for code in STAGES],
        reached=[*STAGES].index(twinning.state) + 1 if twinning.state in STAGES else 0,
        form=form or _state(twinning, actor.zone),
        zone=words.zone_name(actor.zone),
        can_answer=permissions.can_answer_twinning(twinning),
        can_withdraw=permissions.can_withdraw_twinning(twinning),
        can_change=permissions.can_change_twinning(twinning),
    )
    return await render(request, page, status=status)


def _options(request: web.Request, known: list[Theme], countries: list[str]) -> dict[str, Options]:
    words = request[TRANSLATOR]

    def among(options: Options) -> Options:
        return [("", words.gettext("Any")), *options]

    def by_name(options: Options) -> Options:
        return sorted(options, key=lambda option: fold(option[1]))

    return {
        "country": among(by_name([(code, words.country(code)) for code in countries])),
        "setting": among([(code, words.gettext(name)) for code, name in twinning_words.SETTINGS.items()]),
        "theme": among([(one.slug, in_language(words.language, one.name_el, one.name_en)) for one in known]),
        "language": among(by_name([(code, words.language_name(code)) for code in profiles.LANGUAGES])),
        "size": among([(code, words.gettext(name)) for code, name in twinning_words.SIZES.items()]),
    }
