"""Whether an opening proves itself: its figures for administrators, and what they decide on its day."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from aiohttp import web

from forum.domain import access, opening_figures, opening_reviews, stages
from forum.domain.access import AdministerGrant
from forum.domain.entities import OpeningId
from forum.domain.opening_figures import Figures, ReviewedOpening
from forum.errors import Invalid
from forum.keys import ACTOR, DB
from forum.web import forms, week_chart
from forum.web.flash import flash
from forum.web.forms import Form, FormState, int_param, local_morning, state_of
from forum.web.pages import Page, render
from forum.web.urls import see_other
from forum.web.week_chart import WeekChart

_Act = Callable[[Any, AdministerGrant, OpeningId, datetime | None], Awaitable[None]]
"""What is decided of an opening, in a transaction."""


class ReviewForm(Form):
    review_at: forms.Line = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FiguresPage(Page):
    template: ClassVar[str] = "opening_figures/show.html"
    figures: Figures
    chart: WeekChart | None
    form: FormState
    widen: dict[str, str] | None
    close: dict[str, str] | None
    """What the form of an opening is to show for that; None where there is nothing wider, or nothing to close."""


async def show(request: web.Request) -> web.Response:
    return await _show(request, None)


async def update(request: web.Request) -> web.Response:
    """Choose another day for the review, or none."""
    return await _decide(request, opening_reviews.plan, "category.review_planned", "category.review_dropped")


async def create(request: web.Request) -> web.Response:
    """Say that the stage stays as it is, and when it is looked at again."""
    return await _decide(request, opening_reviews.keep, "category.opening_kept_for_now", "category.opening_kept")


async def _decide(request: web.Request, act: _Act, said: str, said_without: str) -> web.Response:
    """Do what is decided, with the day that was typed; say so in a word, another one where there is no day."""
    grant, opening_id = access.to_administer(request[ACTOR]), _opening_id(request)
    try:
        form = ReviewForm.parse(await request.post())
        review_at = local_morning("review_at", form.review_at, grant.actor.zone)
        async with request.app[DB].write() as tx:
            await act(tx, grant, opening_id, review_at)
    except Invalid as invalid:
        return await _show(request, invalid)
    response = see_other(request, "opening_figures.show", opening_id=opening_id)
    flash(request, response, said if review_at else said_without)
    return response


async def _show(request: web.Request, invalid: Invalid | None) -> web.Response:
    grant = access.to_administer(request[ACTOR])
    async with request.app[DB].read() as conn:
        found = await opening_figures.figures(conn, grant, _opening_id(request))
    opening = found.opening
    page = FiguresPage(
        figures=found,
        chart=week_chart.draw(found.weeks),
        form=await state_of(request, invalid) if invalid else FormState({"review_at": _day(opening, grant.actor.zone)}),
        widen=_change(opening, stages.wider(opening.rights)),
        close=_change(opening, "closed" if opening.rights else ""),
    )
    return await render(request, page, status=invalid.status if invalid else 200)


def _opening_id(request: web.Request) -> OpeningId:
    return OpeningId(int_param(request, "opening_id"))


def _day(opening: ReviewedOpening, zone: str) -> str:
    """Return the day that is planned as a field holds it; one that has come is not proposed again."""
    if opening.review_at is None or opening.is_due:
        return ""
    return opening.review_at.astimezone(ZoneInfo(zone)).date().isoformat()


def _change(opening: ReviewedOpening, stage: str) -> dict[str, str] | None:
    if not stage:
        return None
    moderates = {"moderates": "on"} if "moderate" in opening.rights and stage != "closed" else {}
    return {"group": str(opening.group_id), "stage": stage, **moderates}
