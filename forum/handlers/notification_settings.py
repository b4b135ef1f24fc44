"""When a member gets mail about what, and what they chose to hear of, with the way to change it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Final

from aiohttp import web
from pydantic import Field

from forum.domain import notification_mails, notification_settings, subscriptions
from forum.domain.entities import Frequency, NotificationKind
from forum.domain.notification_settings import Times
from forum.domain.subscriptions import CategoryChoice, TopicChoice
from forum.domain.themes import Theme
from forum.errors import Invalid
from forum.i18n import mark
from forum.keys import ACTOR, DB, TRANSLATOR
from forum.web.flash import flash
from forum.web.forms import Form, FormState, query_param, state_of
from forum.web.pages import Page, render
from forum.web.urls import see_other

KINDS: Final = {
    NotificationKind.MENTION: mark("Somebody mentions you, or a group of yours"),
    NotificationKind.QUOTE: mark("Somebody quotes a post of yours"),
    NotificationKind.REPLY: mark("A reply to you, or in a topic you watch"),
    NotificationKind.ANSWER: mark("A reply of yours, or in a topic you watch, is marked as the answer"),
    NotificationKind.GUIDE_VERSION: mark("A new version of a file, in a guide of yours or one you watch"),
    NotificationKind.NEW_TOPIC: mark("A new topic where you watch"),
    NotificationKind.TWINNING: mark("An invitation of your municipality to a twinning"),
    NotificationKind.INTEREST: mark("Interest in a proposal that your organisation leads, and what became of yours"),
    NotificationKind.VALIDATION: mark(
        "A good practice that waits for your validation, or one of yours that was decided on"
    ),
    NotificationKind.ADOPTION: mark("A municipality takes up a good practice of yours, or yours is asked how it goes"),
}
"""The msgid of every kind; a test sees that none is missing."""

WEEKDAYS: Final = (
    mark("Monday"),
    mark("Tuesday"),
    mark("Wednesday"),
    mark("Thursday"),
    mark("Friday"),
    mark("Saturday"),
    mark("Sunday"),
)


class SettingsForm(Form):
    mention: Frequency
    quote: Frequency
    reply: Frequency
    answer: Frequency
    guide_version: Frequency
    new_topic: Frequency
    twinning: Frequency
    interest: Frequency
    validation: Frequency
    adoption: Frequency
    hour: Annotated[int, Field(ge=0, le=23)]
    weekday: Annotated[int, Field(ge=1, le=7)]

    @property
    def frequencies(self) -> dict[NotificationKind, Frequency]:
        return {kind: getattr(self, kind) for kind in NotificationKind}


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsPage(Page):
    template: ClassVar[str] = "notification_settings/edit.html"
    form: FormState
    kinds: dict[str, str]
    weekdays: tuple[str, ...]
    zone: str
    categories: list[CategoryChoice]
    themes: list[Theme]
    topics: list[TopicChoice]
    next: str
    is_first: bool


async def edit(request: web.Request) -> web.Response:
    return await _edit(request)


async def update(request: web.Request) -> web.Response:
    member_id = request[ACTOR].member_id
    try:
        form = SettingsForm.parse(await request.post())
    except Invalid as invalid:
        return await _edit(request, await state_of(request, invalid), status=invalid.status)
    async with request.app[DB].write() as tx:
        await notification_settings.choose(tx, member_id, form.frequencies)
        await notification_settings.change_times(tx, member_id, Times(form.hour, form.weekday))
        await notification_mails.reschedule(tx, member_id)
    response = see_other(request, "notification_settings.edit")
    flash(request, response, "notifications.saved")
    return response


async def _edit(request: web.Request, form: FormState | None = None, *, status: int = 200) -> web.Response:
    actor, cursor = request[ACTOR], query_param(request, "cursor")
    async with request.app[DB].read() as conn:
        chosen = await notification_settings.choices(conn, actor.member_id)
        times = await notification_settings.times(conn, actor.member_id)
        categories = await subscriptions.list_categories(conn, actor)
        themes = await subscriptions.list_themes(conn, actor)
        topics = await subscriptions.list_topics(conn, actor, cursor=cursor or None)
    stored = {kind.value: frequency for kind, frequency in chosen.items()}
    page = SettingsPage(
        form=form or FormState({**stored, "hour": str(times.hour), "weekday": str(times.weekday)}),
        kinds={kind.value: name for kind, name in KINDS.items()},
        weekdays=WEEKDAYS,
        zone=request[TRANSLATOR].zone_name(actor.zone),
        categories=categories,
        themes=themes,
        topics=topics.items,
        next=topics.next or "",
        is_first=not cursor,
    )
    return await render(request, page, status=status)
