"""The member's own address: asking for another. The answer is the same, whether the new one is free or known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from aiohttp import web

from forum.domain import address_changes, members
from forum.errors import ForumError, Invalid, RateLimited
from forum.keys import ACTOR, DB
from forum.web import problem_json
from forum.web.flash import flash
from forum.web.forms import Email, Form, FormState, state_of
from forum.web.pages import Page, render
from forum.web.ratelimit import count_arrival
from forum.web.urls import see_other


class AddressForm(Form):
    email: Email


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressPage(Page):
    template: ClassVar[str] = "address_changes/edit.html"
    email: str
    """The present one."""
    form: FormState
    code: str


async def edit(request: web.Request) -> web.Response:
    return await _edit(request, FormState())


async def update(request: web.Request) -> web.Response:
    try:
        form = AddressForm.parse(await request.post())
        async with request.app[DB].write() as tx:
            await count_arrival(request, tx, form.email)
            await address_changes.ask(tx, request[ACTOR], form.email)
    except Invalid as invalid:
        return await _edit(request, await state_of(request, invalid), problem=invalid)
    except RateLimited as limited:
        return await _edit(request, await state_of(request, Invalid({})), problem=limited)
    response = see_other(request, "settings.edit")
    flash(request, response, "address.asked")
    return response


async def _edit(request: web.Request, form: FormState, *, problem: ForumError | None = None) -> web.Response:
    async with request.app[DB].read() as conn:
        own = await members.settings(conn, request[ACTOR])
    code = problem.code if problem and not form.is_faulty else ""
    page = AddressPage(email=own.email, form=form, code=code)
    response = await render(request, page, status=problem.status if problem else 200)
    problem_json.retry_after(response, problem)
    return response
