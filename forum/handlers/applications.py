"""Asking to become a member: an address first, which gets a link; the answer is the same for every address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from aiohttp import web

from forum.domain import applications
from forum.errors import ForumError, Invalid, RateLimited
from forum.keys import DB, TRANSLATOR
from forum.web import problem_json
from forum.web.forms import Email, Form, FormState, state_of
from forum.web.pages import Page, render
from forum.web.ratelimit import count_arrival
from forum.web.urls import see_other


class AskForm(Form):
    email: Email


@dataclass(frozen=True, slots=True, kw_only=True)
class AskPage(Page):
    template: ClassVar[str] = "applications/new.html"
    form: FormState
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedPage(Page):
    template: ClassVar[str] = "arrivals/show.html"


async def new(request: web.Request) -> web.Response:
    return await _new(request, FormState())


async def create(request: web.Request) -> web.Response:
    try:
        form = AskForm.parse(await request.post())
        async with request.app[DB].write() as tx:
            await count_arrival(request, tx, form.email)
            await applications.ask(tx, form.email, request[TRANSLATOR].language)
    except Invalid as invalid:
        return await _new(request, await state_of(request, invalid), problem=invalid)
    except RateLimited as limited:
        return await _new(request, await state_of(request, Invalid({})), problem=limited)
    return see_other(request, "applications.show")


async def show(request: web.Request) -> web.Response:
    return await render(request, AskedPage())


async def _new(request: web.Request, form: FormState, *, problem: ForumError | None = None) -> web.Response:
    code = problem.code if problem and not form.is_faulty else ""
    response = await render(request, AskPage(form=form, code=code), status=problem.status if problem else 200)
    problem_json.retry_after(response, problem)
    return response
