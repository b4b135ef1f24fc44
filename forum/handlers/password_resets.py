"""A forgotten password: asking for a link, and setting another password with it, for whoever holds the link.

What is answered to who asks is the same for every address. Looking at the link spends nothing, since mail scanners
look too; only the form does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from aiohttp import web
from pydantic import Field

from forum.domain import password_resets
from forum.domain.password_resets import Reset
from forum.errors import ForumError, Invalid, NotFound, RateLimited
from forum.keys import DB, HASHER, SECRET, TRANSLATOR
from forum.passwords import LENGTH, STAFF_LENGTH
from forum.web import problem_json
from forum.web.flash import flash
from forum.web.forms import Email, Form, FormState, state_of
from forum.web.new_passwords import require_new_password
from forum.web.pages import Page, render
from forum.web.ratelimit import count_reset
from forum.web.urls import see_other


class AskForm(Form):
    email: Email


class ResetForm(Form):
    password: Annotated[str, Field(min_length=1)]
    password_repeat: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskPage(Page):
    template: ClassVar[str] = "password_resets/new.html"
    form: FormState
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedPage(Page):
    template: ClassVar[str] = "password_resets/show.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetPage(Page):
    template: ClassVar[str] = "password_resets/edit.html"
    form: FormState
    token: str
    email: str
    """For the browser's password manager: whose password it is."""
    password_length: int
    is_first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GonePage(Page):
    template: ClassVar[str] = "password_resets/gone.html"


async def new(request: web.Request) -> web.Response:
    return await _new(request, FormState())


async def create(request: web.Request) -> web.Response:
    try:
        form = AskForm.parse(await request.post())
        async with request.app[DB].write() as tx:
            await count_reset(request, tx)
            await password_resets.ask(tx, form.email, request[TRANSLATOR].language)
    except Invalid as invalid:
        return await _new(request, await state_of(request, invalid), problem=invalid)
    except RateLimited as limited:
        return await _new(request, await state_of(request, Invalid({})), problem=limited)
    return see_other(request, "password_resets.show")


async def show(request: web.Request) -> web.Response:
    return await render(request, AskedPage())


async def edit(request: web.Request) -> web.Response:
    try:
        return await _edit(request, await _found(request), FormState())
    except NotFound:
        return await _gone(request)


async def update(request: web.Request) -> web.Response:
    try:
        reset = await _found(request)
        try:
            form = ResetForm.parse(await request.post())
            personal = (reset.email, reset.name, reset.organisation_el, reset.organisation_en)
            require_new_password(form.password, form.password_repeat, is_staff=reset.is_staff, personal=personal)
        except Invalid as invalid:
            return await _edit(request, reset, await state_of(request, invalid), status=invalid.status)
        new_hash = await request.app[HASHER].hash(form.password)
        async with request.app[DB].write() as tx:
            await password_resets.spend(tx, reset, new_hash)
    except NotFound:
        return await _gone(request)
    response = see_other(request, "sessions.new")
    flash(request, response, "password.reset")
    return response


async def _found(request: web.Request) -> Reset:
    async with request.app[DB].read() as conn:
        return await password_resets.find(conn, request.app[SECRET], request.match_info["token"])


async def _new(request: web.Request, form: FormState, *, problem: ForumError | None = None) -> web.Response:
    code = problem.code if problem and not form.is_faulty else ""
    response = await render(request, AskPage(form=form, code=code), status=problem.status if problem else 200)
    problem_json.retry_after(response, problem)
    return response


async def _edit(request: web.Request, reset: Reset, form: FormState, *, status: int = 200) -> web.Response:
    page = ResetPage(
        form=form,
        token=request.match_info["token"],
        email=reset.email,
        password_length=STAFF_LENGTH if reset.is_staff else LENGTH,
        is_first=reset.is_first,
    )
    return await render(request, page, status=status)


async def _gone(request: web.Request) -> web.Response:
    return await render(request, GonePage(), status=404)
